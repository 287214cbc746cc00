//! The compiler's state: what it has made, what it has found wrong, and the scope it stands in.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Severity, code};
use super::place::Place;
use super::scope::Scope;
use super::{MachineType, Rules};
use crate::query::{QueryLanguage, SyntaxError};
use crate::states::{State, StateIndex};

/// Compiles one definition. Problems are collected, never thrown, so that all are found at once.
pub(super) struct Compiler<'a> {
    /// What is asked of Task resources and of the machine as a whole.
    pub(super) rules: Rules<'a>,
    /// `QueryLanguage` of the state machine, from which states inherit in all scopes.
    pub(super) query_language: QueryLanguage,
    /// The type under which the states at hand run; the children of a distributed Map have theirs.
    pub(super) machine_type: MachineType,
    /// All states; empty places are those not compiled yet.
    pub(super) states: Vec<Option<State>>,
    /// Their places by name.
    pub(super) by_name: HashMap<Arc<str>, StateIndex>,
    /// The scope whose states are being compiled.
    pub(super) scope: Scope,
    /// `Label`s seen.
    pub(super) labels: HashSet<Arc<str>>,
    /// Whether only one state is compiled, whose transitions may lead anywhere.
    pub(super) single_state: bool,
    /// Which member of `$states` may be read besides those that are everywhere.
    pub(super) readable: Option<&'static str>,
    schema: Vec<Diagnostic>,
    transitions: Vec<Diagnostic>,
    reachability: Vec<Diagnostic>,
    warnings: Vec<Diagnostic>,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(rules: Rules<'a>) -> Self {
        Self {
            machine_type: rules.machine_type,
            rules,
            query_language: QueryLanguage::default(),
            states: Vec::new(),
            by_name: HashMap::new(),
            scope: Scope::default(),
            labels: HashSet::new(),
            single_state: false,
            readable: None,
            schema: Vec::new(),
            transitions: Vec::new(),
            reachability: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Something is wrong with a field.
    pub(super) fn error(&mut self, place: &Place<'_>, message: impl Into<String>) {
        self.error_with(code::SCHEMA_VALIDATION_FAILED, place, message);
    }

    /// Something is wrong, with a code of its own.
    pub(super) fn error_with(
        &mut self,
        code: &'static str,
        place: &Place<'_>,
        message: impl Into<String>,
    ) {
        self.schema
            .push(diagnostic(Severity::Error, code, place, message));
    }

    /// A path, intrinsic function or expression cannot be parsed; `offset` is where it fails in
    /// the field's text.
    pub(super) fn syntax_error(
        &mut self,
        code: &'static str,
        location: String,
        message: String,
        offset: usize,
    ) {
        self.schema.push(Diagnostic {
            severity: Severity::Error,
            code: code.to_owned(),
            message,
            location,
            offset: Some(offset),
        });
    }

    /// What is meant as a JSONata expression cannot be parsed.
    pub(super) fn invalid_jsonata(&mut self, place: &Place<'_>, error: &SyntaxError) {
        self.syntax_error(
            code::INVALID_JSONATA_EXPRESSION,
            place.to_string(),
            error.message.clone(),
            error.offset,
        );
    }

    /// A transition leads nowhere.
    pub(super) fn missing_target(&mut self, place: &Place<'_>, target: &str) {
        self.transitions.push(diagnostic(
            Severity::Error,
            code::MISSING_TRANSITION_TARGET,
            place,
            format!("Missing 'Next' target: {target}"),
        ));
    }

    /// No transition leads to a state.
    pub(super) fn not_reachable(&mut self, place: &Place<'_>, name: &str) {
        self.reachability.push(diagnostic(
            Severity::Error,
            code::MISSING_TRANSITION_TARGET,
            place,
            format!("State \"{name}\" is not reachable."),
        ));
    }

    /// No state of the scope ends it. AWS gives no location.
    pub(super) fn no_terminal_state(&mut self) {
        self.reachability.push(Diagnostic {
            severity: Severity::Error,
            code: code::MISSING_END_STATE.to_owned(),
            message: "Workflow has no terminal state".to_owned(),
            location: String::new(),
            offset: None,
        });
    }

    /// The definition is no object at all. AWS gives no location.
    pub(super) fn not_an_object(&mut self) {
        self.schema.push(Diagnostic {
            severity: Severity::Error,
            code: code::SCHEMA_VALIDATION_FAILED.to_owned(),
            message: "Definition must be a valid JSON object".to_owned(),
            location: String::new(),
            offset: None,
        });
    }

    /// Something is likely not what was meant.
    pub(super) fn warn(
        &mut self,
        code: &'static str,
        place: &Place<'_>,
        message: impl Into<String>,
    ) {
        self.warnings
            .push(diagnostic(Severity::Warning, code, place, message));
    }

    /// What was found before.
    pub(super) fn add(&mut self, found: Vec<Diagnostic>) {
        for diagnostic in found {
            match diagnostic.severity {
                Severity::Error => self.schema.push(diagnostic),
                Severity::Warning => self.warnings.push(diagnostic),
            }
        }
    }

    /// How many problems of fields there are so far.
    pub(super) fn schema_errors(&self) -> usize {
        self.schema.len()
    }

    /// Everything found: the problems of fields, then those of transitions, then warnings.
    pub(super) fn diagnostics(&mut self) -> Vec<Diagnostic> {
        let mut all = std::mem::take(&mut self.schema);
        all.append(&mut self.transitions);
        all.append(&mut self.reachability);
        all.append(&mut self.warnings);
        all
    }
}

fn diagnostic(
    severity: Severity,
    code: &'static str,
    place: &Place<'_>,
    message: impl Into<String>,
) -> Diagnostic {
    Diagnostic {
        severity,
        code: code.to_owned(),
        message: message.into(),
        location: place.to_string(),
        offset: None,
    }
}
