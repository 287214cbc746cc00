//! Definitions that `CreateStateMachine` refuses.

use std::sync::LazyLock;

use asl::Value;
use asl::definition::{Diagnostic, Severity, StateMachine, create_error_message};
use asl::value::ObjectBuilder;
use regex::Regex;

use super::validate_definition::rules;
use super::{Settings, Verdict};
use crate::matching::{Matcher, Rules};
use crate::{Case, json};

/// The message of a Python exception, which is how LocalStack refused a definition where the
/// recording is not AWS's own: one text in quotes.
#[allow(clippy::unwrap_used, reason = "a constant pattern")]
static PYTHON_ERROR: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?s)^Error=ValueError Args=\[(['"])(.*)(['"])\] in definition '"#).unwrap()
});

pub(super) fn run(case: &Case, _settings: Settings) -> Result<Verdict, String> {
    let expected = case.expected();
    let diagnostics = StateMachine::compile_with(&case.definition_text(), rules(case))
        .err()
        .unwrap_or_default();
    let message = json::text(&expected, "message").unwrap_or_default();
    let (expected, got) = match python_message(message) {
        Some(message) => (
            Value::from(message),
            Value::from(first_message(&diagnostics)),
        ),
        None => (answer(message), answer(&create_error_message(&diagnostics))),
    };
    let rules = Rules::of(case);
    let differences = Matcher::new(&rules).compare("", &expected, &got);
    Ok(Verdict {
        expected,
        got,
        differences,
    })
}

fn answer(message: &str) -> Value {
    let answer = ObjectBuilder::default()
        .with("error", "InvalidDefinition")
        .with("message", message);
    Value::Object(answer.build())
}

fn first_message(diagnostics: &[Diagnostic]) -> String {
    diagnostics
        .iter()
        .find(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|error| error.message.clone())
        .unwrap_or_default()
}

/// The text that a Python exception's `repr` shows.
fn python_message(message: &str) -> Option<String> {
    let found = PYTHON_ERROR.captures(message)?;
    let shown = found.get(2)?.as_str();
    let mut text = String::new();
    let mut rest = shown.chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => text.push(rest.next()?),
            other => text.push(other),
        }
    }
    Some(text)
}
