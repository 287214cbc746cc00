//! The comparators of JSONPath Choice rules.
//!
//! Source: States Language, "Choice State", table of comparison operators.

use std::sync::Arc;

use jiff::Timestamp;

use crate::query::Path;
use crate::value::Number;

/// A comparison with its operand.
#[derive(Debug)]
pub enum Comparator {
    /// `BooleanEquals`, `BooleanEqualsPath`
    Boolean(Operand<bool>),
    /// `NumericEquals`, `NumericLessThan` … and their `…Path`
    Numeric(Ordering, Operand<Number>),
    /// `StringEquals`, `StringLessThan` … and their `…Path`
    String(Ordering, Operand<Arc<str>>),
    /// `TimestampEquals`, `TimestampLessThan` … and their `…Path`
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
