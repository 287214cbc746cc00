//! Single values: their types and ranges.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::compiler::Compiler;
use super::diagnostic::code;
use super::place::Place;
use crate::query::Path;
use crate::states::wait::parse_timestamp;
use crate::value::Value;

/// Reports a value of another type than expected.
pub(super) fn wrong_type(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    expected: &str,
    found: &Value,
) {
    let message = match found {
        Value::Null | Value::Array(_) | Value::Object(_) => {
            format!(
                "Expected value of type {expected}, but found {}",
                found.kind()
            )
        }
        Value::String(text) if text.chars().count() > 40 => {
            format!("Expected value of type {expected}, but found a string")
        }
        _ => format!("Expected value of type {expected}, but found {found}"),
    };
    compiler.error(place, message);
}

/// An instant: RFC 3339 with a capital `T`, and a zone.
///
/// Source: States Language, "Timestamps".
pub(super) fn fixed_timestamp(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
) -> Option<Timestamp> {
    let Value::String(text) = value else {
        wrong_type(compiler, place, "String", value);
        return None;
    };
    let timestamp = parse_timestamp(text);
    if timestamp.is_none() {
        compiler.error(place, "String does not match RFC3339 timestamp");
    }
    timestamp
}

/// An integer within a range.
pub(super) fn integer_in(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
    range: RangeInclusive<u64>,
) -> Option<u64> {
    let Some(integer) = value.as_i64() else {
        wrong_type(compiler, place, "Integer", value);
        return None;
    };
    let found = u64::try_from(integer).ok().filter(|n| range.contains(n));
    if found.is_none() {
        let message = format!(
            "Expected an integer from {} to {}, but found {integer}",
            range.start(),
            range.end()
        );
        compiler.error(place, message);
    }
    found
}

/// A path in a field of its own.
pub(super) fn parse_path(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    text: &str,
) -> Option<Path> {
    match Path::parse(text) {
        Ok(path) => Some(path),
        Err(error) => {
            compiler.syntax_error(
                code::SCHEMA_VALIDATION_FAILED,
                place.to_string(),
                format!("Value is not a valid JSONPath: {error}"),
                error.offset,
            );
            None
        }
    }
}
