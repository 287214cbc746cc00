//! Compares what came out with what was recorded, placeholders and all.
//!
//! The recordings have volatile parts replaced (see the corpus' README). Each replacement is
//! either a text that stands for anything in its place, or a numbered placeholder such as
//! `<uuid:2>`, which stands for one value wherever it recurs.

mod placeholder;
mod volatile;

use asl::Value;
use asl::value::{Number, Object};

use crate::Case;
use placeholder::Bindings;
use volatile::Volatile;

/// One place where what came out is not what was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where, such as `/history/3/id`.
    pub place: String,
    /// What was recorded; `None` where nothing was.
    pub expected: Option<Value>,
    /// What came out; `None` where nothing did.
    pub got: Option<Value>,
}

/// Compares values of one case: what a placeholder stood for once, it stands for everywhere.
#[derive(Debug, Clone)]
pub struct Matcher<'a> {
    volatile: &'a Rules,
    bindings: Bindings,
}

/// What a case says about its replaced parts.
#[derive(Debug)]
pub struct Rules(Volatile);

impl Rules {
    /// The rules of a case.
    #[must_use]
    pub fn of(case: &Case) -> Self {
        Self(Volatile::of(case))
    }
}

/// Whether texts that start with `{` may still have been parsed by the recorder, which it did
/// for the fields of events and answers, and not again inside what it parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    Field,
    Inside,
}

impl<'a> Matcher<'a> {
    /// A matcher that has seen nothing yet.
    #[must_use]
    pub fn new(rules: &'a Rules) -> Self {
        Self {
            volatile: rules,
            bindings: Bindings::default(),
        }
    }

    /// The differences between a recorded value and what came out.
    pub fn compare(&mut self, place: &str, expected: &Value, got: &Value) -> Vec<Difference> {
        let mut differences = Vec::new();
        self.value(place, expected, got, Depth::Field, &mut differences);
        differences
    }

    fn value(
        &mut self,
        place: &str,
        expected: &Value,
        got: &Value,
        depth: Depth,
        differences: &mut Vec<Difference>,
    ) {
        let same = match (expected, got) {
            (Value::Object(expected), Value::Object(got)) => {
                return self.members(place, expected, got, depth, differences);
            }
            (Value::Array(expected), Value::Array(got))
                if expected.items().len() == got.items().len() =>
            {
                for (index, (expected, got)) in expected.items().iter().zip(got.items()).enumerate()
                {
                    self.value(
                        &format!("{place}/{index}"),
                        expected,
                        got,
                        depth,
                        differences,
                    );
                }
                return;
            }
            (Value::Object(_), Value::String(text)) if depth == Depth::Field => {
                if let Ok(parsed @ Value::Object(_)) = asl::value::parse(text) {
                    return self.value(place, expected, &parsed, Depth::Inside, differences);
                }
                false
            }
            (Value::String(expected), Value::String(got)) => self.text(place, expected, got, depth),
            (Value::String(expected), got) => {
                self.volatile.0.stands_for_anything(place, expected, got)
            }
            (Value::Number(expected), Value::Number(got)) => same_number(*expected, *got),
            (expected, got) => expected == got,
        };
        if !same {
            differences.push(difference(place, Some(expected), Some(got)));
        }
    }

    fn members(
        &mut self,
        place: &str,
        expected: &Object,
        got: &Object,
        depth: Depth,
        differences: &mut Vec<Difference>,
    ) {
        for (name, value) in expected.members() {
            let place = format!("{place}/{name}");
            match got.get(name).or_else(|| self.renamed(got, name)) {
                Some(got) => self.value(&place, value, got, depth, differences),
                None => differences.push(difference(&place, Some(value), None)),
            }
        }
        for (name, value) in got.members() {
            let canonical = self.volatile.0.replace(name);
            let is_known = expected.get(name).is_some() || expected.get(&canonical).is_some();
            if !is_known && !self.volatile.0.is_newer_than_recording(name) {
                let place = format!("{place}/{name}");
                differences.push(difference(&place, None, Some(value)));
            }
        }
    }

    /// The member whose name is the recorded one once the case's replacements are made in it.
    fn renamed<'v>(&self, got: &'v Object, name: &str) -> Option<&'v Value> {
        let mut members = got.members().iter();
        members
            .find(|(own, _)| self.volatile.0.replace(own) == name)
            .map(|(_, value)| value)
    }

    fn text(&mut self, place: &str, expected: &str, got: &str, depth: Depth) -> bool {
        if expected == got {
            return true;
        }
        let got_value = Value::from(got);
        if self
            .volatile
            .0
            .stands_for_anything(place, expected, &got_value)
        {
            return true;
        }
        let replaced = self.volatile.0.replace(got);
        expected == replaced
            || self.bindings.matches(expected, &replaced, &self.volatile.0)
            || self.bindings.matches(expected, got, &self.volatile.0)
            || depth == Depth::Field && self.json_text(place, expected, got)
    }

    /// Payloads are JSON text, of which AWS writes some with other separators or another order of
    /// members than others.
    fn json_text(&mut self, place: &str, expected: &str, got: &str) -> bool {
        let container = |text: &str| {
            asl::value::parse(text)
                .ok()
                .filter(|value| matches!(value, Value::Array(_) | Value::Object(_)))
        };
        let (Some(expected), Some(got)) = (container(expected), container(got)) else {
            return false;
        };
        let mut attempt = self.clone();
        let mut differences = Vec::new();
        attempt.value(place, &expected, &got, Depth::Inside, &mut differences);
        if differences.is_empty() {
            *self = attempt;
        }
        differences.is_empty()
    }
}

/// Builds a difference.
#[must_use]
pub fn difference(place: &str, expected: Option<&Value>, got: Option<&Value>) -> Difference {
    Difference {
        place: place.to_owned(),
        expected: expected.cloned(),
        got: got.cloned(),
    }
}

/// Integers and doubles are told apart: `1` is not `1.0` in a payload's text.
fn same_number(expected: Number, got: Number) -> bool {
    match (expected, got) {
        (Number::Int(expected), Number::Int(got)) => expected == got,
        (Number::Float(_), Number::Float(_)) => expected == got,
        _ => false,
    }
}

#[cfg(test)]
mod tests;
