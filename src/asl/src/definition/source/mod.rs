//! The text of a definition: JSON or YAML 1.2, read into a [`Value`], and where in it a field
//! stands.

mod json;
mod json_nodes;
mod locate;
mod node;
mod yaml;

use crate::value::Value;

use super::diagnostic::{Diagnostic, Severity, code};
use super::{Compiled, place::Place};

pub use locate::{line_and_column, locate};

/// The longest definition, in bytes.
///
/// Source: Step Functions API reference, "CreateStateMachine".
pub const MAX_BYTES: usize = 1_048_576;

/// The deepest nesting of a definition's values.
pub(super) const MAX_DEPTH: usize = 128;

/// What was read.
pub(super) struct Read {
    /// The definition.
    pub(super) value: Value,
    /// Names that stand twice in an object.
    pub(super) problems: Vec<Diagnostic>,
}

impl Read {
    /// Puts what was found while reading before what was found while compiling.
    pub(super) fn add_problems_to(
        self,
        outcome: Result<Compiled, Vec<Diagnostic>>,
    ) -> Result<Compiled, Vec<Diagnostic>> {
        let mut problems = self.problems;
        let has_errors = problems
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        match outcome {
            Ok(mut compiled) if !has_errors => {
                problems.append(&mut compiled.warnings);
                compiled.warnings = problems;
                Ok(compiled)
            }
            Ok(mut compiled) => {
                problems.append(&mut compiled.warnings);
                Err(problems)
            }
            Err(mut others) => {
                let (mut errors, warnings): (Vec<_>, Vec<_>) = problems
                    .into_iter()
                    .partition(|problem| problem.severity == Severity::Error);
                errors.append(&mut others);
                errors.extend(warnings);
                Err(errors)
            }
        }
    }
}

/// Whether a text is JSON, by its first character; all other text is taken as YAML.
fn is_json(text: &str) -> bool {
    text.trim_start_matches('\u{feff}')
        .trim_start()
        .starts_with(['{', '['])
}

/// Reads a definition's text.
///
/// # Errors
/// The text is too long, or neither JSON nor YAML.
pub(super) fn read(text: &str) -> Result<Read, Diagnostic> {
    if text.len() > MAX_BYTES {
        let length = text.len();
        let message =
            format!("The definition has {length} bytes, which exceeds the limit of {MAX_BYTES}");
        return Err(whole(code::SCHEMA_VALIDATION_FAILED, message, None));
    }
    if is_json(text) {
        json::read(text)
    } else {
        yaml::read(text)
    }
}

/// A problem of the text as a whole.
fn whole(code: &'static str, message: String, offset: Option<usize>) -> Diagnostic {
    Diagnostic {
        severity: Severity::Error,
        code: code.to_owned(),
        message,
        location: String::new(),
        offset,
    }
}

/// A text that cannot be read; `offset` is where reading stopped.
fn unreadable(text: &str, message: &str, offset: usize) -> Diagnostic {
    let (line, column) = line_and_column(text, offset);
    whole(
        code::INVALID_JSON_DESCRIPTION,
        format!("{message} (line {line}, column {column})"),
        Some(offset),
    )
}

/// A name that stands twice in one object: an error among states, else a warning.
fn duplicate(object: &str, name: &str) -> Diagnostic {
    let location = format!("{}/{name}", object.trim_end_matches('/'));
    if object == "/States" || object.ends_with("/States") {
        return Diagnostic {
            severity: Severity::Error,
            code: code::DUPLICATE_STATE_NAME.to_owned(),
            message: format!("Duplicate State name: {name}"),
            location,
            offset: None,
        };
    }
    Diagnostic {
        severity: Severity::Warning,
        code: code::DUPLICATE_FIELD.to_owned(),
        message: format!("Field '{name}' is given more than once; the last one counts"),
        location,
        offset: None,
    }
}

/// Whether values are nested beyond [`MAX_DEPTH`]. What was read from text never is.
pub(super) fn is_too_deep(value: &Value) -> bool {
    let mut open = vec![(value, 1_usize)];
    while let Some((value, depth)) = open.pop() {
        if depth > MAX_DEPTH {
            return true;
        }
        match value {
            Value::Array(items) => {
                open.extend(items.items().iter().map(|item| (item, depth + 1)));
            }
            Value::Object(object) => {
                let members = object.members().iter();
                open.extend(members.map(|(_, value)| (value, depth + 1)));
            }
            _ => {}
        }
    }
    false
}

/// A place from the names and indices on the way to it.
fn written(steps: &[Step]) -> String {
    fn write(steps: &[Step], place: &Place<'_>) -> String {
        match steps.split_first() {
            None => place.to_string(),
            Some((Step::Member(name), rest)) => write(rest, &place.member(name)),
            Some((Step::Item(index), rest)) => write(rest, &place.item(*index)),
        }
    }
    write(steps, &Place::ROOT)
}

/// A step into a value.
enum Step {
    Member(std::sync::Arc<str>),
    Item(usize),
}
