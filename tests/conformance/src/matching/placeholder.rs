//! Numbered placeholders: the same placeholder stands for the same text everywhere.

use std::collections::HashMap;

use regex::Regex;

use super::volatile::Volatile;

/// What placeholders were found to stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Bindings(HashMap<String, String>);

impl Bindings {
    /// Whether `got` is `expected` with each placeholder replaced by some text, the text it
    /// already stands for where there is one. Remembers what it found, if so.
    pub(super) fn matches(&mut self, expected: &str, got: &str, volatile: &Volatile) -> bool {
        let mut pattern = String::from("(?s)^");
        let mut groups = Vec::new();
        let mut rest = expected;
        while let Some((before, placeholder, after)) = volatile.split_at_placeholder(rest) {
            pattern.push_str(&regex::escape(before));
            pattern.push_str(&self.group(placeholder));
            groups.push(placeholder);
            rest = after;
        }
        if groups.is_empty() {
            return false;
        }
        pattern.push_str(&regex::escape(rest));
        pattern.push('$');
        self.bind(&pattern, &groups, got)
    }

    /// A placeholder may also stand for itself: recorded answers of services contain it.
    fn group(&self, placeholder: &str) -> String {
        let known = match placeholder {
            "<region>" => Some("us-east-1"),
            "<partition>" => Some("aws"),
            _ => self.0.get(placeholder).map(String::as_str),
        };
        match known {
            Some(text) => format!("({}|{})", regex::escape(text), regex::escape(placeholder)),
            None => "(.+?)".to_owned(),
        }
    }

    fn bind(&mut self, pattern: &str, groups: &[&str], got: &str) -> bool {
        let Some(found) = Regex::new(pattern)
            .ok()
            .and_then(|pattern| pattern.captures(got))
        else {
            return false;
        };
        let mut bound = self.0.clone();
        for (index, placeholder) in groups.iter().enumerate() {
            let text = found.get(index + 1).map_or("", |text| text.as_str());
            if text == *placeholder {
                continue;
            }
            let known = bound
                .entry((*placeholder).to_owned())
                .or_insert_with(|| text.to_owned());
            if known != text {
                return false;
            }
        }
        self.0 = bound;
        true
    }
}
