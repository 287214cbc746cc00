//! Catchers: going on elsewhere after an error.
//!
//! Source: States Language, "Fallback states".

use std::sync::Arc;

use super::data_flow::{Handover, ResultPath, assign};
use super::{State, StateIndex};
use crate::errors::Fault;
use crate::machine::stage::{Given, Stage};
use crate::query::{QueryLanguage, Template};

/// One of a state's `Catch` entries.
#[derive(Debug)]
pub struct Catcher {
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `Next`
    pub next: StateIndex,
    /// `ResultPath` (JSONPath)
    pub result_path: ResultPath,
    /// `Output` (JSONata)
    pub output: Option<Template>,
    /// `Assign`
    pub assign: Option<Template>,
}

/// The first Catcher that matches.
pub(crate) fn decide<'a>(state: &'a State, fault: &Fault) -> Option<&'a Catcher> {
    state
        .catch()
        .iter()
        .find(|catcher| fault.matches(&catcher.error_equals))
}

impl Catcher {
    /// The output and variables with which execution goes on at the Catcher's `Next`.
    pub(crate) fn run(&self, stage: &Stage<'_>, fault: &Fault) -> Result<Handover, Fault> {
        let error_output = fault.to_output();
        let given = Given {
            result: None,
            error_output: Some(&error_output),
        };
        let (scope_input, output) = match stage.state.query_language {
            QueryLanguage::JsonPath => (
                &error_output,
                self.result_path
                    .combine(stage, &stage.thread.input, error_output.clone())?,
            ),
            QueryLanguage::Jsonata => (
                &stage.thread.input,
                match &self.output {
                    None => error_output.clone(),
                    Some(template) => stage.query(&stage.thread.input, given, |scope| {
                        template.evaluate(scope, "Output")
                    })?,
                },
            ),
        };
        let assigned = assign(stage, scope_input, given, self.assign.as_ref())?;
        stage.check_size(&output, &stage.state.name)?;
        Ok(Handover { output, assigned })
    }
}
