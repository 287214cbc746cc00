//! The fields of a Pass state.
//!
//! Source: States Language, "Pass State".

use crate::definition::assign::ASSIGN;
use crate::definition::compiler::Compiler;
use crate::definition::data_flow::INPUT_AND_OUTPUT;
use crate::definition::diagnostic::code;
use crate::definition::fields::{Fields, Supported};
use crate::definition::place::Place;
use crate::definition::state::{EVERY_STATE, TRANSITION, next};
use crate::definition::template::looks_like_a_query;
use crate::states::{Pass, StateKind};
use crate::value::Value;

const FIELDS: Supported = Supported {
    always: &[],
    jsonpath: &["Result", "Parameters", "ResultPath"],
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
        &ASSIGN,
        &FIELDS,
    ];
    fields.check(compiler, &supported);
    let result = fields.get("Result");
    if let Some(result) = result {
        warn_of_paths(compiler, &fields.place.member("Result"), result);
    }
    Some(StateKind::Pass(Pass {
        result: result.cloned(),
        next: next(compiler, fields)?,
    }))
}

fn warn_of_paths(compiler: &mut Compiler<'_>, place: &Place<'_>, value: &Value) {
    match value {
        Value::String(text) if looks_like_a_query(text) => compiler.warn(
            code::PASS_RESULT_IS_STATIC,
            place,
            "A path in 'Result' is not evaluated; use 'Parameters' for that",
        ),
        Value::Object(object) => {
            for (name, value) in object.members() {
                warn_of_paths(compiler, &place.member(name), value);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.items().iter().enumerate() {
                warn_of_paths(compiler, &place.item(index), item);
            }
        }
        _ => {}
    }
}
