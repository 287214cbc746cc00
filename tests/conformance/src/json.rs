//! Reading members of the corpus' JSON.

use asl::Value;

/// The text of the member `name`.
#[must_use]
pub fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

/// The items of the member `name`; none when it is absent or no array.
#[must_use]
pub fn items<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value
        .get(name)
        .and_then(Value::as_array)
        .unwrap_or_default()
}

/// The JSON text of a value; a string's own text.
#[must_use]
pub fn plain_text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// A value over several lines, the members of objects sorted by name, for people.
#[must_use]
pub fn pretty(value: &Value) -> String {
    serde_json::to_value(value)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| value.to_string())
}
