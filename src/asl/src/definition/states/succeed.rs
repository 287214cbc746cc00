//! The fields of a Succeed state.
//!
//! Source: States Language, "Succeed State".

use crate::definition::compiler::Compiler;
use crate::definition::data_flow::INPUT_AND_OUTPUT;
use crate::definition::fields::Fields;
use crate::definition::state::EVERY_STATE;
use crate::states::StateKind;

pub(in crate::definition) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> StateKind {
    fields.check(compiler, &[&EVERY_STATE, &INPUT_AND_OUTPUT]);
    compiler.ends_scope();
    StateKind::Succeed
}
