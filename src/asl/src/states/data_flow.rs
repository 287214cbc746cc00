//! How a state reads its input and makes its output.
//!
//! Source: States Language, "Input and output processing": `InputPath`, `Parameters`,
//! `ResultSelector`, `ResultPath` and `OutputPath` in JSONPath states; `Arguments` and `Output`
//! in JSONata states.

use crate::errors::Fault;
use crate::machine::stage::{Given, Stage};
use crate::query::{Path, QueryLanguage, ReferencePath, Template};
use crate::value::{Object, Value};

/// The fields that shape a state's data. In a JSONata state only `parameters` (its `Arguments`)
/// and `output` are set; in a JSONPath state `output` is not.
#[derive(Debug, Default)]
pub struct DataFlow {
    /// `InputPath`
    pub input_path: Selection,
    /// `Parameters` (JSONPath; a Map state's stands in its `item_selector`) or `Arguments`
    pub parameters: Option<Template>,
    /// `ResultSelector`
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `OutputPath`
    pub output_path: Selection,
    /// `Output` (JSONata)
    pub output: Option<Template>,
}

/// `InputPath` and `OutputPath`.
#[derive(Debug, Default)]
pub enum Selection {
    /// Absent, or `$`: everything.
    #[default]
    Whole,
    /// `null`: an empty object.
    Nothing,
    /// A path.
    Path(Path),
}

/// `ResultPath`.
#[derive(Debug, Default)]
pub enum ResultPath {
    /// Absent, or `$`: the result replaces the input.
    #[default]
    Whole,
    /// `null`: the result is dropped, the input is passed on.
    Discard,
    /// The result is put into the input at this place.
    At(ReferencePath),
}

/// What a state hands on: its output, and what `Assign` sets.
#[derive(Debug)]
pub(crate) struct Handover {
    /// The output.
    pub output: Value,
    /// The variables to set.
    pub assigned: Option<Object>,
}

impl DataFlow {
    /// The raw input after `InputPath`.
    pub(crate) fn effective_input(&self, stage: &Stage<'_>) -> Result<Value, Fault> {
        self.input_path.select(stage, &stage.thread.input)
    }

    /// The effective input after `Parameters` or `Arguments`.
    pub(crate) fn arguments(&self, stage: &Stage<'_>, input: &Value) -> Result<Value, Fault> {
        match &self.parameters {
            None => Ok(input.clone()),
            Some(template) => stage.query(input, Given::default(), |scope| {
                template.evaluate(scope, arguments_field(stage.state.query_language))
            }),
        }
    }

    /// The output and variables of a state that ended with `result`.
    pub(crate) fn hand_over(
        &self,
        stage: &Stage<'_>,
        input: &Value,
        result: Value,
    ) -> Result<Handover, Fault> {
        let handover = match stage.state.query_language {
            QueryLanguage::JsonPath => self.hand_over_by_paths(stage, result)?,
            QueryLanguage::Jsonata => self.hand_over_by_expressions(stage, input, result)?,
        };
        stage.check_size(&handover.output, &stage.state.name)?;
        Ok(handover)
    }

    fn hand_over_by_expressions(
        &self,
        stage: &Stage<'_>,
        input: &Value,
        result: Value,
    ) -> Result<Handover, Fault> {
        let given = Given {
            result: stage.state.kind.has_result().then_some(&result),
            error_output: None,
        };
        let assigned = assign(stage, input, given, stage.state.assign.as_ref())?;
        let output = match &self.output {
            None => result,
            Some(template) => {
                stage.query(input, given, |scope| template.evaluate(scope, "Output"))?
            }
        };
        Ok(Handover { output, assigned })
    }

    fn hand_over_by_paths(&self, stage: &Stage<'_>, result: Value) -> Result<Handover, Fault> {
        let result = self.select_result(stage, result)?;
        let assigned = assign(
            stage,
            &result,
            Given::default(),
            stage.state.assign.as_ref(),
        )?;
        let combined = self.combine_result(stage, result)?;
        let output = self.select_output(stage, &combined)?;
        Ok(Handover { output, assigned })
    }

    /// The result after `ResultSelector`.
    pub(crate) fn select_result(&self, stage: &Stage<'_>, result: Value) -> Result<Value, Fault> {
        match &self.result_selector {
            None => Ok(result),
            Some(template) => stage.query(&result, Given::default(), |scope| {
                template.evaluate(scope, "ResultSelector")
            }),
        }
    }

    /// The selected result in the raw input, where `ResultPath` puts it.
    pub(crate) fn combine_result(&self, stage: &Stage<'_>, result: Value) -> Result<Value, Fault> {
        self.result_path.combine(stage, &stage.thread.input, result)
    }

    /// What `OutputPath` takes of the combined result.
    pub(crate) fn select_output(
        &self,
        stage: &Stage<'_>,
        combined: &Value,
    ) -> Result<Value, Fault> {
        self.output_path.select(stage, combined)
    }
}

/// The name of the field that makes a state's arguments.
pub(crate) fn arguments_field(language: QueryLanguage) -> &'static str {
    match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    }
}

/// Evaluates an `Assign`. In JSONPath `$` is the state's result (in a Catcher the error); in JSONata
/// what there is besides the state's input is `given`.
pub(crate) fn assign(
    stage: &Stage<'_>,
    input: &Value,
    given: Given<'_>,
    template: Option<&Template>,
) -> Result<Option<Object>, Fault> {
    let Some(template) = template else {
        return Ok(None);
    };
    let value = stage.query(input, given, |scope| template.evaluate(scope, "Assign"))?;
    stage.check_size(&value, &stage.state.name)?;
    stage.check_variables(&value)?;
    Ok(value.as_object().cloned())
}

impl Selection {
    fn select(&self, stage: &Stage<'_>, from: &Value) -> Result<Value, Fault> {
        match self {
            Self::Whole => Ok(from.clone()),
            Self::Nothing => Ok(Value::empty_object()),
            Self::Path(path) => stage.query(from, Given::default(), |scope| path.evaluate(scope)),
        }
    }
}

impl ResultPath {
    /// Combines a result with the raw input.
    pub(crate) fn combine(
        &self,
        stage: &Stage<'_>,
        raw_input: &Value,
        result: Value,
    ) -> Result<Value, Fault> {
        match self {
            Self::Whole => Ok(result),
            Self::Discard => Ok(raw_input.clone()),
            Self::At(path) => path
                .set(raw_input, result)
                .map_err(|error| stage.fault(error)),
        }
    }
}
