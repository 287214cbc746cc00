//! Reading YAML 1.2 (core schema): `on` and `y` stay texts. Merge keys (`<<`) are unfolded.
//!
//! Source: YAML 1.2.2, section 10.3 "Core Schema".

use serde::de::DeserializeSeed;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

use super::reader::Reader;
use super::{MAX_BYTES, MAX_DEPTH, Read, unreadable};
use crate::definition::diagnostic::Diagnostic;

/// The most values that a definition may unfold to: aliases make much out of little text.
const MAX_VALUES: usize = 250_000;

/// Reads YAML text.
pub(super) fn read(text: &str) -> Result<Read, Diagnostic> {
    let reader = Reader::default();
    let value = serde_saphyr::with_deserializer_from_str_with_options(text, options(), |yaml| {
        reader.deserialize(yaml)
    })
    .map_err(|error| unread(text, &error))?;
    Ok(Read {
        value,
        problems: reader.problems(),
    })
}

fn unread(text: &str, error: &serde_saphyr::Error) -> Diagnostic {
    let offset = error
        .location()
        .and_then(|place| offset_of(text, place.line(), place.column()))
        .unwrap_or_default();
    let message = error.to_string();
    let first_line = message.lines().next().unwrap_or_default();
    let end = first_line.rfind(" at line ").unwrap_or(first_line.len());
    let message = first_line.get(..end).unwrap_or(first_line);
    unreadable(text, &format!("Invalid YAML: {message}"), offset)
}

/// The byte at a line and a column, both counted from 1, the column in characters.
fn offset_of(text: &str, line: u64, column: u64) -> Option<usize> {
    let line = usize::try_from(line).ok()?.checked_sub(1)?;
    let column = usize::try_from(column).ok()?.checked_sub(1)?;
    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(before..)?;
    let inside = rest.char_indices().nth(column).map(|(at, _)| at);
    Some(before + inside.unwrap_or(rest.len()))
}

fn options() -> serde_saphyr::Options {
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        max_documents: 1,
        max_nodes: MAX_VALUES,
        max_total_scalar_bytes: MAX_BYTES,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::Reject,
        strict_booleans: true,
        underscored_numbers_as_strings: true,
        with_snippet: false,
    }
}
