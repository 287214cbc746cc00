//! Reading YAML 1.2 (core schema): `on` and `y` stay texts. Merge keys (`<<`) are unfolded.
//!
//! Source: YAML 1.2.2, section 10.3 "Core Schema".

use std::borrow::Cow;

use serde::de::DeserializeSeed;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{DefaultMessageFormatter, Error, MessageFormatter as _};

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

fn unread(text: &str, error: &Error) -> Diagnostic {
    let offset = error
        .location()
        .and_then(|place| offset_of(text, place.line(), place.column()))
        .unwrap_or_default();
    let message = message(error);
    let message = message.lines().next().unwrap_or_default();
    unreadable(text, &format!("Invalid YAML: {message}"), offset)
}

fn message(error: &Error) -> Cow<'_, str> {
    match error {
        Error::AliasError { error, .. } => message(error),
        Error::Budget { breach, .. } => limit(breach).into(),
        other => DefaultMessageFormatter.format_message(other),
    }
}

fn limit(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Documents { .. } => {
            "expected one definition, but another document begins".to_owned()
        }
        BudgetBreach::Depth { .. } => format!("nested in more than {MAX_DEPTH} levels"),
        BudgetBreach::Nodes { .. } => {
            format!("more than {MAX_VALUES} values, with those that aliases repeat")
        }
        BudgetBreach::ScalarBytes { .. } => {
            format!("more than {MAX_BYTES} bytes of text, with what aliases repeat")
        }
        _ => "more anchors and aliases than can be followed".to_owned(),
    }
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
        max_anchors: MAX_VALUES,
        max_aliases: MAX_VALUES,
        max_merge_keys: MAX_VALUES,
        // One anchor may be used often; bombs are stopped by what they unfold to.
        enforce_alias_anchor_ratio: false,
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::read;

    fn bomb() -> String {
        let level = |level: usize| {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            format!("a{level}: &a{level} [{aliases}]\n")
        };
        let levels: String = (1..20).map(level).collect();
        format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{levels}")
    }

    /// Deep values take much of the stack in unoptimized builds.
    fn refusal(text: &str) -> String {
        let read = || read(text).err().unwrap().message;
        std::thread::scope(|scope| {
            let builder = std::thread::Builder::new().stack_size(16 * 1024 * 1024);
            let reader = builder.spawn_scoped(scope, read).unwrap();
            reader.join().unwrap()
        })
    }

    #[test]
    fn an_anchor_may_be_used_often() {
        let text = format!("a: &a x\nb: [{}]", "*a, ".repeat(1_000));
        let value = read(&text).map(|read| read.value.to_string()).unwrap();
        assert_eq!(value.matches("\"x\"").count(), 1_001);
    }

    #[rstest]
    #[case::documents(
        "a: 1\n---\nb: 2",
        "expected one definition, but another document begins"
    )]
    #[case::depth(
        &format!("a: {}{}", "[".repeat(200), "]".repeat(200)),
        "nested in more than 128 levels"
    )]
    #[case::values(
        &format!("a: [{}]", "1,".repeat(260_000)),
        "more than 250000 values, with those that aliases repeat"
    )]
    #[case::bomb(&bomb(), "more than 250000 values, with those that aliases repeat")]
    #[case::text(
        &format!("a: &a {}\nb: [*a, *a]", "x".repeat(600_000)),
        "more than 1048576 bytes of text, with what aliases repeat"
    )]
    fn a_limit_is_told_in_words(#[case] text: &str, #[case] expected: &str) {
        let message = refusal(text);
        let expected = format!("Invalid YAML: {expected} (line ");
        assert!(message.starts_with(&expected), "{message}");
    }
}
