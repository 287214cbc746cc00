//! Regular expressions of filters: `@.name =~ /x.*/i`.
//!
//! Source: the JSONPath implementation whose dialect Step Functions speaks (Jayway), where a
//! pattern is one of Java's and matches all of a text: "Filter operators"; `java.util.regex.Pattern`,
//! "Predefined character classes".

use std::time::Duration;

use regex::{Regex, RegexBuilder};

use super::budget::{Budget, Exhausted};

/// The size that most patterns compile to.
const SMALL_BYTES: usize = 4 << 10;

/// The size to which a pattern may compile, so that `a{999}{999}` is refused. A class of Unicode's
/// letters (`\p{L}`) takes a fifth of it.
const MAX_BYTES: usize = 256 << 10;

/// What a pattern may remember of its matches, to be faster.
const CACHE_BYTES: usize = 128 << 10;

/// At worst, a match goes through all of the compiled pattern for each byte of the text: so many
/// bytes of it in a nanosecond.
const BYTES_PER_NANOSECOND: usize = 3;

/// A compiled pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// What a match takes at worst for each byte of the text.
    worst: Duration,
}

impl Pattern {
    /// Compiles `/pattern/flags`.
    pub(super) fn compile(pattern: &str, flags: &str) -> Result<Self, regex::Error> {
        let has_unicode_classes = flags.contains('U');
        let pattern = match has_unicode_classes {
            true => pattern.to_owned(),
            false => with_ascii_classes(pattern),
        };
        let mut builder = RegexBuilder::new(&format!("^(?:{pattern})$"));
        builder
            .case_insensitive(flags.contains('i'))
            .multi_line(flags.contains('m'))
            .dot_matches_new_line(flags.contains('s'))
            .dfa_size_limit(CACHE_BYTES);
        let mut bytes = SMALL_BYTES;
        // Nothing but the limit that is passed tells the size of a compiled pattern.
        loop {
            match builder.size_limit(bytes).build() {
                Err(regex::Error::CompiledTooBig(_)) if bytes < MAX_BYTES => bytes *= 2,
                Err(error) => return Err(error),
                Ok(regex) => return Ok(Self::new(regex, bytes)),
            }
        }
    }

    fn new(regex: Regex, bytes: usize) -> Self {
        let nanoseconds = u64::try_from(bytes / BYTES_PER_NANOSECOND).unwrap_or(u64::MAX);
        Self {
            regex,
            worst: Duration::from_nanos(nanoseconds),
        }
    }

    /// Whether the pattern matches all of `text`. A match is not begun that might not end in time,
    /// since nothing interrupts it.
    pub(super) fn matches(&self, text: &str, budget: &mut Budget) -> Result<bool, Exhausted> {
        budget.spend(text.len() / 16)?;
        let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
        budget.has_time_for(self.worst.saturating_mul(bytes))?;
        Ok(self.regex.is_match(text))
    }
}

/// The pattern with the classes that `\d`, `\w` and `\s` are in Java: of ASCII alone. Those of
/// Unicode are a hundred times larger.
fn with_ascii_classes(pattern: &str) -> String {
    let mut translated = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            translated.push(character);
            continue;
        }
        match characters.next() {
            Some('d') => translated.push_str("[0-9]"),
            Some('D') => translated.push_str("[^0-9]"),
            Some('w') => translated.push_str("[0-9A-Za-z_]"),
            Some('W') => translated.push_str("[^0-9A-Za-z_]"),
            Some('s') => translated.push_str(r"[\t\n\x0B\f\r ]"),
            Some('S') => translated.push_str(r"[^\t\n\x0B\f\r ]"),
            other => {
                translated.push('\\');
                translated.extend(other);
            }
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::{Budget, Pattern};

    #[rstest]
    #[case(r"\w+", "", "a_1", true)]
    #[case(r"\w+", "", "é", false)]
    #[case(r"\w+", "U", "é", true)]
    #[case(r"[\w.-]+", "", "a.b-c", true)]
    #[case(r"[^\d]+", "", "a1", false)]
    #[case(r"\D\S\W", "", "éé é", false)]
    #[case(r"\D\S\W", "", "é1é", true)]
    #[case(r"\s+", "", " \t\n", true)]
    #[case(r"\\w", "", r"\w", true)]
    #[case(r"\p{L}+ \p{L}+", "", "größe größe", true)]
    #[case("a.c", "", "a\nc", false)]
    #[case("A.C", "is", "a\nc", true)]
    fn a_pattern_matches_what_one_of_java_does(
        #[case] pattern: &str,
        #[case] flags: &str,
        #[case] text: &str,
        #[case] expected: bool,
    ) {
        let pattern = Pattern::compile(pattern, flags).unwrap();
        let mut budget = Budget::new(Duration::MAX);
        assert_eq!(pattern.matches(text, &mut budget).unwrap(), expected);
    }

    #[rstest]
    #[case(r"[\w.+-]+@[\w-]+\.[\w.-]+")]
    #[case(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")]
    #[case(r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:\d{12}:.*")]
    #[case(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    #[case(r".*\b(ERROR|WARN|FATAL)\b.*\s(timed? out|refused|unreachable).*")]
    fn a_pattern_of_usual_length_may_match_a_whole_payload(#[case] pattern: &str) {
        for flags in ["", "i"] {
            let worst = Pattern::compile(pattern, flags).unwrap().worst;
            assert!(worst * 256 * 1024 < Duration::from_secs(1), "{worst:?}");
        }
    }
}
