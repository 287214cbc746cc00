//! The fields of a Parallel state and its branches.
//!
//! Source: States Language, "Parallel State".

use crate::definition::assign::ASSIGN;
use crate::definition::compiler::Compiler;
use crate::definition::data_flow::{INPUT_AND_OUTPUT, PARAMETERS_AND_RESULT};
use crate::definition::fields::{Fields, Supported};
use crate::definition::state::{EVERY_STATE, TRANSITION, next};
use crate::definition::{catch, retry};
use crate::states::{Parallel, StateKind};

const FIELDS: Supported = Supported {
    always: &["Branches", "Retry", "Catch"],
    jsonpath: &[],
    jsonata: &[],
};

const BRANCH: Supported = Supported {
    always: &["StartAt", "States", "Comment"],
    jsonpath: &[],
    jsonata: &[],
};

pub(in crate::definition) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<StateKind> {
    let supported = [
        &EVERY_STATE,
        &TRANSITION,
        &INPUT_AND_OUTPUT,
        &PARAMETERS_AND_RESULT,
        &ASSIGN,
        &FIELDS,
    ];
    fields.check(compiler, &supported);
    let retry = retry::compile(compiler, fields);
    let catch = catch::compile(compiler, fields);
    let next = next(compiler, fields);
    fields.require(compiler, &["Branches"]);
    let place = fields.place.member("Branches");
    let mut branches = Vec::new();
    for (index, value) in fields.array(compiler, "Branches").iter().enumerate() {
        let place = place.item(index);
        if let Some(branch) = Fields::of(compiler, value, &place, fields.language) {
            branch.check(compiler, &[&BRANCH]);
            branch.comment(compiler);
            branches.extend(compiler.compile_scope(&branch));
        }
    }
    Some(StateKind::Parallel(Box::new(Parallel {
        branches,
        retry,
        catch,
        next: next?,
    })))
}
