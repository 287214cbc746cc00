//! The fields of a Wait state.
//!
//! Source: States Language, "Wait State".

use crate::definition::assign::ASSIGN;
use crate::definition::compiler::Compiler;
use crate::definition::data_flow::INPUT_AND_OUTPUT;
use crate::definition::fields::{Fields, MAX_INTEGER, Supported};
use crate::definition::state::{EVERY_STATE, TRANSITION, next};
use crate::definition::values::fixed_timestamp;
use crate::query::QueryLanguage;
use crate::states::wait::WaitUntil;
use crate::states::{StateKind, Wait};

const FIELDS: Supported = Supported {
    always: &["Seconds", "Timestamp"],
    jsonpath: &["SecondsPath", "TimestampPath"],
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
    let until = until(compiler, fields);
    let next = next(compiler, fields);
    // A Wait without an instant still leads on, so that only the missing field is reported.
    Some(StateKind::Wait(Wait {
        until: until.unwrap_or(WaitUntil::Seconds(crate::query::Dynamic::Fixed(0))),
        next: next?,
    }))
}

fn until(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<WaitUntil> {
    let names: &[&str] = match fields.language {
        QueryLanguage::JsonPath => &["Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
        QueryLanguage::Jsonata => &["Seconds", "Timestamp"],
    };
    let given = fields.given(names);
    if given.len() != 1 {
        let found = match given.as_slice() {
            [] => "none".to_owned(),
            given => format!("[{}]", given.join(", ")),
        };
        compiler.error(
            fields.place,
            format!(
                "A Wait state must have exactly one of [{}], but has {found}",
                names.join(", ")
            ),
        );
        return None;
    }
    if fields.has("Timestamp") || fields.has("TimestampPath") {
        return fields
            .dynamic(compiler, "Timestamp", fixed_timestamp)
            .map(WaitUntil::Timestamp);
    }
    fields
        .dynamic_integer(compiler, "Seconds", 0..=MAX_INTEGER)
        .map(WaitUntil::Seconds)
}
