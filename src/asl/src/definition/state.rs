//! What all states have in common.
//!
//! Source: States Language, "States", table of fields by type of state.

use std::sync::Arc;

use super::compiler::Compiler;
use super::fields::{Fields, Supported};
use super::place::Place;
use super::states::{choice, fail, map, parallel, pass, succeed, task, wait};
use super::{assign, data_flow};
use crate::query::QueryLanguage;
use crate::states::{DataFlow, Next, State, StateIndex, StateKind};
use crate::value::Value;

/// The fields of all states.
pub(super) const EVERY_STATE: Supported = Supported {
    always: &["Type", "Comment", "QueryLanguage"],
    jsonpath: &[],
    jsonata: &[],
};

/// The fields of states that lead on.
pub(super) const TRANSITION: Supported = Supported {
    always: &["Next", "End"],
    jsonpath: &[],
    jsonata: &[],
};

const TYPES: [&str; 8] = [
    "Task", "Pass", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map",
];

/// Compiles a state; `None` when anything about it is wrong.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    name: &Arc<str>,
    value: &Value,
) -> Option<State> {
    let before = compiler.schema_errors();
    let language = QueryLanguage::default();
    let Some(mut fields) = Fields::of(compiler, value, place, language) else {
        compiler.has_unknown_transition();
        return None;
    };
    fields.language = query_language(compiler, &fields);
    fields.comment(compiler);
    let parts = compile_parts(compiler, &fields);
    if parts.is_none() {
        compiler.has_unknown_transition();
    }
    let (data_flow, kind) = parts?;
    let assign = compiler.after_work(&kind, |compiler| assign::compile(compiler, &fields));
    let state = State {
        name: name.clone(),
        query_language: fields.language,
        data_flow,
        assign,
        kind,
    };
    (compiler.schema_errors() == before).then_some(state)
}

fn compile_parts(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<(DataFlow, StateKind)> {
    if !fields.require(compiler, &["Type"]) {
        return None;
    }
    let kind = fields.word(compiler, "Type", &TYPES)?;
    let mut kind = match &**kind {
        "Task" => task::compile(compiler, fields)?,
        "Pass" => pass::compile(compiler, fields)?,
        "Choice" => choice::compile(compiler, fields)?,
        "Wait" => wait::compile(compiler, fields)?,
        "Succeed" => succeed::compile(compiler, fields),
        "Fail" => fail::compile(compiler, fields),
        "Parallel" => parallel::compile(compiler, fields)?,
        _ => map::compile(compiler, fields)?,
    };
    let mut data_flow = data_flow::compile(compiler, fields, &kind);
    if let StateKind::Map(map) = &mut kind {
        let older = data_flow.parameters.take();
        map.item_selector = map.item_selector.take().or(older);
    }
    Some((data_flow, kind))
}

/// A state's own language, else that of the whole state machine, whatever states stand between.
fn query_language(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> QueryLanguage {
    let machine = compiler.query_language;
    match read_query_language(compiler, fields) {
        Some(QueryLanguage::JsonPath) if machine == QueryLanguage::Jsonata => {
            compiler.error(
                fields.place,
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            );
            QueryLanguage::JsonPath
        }
        own => own.unwrap_or(machine),
    }
}

/// The field `QueryLanguage`. A word that is neither is reported, and taken as JSONata as AWS
/// does, so that the state's other fields are not reported on its account.
pub(super) fn read_query_language(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<QueryLanguage> {
    let languages = [QueryLanguage::JsonPath, QueryLanguage::Jsonata];
    let words = languages.map(QueryLanguage::as_str);
    match fields.word(compiler, "QueryLanguage", &words) {
        Some(word) if &**word == QueryLanguage::JsonPath.as_str() => Some(QueryLanguage::JsonPath),
        Some(_) => Some(QueryLanguage::Jsonata),
        None => fields
            .has("QueryLanguage")
            .then_some(QueryLanguage::Jsonata),
    }
}

/// `Next` or `End`.
pub(super) fn next(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Next> {
    let end = fields.boolean(compiler, "End").unwrap_or_default();
    let next = fields.string(compiler, "Next");
    let target = next.map(|name| compiler.target(&fields.place.member("Next"), name));
    match (end, target) {
        (true, None) if !fields.has("Next") => {
            compiler.ends_scope();
            Some(Next::End)
        }
        (true, _) => {
            compiler.error(
                fields.place,
                "A state cannot have both 'Next' and 'End': true",
            );
            None
        }
        (false, Some(target)) => Some(Next::State(target.unwrap_or(StateIndex(0)))),
        (false, None) if fields.has("Next") => None,
        (false, None) => {
            compiler.error(
                fields.place,
                "A state must have either 'Next' or 'End': true",
            );
            None
        }
    }
}
