//! Definitions that are compiled, and what is said about those that are not.

mod expressions;
mod fields;
mod hostile;
mod map;
mod text;
mod transitions;

use super::{Compiled, Diagnostic, MachineType, Rules, StateMachine};
use crate::resource::Resource;

fn everything(_: &Resource) -> bool {
    true
}

fn compile(text: &str) -> Compiled {
    StateMachine::compile(text, &everything).unwrap()
}

/// All that is said about a definition.
fn said(text: &str) -> Vec<String> {
    said_of(text, MachineType::Standard)
}

fn said_of(text: &str, machine_type: MachineType) -> Vec<String> {
    let rules = Rules {
        machine_type,
        serves: &everything,
    };
    let diagnostics = match StateMachine::compile_with(text, rules) {
        Ok(compiled) => compiled.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics.iter().map(Diagnostic::to_string).collect()
}

/// A definition with the state `S` that has these fields (JSON without the braces), before `T`,
/// which ends it.
fn with_state(fields: &str) -> String {
    format!(r#"{{"StartAt": "S", "States": {{"S": {{{fields}}}, "T": {{"Type": "Succeed"}}}}}}"#)
}

/// What is said about the state `S` with these fields, without codes and places.
fn said_of_state(fields: &str) -> Vec<String> {
    let said = said(&with_state(fields));
    said.iter().map(|text| message(text)).collect()
}

fn message(text: &str) -> String {
    let text = text.split_once(": ").map_or(text, |(_, text)| text);
    let text = text.rsplit_once(" at /").map_or(text, |(text, _)| text);
    text.to_owned()
}

/// A Task state with further fields, leading to `T`.
fn task(fields: &str) -> String {
    format!(r#""Type": "Task", "Resource": "arn:aws:states:::eks:call", "Next": "T", {fields}"#)
}
