//! What the API operations on definitions answer, in AWS's form.
//!
//! Source: Step Functions API reference, "ValidateStateMachineDefinition" and
//! "CreateStateMachine" (error `InvalidDefinition`).

use super::diagnostic::{Diagnostic, Severity, code};
use super::{Rules, StateMachine};

/// The most diagnostics in an answer.
const MAX_RESULTS: usize = 100;

/// The most characters of a text that a parser's message repeats.
const MAX_SOURCE_CHARACTERS: usize = 500;

/// The answer of `ValidateStateMachineDefinition`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Validation {
    /// `OK`, or `FAIL` when a diagnostic is an error.
    pub result: &'static str,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether there is more than `diagnostics` holds.
    pub truncated: bool,
}

/// Validates a definition's text as `ValidateStateMachineDefinition` does.
#[must_use]
pub fn validate_state_machine_definition(text: &str, rules: Rules<'_>) -> Validation {
    let mut diagnostics = match StateMachine::compile_with(text, rules) {
        Ok(compiled) => compiled.warnings,
        Err(diagnostics) => diagnostics,
    };
    let failed = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    let truncated = diagnostics.len() > MAX_RESULTS;
    diagnostics.truncate(MAX_RESULTS);
    for diagnostic in &mut diagnostics {
        if diagnostic.code == code::INVALID_JSON_DESCRIPTION {
            name_source(text, diagnostic);
        }
        diagnostic.offset = None;
    }
    Validation {
        result: if failed { "FAIL" } else { "OK" },
        diagnostics,
        truncated,
    }
}

/// The message of `CreateStateMachine`'s error `InvalidDefinition`, as AWS writes it: all errors,
/// without warnings.
#[must_use]
pub fn create_error_message(diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(Diagnostic::to_string)
        .collect();
    format!("Invalid State Machine Definition: '{}'", errors.join(", "))
}

/// AWS's parser (Jackson) names the source in message and location.
fn name_source(text: &str, diagnostic: &mut Diagnostic) {
    let offset = text.floor_char_boundary(diagnostic.offset.unwrap_or_default());
    let token: String = text
        .get(offset..)
        .unwrap_or_default()
        .chars()
        .take_while(|character| character.is_alphanumeric() || matches!(character, '_' | '$'))
        .collect();
    let end = offset + token.len();
    let message = if token.is_empty() {
        diagnostic.message.clone()
    } else {
        format!(
            "Unrecognized token '{token}': was expecting (JSON String, Number, Array, Object or \
             token 'null', 'true' or 'false')"
        )
    };
    let (line, column) = super::source::line_and_column(text, end);
    let length = text.chars().count();
    let shown: String = text.chars().take(MAX_SOURCE_CHARACTERS).collect();
    let cut = match length.checked_sub(MAX_SOURCE_CHARACTERS) {
        None | Some(0) => String::new(),
        Some(cut) => format!("[truncated {cut} chars]"),
    };
    let place = format!("[Source: (String)\"{shown}\"{cut}; line: {line}, column: {column}]");
    diagnostic.message = format!("{message}\n at {place}");
    diagnostic.location = place;
}
