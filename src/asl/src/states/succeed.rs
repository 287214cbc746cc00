//! The Succeed state: ends its scope with its output.
//!
//! Source: States Language, "Succeed State".

use super::data_flow::Handover;
use crate::errors::Fault;
use crate::machine::stage::Stage;

/// Makes the output.
pub(crate) fn run(stage: &Stage<'_>) -> Result<Handover, Fault> {
    let data_flow = &stage.state.data_flow;
    let input = data_flow.effective_input(stage)?;
    data_flow.hand_over(stage, &input, input.clone())
}
