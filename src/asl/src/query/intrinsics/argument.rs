//! Arguments, and the checks that functions make on them.

use super::Call;
use crate::query::Path;
use crate::value::{Number, Value};

/// The characters that the hash and base64 functions accept (Step Functions developer guide).
pub(super) const MAX_TEXT_CHARS: usize = 10_000;

/// An argument as it is written.
pub(super) enum Argument {
    /// A quoted text, number, `true`, `false` or `null`.
    Constant(Value),
    /// A path.
    Path(Path),
    /// A call of another function.
    Call(Box<Call>),
}

/// The values of a call's arguments. Their number was checked when the call was compiled.
pub(super) struct Arguments<'a>(&'a [Value]);

impl<'a> Arguments<'a> {
    pub(super) fn new(values: &'a [Value]) -> Self {
        Self(values)
    }

    pub(super) fn all(&self) -> &'a [Value] {
        self.0
    }

    pub(super) fn get(&self, position: usize) -> Result<&'a Value, String> {
        self.0
            .get(position)
            .ok_or_else(|| format!("argument {} is missing", position + 1))
    }

    pub(super) fn array(&self, position: usize) -> Result<&'a [Value], String> {
        let value = self.get(position)?;
        value
            .as_array()
            .ok_or_else(|| unexpected(position, "an array", value))
    }

    pub(super) fn string(&self, position: usize) -> Result<&'a str, String> {
        let value = self.get(position)?;
        value
            .as_str()
            .ok_or_else(|| unexpected(position, "a string", value))
    }

    /// A string of at most [`MAX_TEXT_CHARS`].
    pub(super) fn short_string(&self, position: usize) -> Result<&'a str, String> {
        let text = self.string(position)?;
        // Counting is needed only where the bytes do not already tell.
        if text.len() > MAX_TEXT_CHARS && text.chars().count() > MAX_TEXT_CHARS {
            return Err(format!(
                "argument {} is longer than {MAX_TEXT_CHARS} characters",
                position + 1
            ));
        }
        Ok(text)
    }

    /// An integer; a number with a fraction is rounded, halves up.
    pub(super) fn integer(&self, position: usize) -> Result<i64, String> {
        let value = self.get(position)?;
        let rounded = match value {
            Value::Number(Number::Int(integer)) => Some(*integer),
            Value::Number(Number::Float(float)) => round(*float),
            _ => return Err(unexpected(position, "a number", value)),
        };
        rounded.ok_or_else(|| unexpected(position, "an integer of 64 bits", value))
    }
}

#[allow(clippy::cast_possible_truncation)]
fn round(value: f64) -> Option<i64> {
    let rounded = (value + 0.5).floor();
    (rounded.abs() < 9.2e18).then_some(rounded as i64)
}

/// What was found in place of what a function needs, shortened where it is long.
fn unexpected(position: usize, expected: &str, found: &Value) -> String {
    let mut text = found.to_string();
    if let Some((end, _)) = text.char_indices().nth(100) {
        text.truncate(end);
        text.push('…');
    }
    format!(
        "argument {} must be {expected}, but was {} {text}",
        position + 1,
        found.kind()
    )
}
