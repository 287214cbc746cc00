//! The text of a definition: JSON or YAML 1.2, read into a [`Value`].

mod json;
mod reader;
mod yaml;

use crate::value::Value;

use super::diagnostic::{Diagnostic, Severity, code};

/// The longest definition, in bytes.
///
/// Source: Step Functions API reference, "CreateStateMachine".
pub(super) const MAX_BYTES: usize = 1_048_576;

/// The deepest nesting of a definition's values.
pub(super) const MAX_DEPTH: usize = 128;

/// What was read.
pub(super) struct Read {
    /// The definition.
    pub(super) value: Value,
    /// Names that stand twice in an object.
    pub(super) problems: Vec<Diagnostic>,
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
        return json::read(text);
    }
    let read = yaml::read(text)?;
    match &read.value {
        Value::Object(_) | Value::Null => Ok(read),
        found => {
            let offset = text.len() - text.trim_start().len();
            let kind = found.kind();
            let message = format!("Expected a JSON object or a YAML mapping, but found a {kind}");
            Err(unreadable(text, &message, offset))
        }
    }
}

/// Line and column of a byte, both counted from 1, the column in characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before = text
        .get(..text.floor_char_boundary(offset))
        .unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
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
