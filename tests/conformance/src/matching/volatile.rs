//! The parts of a recording that were replaced, and by what.

use std::collections::HashSet;
use std::sync::LazyLock;

use asl::Value;
use regex::{NoExpand, Regex};

use crate::Case;
use crate::json;

/// A numbered placeholder, such as `<uuid:1>`, `<ArnPart_0idx>`, or one of those without number.
#[allow(clippy::unwrap_used, reason = "a constant pattern")]
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"<<[A-Za-z][\w-]*>:\d+>|<[A-Za-z][\w-]*:\d+>|<[A-Za-z]\w*_\d+idx>",
        r"|<(?:region|partition|request_id|extended_request_id|start-time|entered-time)>",
        r"|<execution-id-\w+>"
    ))
    .unwrap()
});

/// A date-time with zone, in the range of dates that exist.
#[allow(clippy::unwrap_used, reason = "a constant pattern")]
static DATE_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])",
        r"T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-][01]\d:[0-5]\d)"
    ))
    .unwrap()
});

/// Texts that stand for an ARN of the role of the execution.
const ROLE_NAMES: [&str; 2] = ["snf_role_arn", "sfn_role_arn"];

/// HTTP metadata whose values were replaced by their names.
const NAMED_AFTER_THEIR_KEY: [&str; 3] = ["x-amzn-RequestId", "X-Amzn-Trace-Id", "RequestId"];

/// What a case says of its replaced parts.
#[derive(Debug)]
pub(super) struct Volatile {
    /// Replaced wherever the pattern was found. Where the recorder's pattern does not match, as for
    /// account numbers, the replacement is a placeholder like the numbered ones.
    patterns: Vec<(Regex, String)>,
    /// What the values at some paths were replaced by: in those places anything may stand.
    at_paths: HashSet<String>,
    /// Whether AWS could not redrive executions yet.
    before_redrive: bool,
}

/// The month in which AWS introduced redrive, and `RedriveCount` in the context object.
const REDRIVE: (u16, u8) = (2023, 11);

impl Volatile {
    pub(super) fn of(case: &Case) -> Self {
        let mut volatile = Self {
            patterns: Vec::new(),
            at_paths: HashSet::new(),
            before_redrive: case.recorded_month().is_some_and(|month| month < REDRIVE),
        };
        for transformer in json::items(&case.data, "transformers") {
            let Some(replacement) = json::text(transformer, "replacement") else {
                continue;
            };
            let pattern = json::text(transformer, "regex");
            if let Some(pattern) = pattern.and_then(|pattern| Regex::new(pattern).ok()) {
                volatile.patterns.push((pattern, replacement.to_owned()));
            }
            if transformer.get("jsonpath").is_some() {
                volatile.at_paths.insert(replacement.to_owned());
            }
        }
        volatile
    }

    /// A text with the recorder's replacements made in it. The recorder made them in the JSON text
    /// of everything, so that patterns may speak of escaped quotes.
    pub(super) fn replace(&self, text: &str) -> String {
        let mut encoded = Value::from(text).to_string();
        for (pattern, replacement) in &self.patterns {
            encoded = pattern
                .replace_all(&encoded, NoExpand(replacement))
                .into_owned();
        }
        let encoded = DATE_TIME.replace_all(&encoded, "date");
        match asl::value::parse(&encoded) {
            Ok(Value::String(replaced)) => replaced.to_string(),
            _ => text.to_owned(),
        }
    }

    /// Whether AWS had no such member yet when the recording was made.
    pub(super) fn is_newer_than_recording(&self, member: &str) -> bool {
        self.before_redrive && member == "RedriveCount"
    }

    /// Whether the recorded text replaced a value whatever it was.
    pub(super) fn stands_for_anything(&self, place: &str, expected: &str, got: &Value) -> bool {
        let key = place.rsplit('/').next().unwrap_or_default();
        let is_time = key.to_ascii_lowercase().contains("timestamp");
        let scalar = matches!(got, Value::String(_) | Value::Number(_));
        self.at_paths.contains(expected)
            || expected == "timestamp" && is_time && scalar
            || expected == "datetime" && scalar
            || expected == key && NAMED_AFTER_THEIR_KEY.contains(&key)
            || expected == "date" && key == "Date"
            || ROLE_NAMES.contains(&expected) && got.as_str().is_some_and(is_role)
    }

    /// A text's part before its first placeholder, the placeholder, and the part behind it.
    pub(super) fn split_at_placeholder<'t>(
        &self,
        text: &'t str,
    ) -> Option<(&'t str, &'t str, &'t str)> {
        let numbered = PLACEHOLDER.find(text).map(|found| found.range());
        let own = self
            .patterns
            .iter()
            .filter(|(_, replacement)| is_placeholder(replacement))
            .filter_map(|(_, name)| Some((text.find(name)?, name.len())))
            .map(|(start, length)| start..start + length);
        let found = own.chain(numbered).min_by_key(|range| range.start)?;
        let (before, rest) = text.split_at_checked(found.start)?;
        let (placeholder, after) = rest.split_at_checked(found.len())?;
        Some((before, placeholder, after))
    }
}

fn is_placeholder(replacement: &str) -> bool {
    replacement.starts_with('<') && replacement.ends_with('>')
}

fn is_role(text: &str) -> bool {
    ROLE_NAMES.contains(&text) || text.contains(":role/")
}
