//! Reading JSON.

use serde::de::DeserializeSeed;

use super::reader::Reader;
use super::{Read, unreadable};
use crate::definition::diagnostic::Diagnostic;

/// Reads JSON text. serde_json refuses nesting beyond 128 levels.
pub(super) fn read(text: &str) -> Result<Read, Diagnostic> {
    let body = text.trim_start_matches('\u{feff}');
    let reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_str(body);
    let value = reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            let skipped = text.len() - body.len();
            let offset = skipped + offset_of(body, error.line(), error.column());
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            let message = message.get(..end).unwrap_or(&message);
            unreadable(text, &format!("Invalid JSON: {message}"), offset)
        })?;
    Ok(Read {
        value,
        problems: reader.problems(),
    })
}

/// serde_json counts columns in bytes, from 1.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let lines = text.split_inclusive('\n').take(line.saturating_sub(1));
    let line_start: usize = lines.map(str::len).sum();
    line_start
        .saturating_add(column.saturating_sub(1))
        .min(text.len())
}
