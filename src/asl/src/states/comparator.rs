//! The comparators of JSONPath Choice rules, by what they compare. Each name is with the variant of
//! [`Comparator`] that it is compiled to; those with a `Path` at their end find their operand in
//! the input.
//!
//! Source: States Language, "Choice State", table of comparison operators.

use std::sync::Arc;

use jiff::Timestamp;

use crate::errors::{Fault, RUNTIME};
use crate::machine::stage::{Given, Stage};
use crate::query::{Path, QueryError};
use crate::value::{Number, Value};

/// A comparison with its operand.
#[derive(Debug)]
pub enum Comparator {
    /// `BooleanEquals`, `BooleanEqualsPath`
    Boolean(Operand<bool>),
    /// `NumericEquals`, `NumericLessThan`, `NumericGreaterThan`, `NumericLessThanEquals`,
    /// `NumericGreaterThanEquals`, and each of them with `Path` at its end
    Numeric(Ordering, Operand<Number>),
    /// `StringEquals`, `StringLessThan`, `StringGreaterThan`, `StringLessThanEquals`,
    /// `StringGreaterThanEquals`, and each of them with `Path` at its end
    String(Ordering, Operand<Arc<str>>),
    /// `TimestampEquals`, `TimestampLessThan`, `TimestampGreaterThan`, `TimestampLessThanEquals`,
    /// `TimestampGreaterThanEquals`, and each of them with `Path` at its end
    Timestamp(Ordering, Operand<Timestamp>),
    /// `StringMatches`: `*` stands for any text, `\*` for a star.
    StringMatches(Arc<str>),
    /// `IsNull`
    IsNull(bool),
    /// `IsPresent`
    IsPresent(bool),
    /// `IsNumeric`
    IsNumeric(bool),
    /// `IsString`
    IsString(bool),
    /// `IsBoolean`
    IsBoolean(bool),
    /// `IsTimestamp`
    IsTimestamp(bool),
}

/// What is compared with.
#[derive(Debug)]
pub enum Operand<T> {
    /// As written.
    Fixed(T),
    /// `…Path`
    Path(Path),
}

/// Which order is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ordering {
    /// `…Equals`
    Equals,
    /// `…LessThan`
    LessThan,
    /// `…LessThanEquals`
    LessThanEquals,
    /// `…GreaterThan`
    GreaterThan,
    /// `…GreaterThanEquals`
    GreaterThanEquals,
}

impl Comparator {
    /// Compares the value of `variable`. A value of another kind than asked for does not match.
    pub(crate) fn holds(
        &self,
        stage: &Stage<'_>,
        input: &Value,
        variable: &Path,
    ) -> Result<bool, Fault> {
        if let Self::IsPresent(expected) = self {
            let found = stage.query(input, Given::default(), |scope| variable.find(scope))?;
            return Ok(found.is_some() == *expected);
        }
        let value = stage.query(input, Given::default(), |scope| {
            variable.find(scope)?.ok_or_else(|| invalid_path(variable))
        })?;
        Ok(match self {
            Self::Boolean(operand) => {
                let operand = operand.read(stage, input, Value::as_bool)?;
                matches_both(value.as_bool(), operand, |a, b| a == b)
            }
            Self::Numeric(order, operand) => {
                let operand = operand.read(stage, input, Value::as_number)?;
                matches_both(value.as_number(), operand, |a, b| order.holds(&a, &b))
            }
            Self::String(order, operand) => {
                let operand = operand.read(stage, input, text)?;
                matches_both(text(&value), operand, |a, b| order.holds(&*a, &*b))
            }
            Self::Timestamp(order, operand) => {
                let operand = operand.read(stage, input, timestamp)?;
                matches_both(timestamp(&value), operand, |a, b| order.holds(&a, &b))
            }
            Self::StringMatches(pattern) => value
                .as_str()
                .is_some_and(|text| string_matches(text, pattern)),
            Self::IsNull(expected) => (value == Value::Null) == *expected,
            Self::IsNumeric(expected) => value.as_number().is_some() == *expected,
            Self::IsString(expected) => value.as_str().is_some() == *expected,
            Self::IsBoolean(expected) => value.as_bool().is_some() == *expected,
            Self::IsTimestamp(expected) => timestamp(&value).is_some() == *expected,
            Self::IsPresent(_) => false,
        })
    }
}

fn invalid_path(variable: &Path) -> QueryError {
    QueryError::new(
        RUNTIME,
        format!(
            "Invalid path '{}': The choice state's condition path references an invalid value.",
            variable.text()
        ),
    )
}

fn matches_both<T>(
    value: Option<T>,
    operand: Option<T>,
    compare: impl FnOnce(T, T) -> bool,
) -> bool {
    match (value, operand) {
        (Some(value), Some(operand)) => compare(value, operand),
        _ => false,
    }
}

impl<T: Clone> Operand<T> {
    fn read(
        &self,
        stage: &Stage<'_>,
        input: &Value,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        match self {
            Self::Fixed(operand) => Ok(Some(operand.clone())),
            Self::Path(path) => stage
                .query(input, Given::default(), |scope| {
                    path.find(scope)?.ok_or_else(|| invalid_path(path))
                })
                .map(|value| read(&value)),
        }
    }
}

impl Ordering {
    fn holds<T: PartialOrd + ?Sized>(self, a: &T, b: &T) -> bool {
        match self {
            Self::Equals => a == b,
            Self::LessThan => a < b,
            Self::LessThanEquals => a <= b,
            Self::GreaterThan => a > b,
            Self::GreaterThanEquals => a >= b,
        }
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

fn timestamp(value: &Value) -> Option<Timestamp> {
    super::wait::parse_timestamp(value.as_str()?)
}

/// `StringMatches`: `*` stands for any text, a backslash takes the next character as it is.
fn string_matches(text: &str, pattern: &str) -> bool {
    let pieces = pieces(pattern);
    let Some((first, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    let Some(mut text) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text.is_empty();
    };
    for piece in middle {
        match text.find(piece.as_str()) {
            Some(at) => text = text.get(at + piece.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    text.ends_with(last.as_str())
}

/// The literal texts between the stars of a pattern.
fn pieces(pattern: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            '*' => {
                pieces.push(String::new());
                continue;
            }
            '\\' => characters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(piece) = pieces.last_mut() {
            piece.push(literal);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::{Ordering, string_matches};
    use rstest::rstest;

    #[rstest]
    #[case("foo23.log", "foo*.log", true)]
    #[case("zebra.log", "*.log", true)]
    #[case("foobar.zebra", "foo*.*", true)]
    #[case("a*b", r"a\*b", true)]
    #[case("axb", r"a\*b", false)]
    #[case("aa", "a*a", true)]
    #[case("a", "a*a", false)]
    #[case("", "*", true)]
    #[case("abc", "abc", true)]
    #[case("abcd", "abc", false)]
    #[case("abcbc", "a*bc", true)]
    fn string_matches_takes_a_star_for_any_text(
        #[case] text: &str,
        #[case] pattern: &str,
        #[case] expected: bool,
    ) {
        assert_eq!(string_matches(text, pattern), expected);
    }

    #[rstest]
    #[case(Ordering::Equals, false)]
    #[case(Ordering::LessThan, true)]
    #[case(Ordering::LessThanEquals, true)]
    #[case(Ordering::GreaterThan, false)]
    #[case(Ordering::GreaterThanEquals, false)]
    fn strings_are_ordered_by_code_unit(#[case] order: Ordering, #[case] expected: bool) {
        assert_eq!(order.holds("B", "a"), expected);
    }
}
