//! The Pass state: passes its input on, or a fixed result.
//!
//! Source: States Language, "Pass State".

use super::Next;
use super::data_flow::Handover;
use crate::errors::Fault;
use crate::machine::stage::Stage;
use crate::value::Value;

/// The fields of a Pass state.
#[derive(Debug)]
pub struct Pass {
    /// `Result` (JSONPath)
    pub result: Option<Value>,
    /// `Next` or `End`
    pub next: Next,
}

impl Pass {
    /// Makes the output.
    pub(crate) fn run(&self, stage: &Stage<'_>) -> Result<Handover, Fault> {
        let data_flow = &stage.state.data_flow;
        let input = data_flow.effective_input(stage)?;
        let result = match &self.result {
            Some(result) => result.clone(),
            None => data_flow.arguments(stage, &input)?,
        };
        data_flow.hand_over(stage, &input, result)
    }
}
