//! `Catch` of Task, Parallel and Map states.
//!
//! Source: States Language, "Fallback states".

use super::compiler::Compiler;
use super::fields::{Fields, Supported};
use super::{assign, data_flow, retry};
use crate::states::{Catcher, StateIndex};

const FIELDS: Supported = Supported {
    always: &["ErrorEquals", "Next", "Assign", "Comment"],
    jsonpath: &["ResultPath"],
    jsonata: &["Output"],
};

/// Compiles `Catch`.
pub(super) fn compile(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Vec<Catcher> {
    let place = fields.place.member("Catch");
    let catchers = fields.array_or_empty(compiler, "Catch");
    let mut compiled = Vec::new();
    for (index, value) in catchers.iter().enumerate() {
        let place = place.item(index);
        if let Some(fields) = Fields::of(compiler, value, &place, fields.language)
            && let Some(catcher) = catcher(compiler, &fields, index + 1 == catchers.len())
        {
            compiled.push(catcher);
        }
    }
    compiled
}

fn catcher(compiler: &mut Compiler<'_>, fields: &Fields<'_>, last: bool) -> Option<Catcher> {
    fields.check(compiler, &[&FIELDS]);
    fields.comment(compiler);
    let error_equals = retry::error_equals(compiler, fields, last);
    fields.require(compiler, &["Next"]);
    let next = fields
        .string(compiler, "Next")
        .and_then(|name| compiler.target(&fields.place.member("Next"), name));
    let result_path = data_flow::result_path(compiler, fields);
    let (output, assign) = compiler.after_error(|compiler| {
        let output = fields.template(compiler, "Output");
        (output, assign::compile(compiler, fields))
    });
    Some(Catcher {
        error_equals: error_equals?,
        next: next.unwrap_or(StateIndex(0)),
        result_path,
        output,
        assign,
    })
}
