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
    .map_err(|error| {
        let place = error
            .location()
            .and_then(|place| place.span().byte_offset());
        let offset = place.and_then(|offset| usize::try_from(offset).ok());
        let message = error.to_string();
        let first_line = message.lines().next().unwrap_or_default();
        unreadable(
            text,
            &format!("Invalid YAML: {first_line}"),
            offset.unwrap_or_default(),
        )
    })?;
    Ok(Read {
        value,
        problems: reader.problems(),
    })
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
