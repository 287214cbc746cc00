//! Timestamps in definitions.
//!
//! Source: States Language, "Timestamps".

use jiff::Timestamp;

use super::compiler::Compiler;
use super::fields::wrong_type;
use super::place::Place;
use crate::value::Value;

/// A timestamp as written.
pub(super) fn fixed(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
) -> Option<Timestamp> {
    let Value::String(text) = value else {
        wrong_type(compiler, place, "String", value);
        return None;
    };
    let timestamp = parse(text);
    if timestamp.is_none() {
        compiler.error(place, "String does not match RFC3339 timestamp");
    }
    timestamp
}

/// RFC 3339 with a capital `T`, and a zone that is a capital `Z` or an offset.
fn parse(text: &str) -> Option<Timestamp> {
    let zone = text.get(19..)?;
    let has_shape = text.as_bytes().get(10) == Some(&b'T');
    let has_zone = zone.ends_with('Z') || zone.contains(['+', '-']);
    (has_shape && has_zone).then(|| text.parse().ok()).flatten()
}
