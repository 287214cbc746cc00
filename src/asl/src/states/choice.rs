//! The Choice state: goes on by the first rule that holds.
//!
//! Source: States Language, "Choice State".

use super::StateIndex;
use super::comparator::Comparator;
use crate::query::{Expression, Path, Template};

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
