//! The Choice state: goes on by the first rule that holds.
//!
//! Source: States Language, "Choice State".

use super::comparator::Comparator;
use super::data_flow::{Handover, assign};
use super::{Next, StateIndex};
use crate::errors::{Fault, NO_CHOICE_MATCHED, QUERY_EVALUATION_ERROR};
use crate::machine::stage::{Given, Stage, unexpected_type};
use crate::query::{Expression, Path, QueryError, Template};
use crate::value::Value;

/// The fields of a Choice state.
#[derive(Debug)]
pub struct Choice {
    /// `Choices`, in order.
    pub choices: Vec<ChoiceRule>,
    /// `Default`
    pub default: Option<StateIndex>,
}

/// One of the `Choices`.
#[derive(Debug)]
pub struct ChoiceRule {
    /// When it holds.
    pub condition: Condition,
    /// `Next`
    pub next: StateIndex,
    /// `Assign` of the rule.
    pub assign: Option<Template>,
    /// `Output` of the rule (JSONata).
    pub output: Option<Template>,
}

/// When a rule holds.
#[derive(Debug)]
pub enum Condition {
    /// `Condition` (JSONata): an expression that gives true or false.
    Expression(Expression),
    /// `Condition` (JSONata) written as a plain boolean.
    Fixed(bool),
    /// `And`
    And(Vec<Condition>),
    /// `Or`
    Or(Vec<Condition>),
    /// `Not`
    Not(Box<Condition>),
    /// A comparison of the `Variable`.
    Test {
        /// `Variable`
        variable: Path,
        /// The comparison.
        comparator: Comparator,
    },
}

impl Choice {
    /// Chooses the way and makes the output.
    pub(crate) fn run(&self, stage: &Stage<'_>) -> Result<(Handover, Next), Fault> {
        let input = stage.state.data_flow.effective_input(stage)?;
        for rule in &self.choices {
            if rule.condition.holds(stage, &input)? {
                return Ok((rule.hand_over(stage, &input)?, Next::State(rule.next)));
            }
        }
        let Some(default) = self.default else {
            return Err(Fault::new(
                NO_CHOICE_MATCHED,
                format!(
                    "An error occurred while executing the state '{}' (entered at the event id \
                     #{}). Failed to transition out of the state. The state does not point to a \
                     next state.",
                    stage.state.name, stage.thread.entered.event
                ),
            ));
        };
        let handover = stage
            .state
            .data_flow
            .hand_over(stage, &input, input.clone())?;
        Ok((handover, Next::State(default)))
    }
}

impl ChoiceRule {
    /// The state's `Assign` and `Output` are for its `Default` alone. A rule without an `Output`
    /// passes the input on, through `OutputPath` in JSONPath.
    fn hand_over(&self, stage: &Stage<'_>, input: &Value) -> Result<Handover, Fault> {
        let assigned = assign(stage, input, Given::default(), self.assign.as_ref())?;
        let output = match &self.output {
            Some(template) => stage.query(input, Given::default(), |scope| {
                template.evaluate(scope, "Output")
            })?,
            None => stage.state.data_flow.select_output(stage, input)?,
        };
        stage.check_size(&output, &stage.state.name)?;
        Ok(Handover { output, assigned })
    }
}

impl Condition {
    fn holds(&self, stage: &Stage<'_>, input: &Value) -> Result<bool, Fault> {
        match self {
            Self::Fixed(value) => Ok(*value),
            Self::Expression(expression) => expression_holds(stage, input, expression),
            Self::And(conditions) => {
                for condition in conditions {
                    if !condition.holds(stage, input)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(conditions) => {
                for condition in conditions {
                    if condition.holds(stage, input)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(condition) => Ok(!condition.holds(stage, input)?),
            Self::Test {
                variable,
                comparator,
            } => comparator.holds(stage, input, variable),
        }
    }
}

fn expression_holds(
    stage: &Stage<'_>,
    input: &Value,
    expression: &Expression,
) -> Result<bool, Fault> {
    let value = stage.query(input, Given::default(), |scope| {
        expression.evaluate(scope, "Condition")
    })?;
    value.as_bool().ok_or_else(|| {
        stage.fault(QueryError {
            name: QUERY_EVALUATION_ERROR,
            message: unexpected_type(expression.text(), "Condition", "boolean", &value),
            location: Some("Condition".to_owned()),
        })
    })
}
