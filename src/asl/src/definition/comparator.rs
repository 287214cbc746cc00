//! The comparators of JSONPath Choice rules: names and operands.
//!
//! Source: States Language, "Choice State", table of comparison operators.

use std::sync::Arc;

use super::compiler::Compiler;
use super::diagnostic::code;
use super::fields::Fields;
use super::place::Place;
use super::template::looks_like_a_query;
use super::values::{fixed_timestamp, wrong_type};
use crate::states::comparator::{Comparator, Operand, Ordering};
use crate::value::Value;

/// The orders by the end of a comparator's name; longer ends first.
const ORDERS: [(&str, Ordering); 5] = [
    ("LessThanEquals", Ordering::LessThanEquals),
    ("GreaterThanEquals", Ordering::GreaterThanEquals),
    ("LessThan", Ordering::LessThan),
    ("GreaterThan", Ordering::GreaterThan),
    ("Equals", Ordering::Equals),
];

/// What a comparator's name asks for.
#[derive(Clone, Copy)]
enum Operator {
    Boolean,
    Numeric(Ordering),
    String(Ordering),
    Timestamp(Ordering),
    StringMatches,
    Is(fn(bool) -> Comparator),
}

/// Whether a field of a Choice rule is a comparator.
pub(super) fn is_comparator(name: &str) -> bool {
    operator(name).is_some()
}

fn operator(name: &str) -> Option<(Operator, bool)> {
    let is: fn(bool) -> Comparator = match name {
        "IsNull" => Comparator::IsNull,
        "IsPresent" => Comparator::IsPresent,
        "IsNumeric" => Comparator::IsNumeric,
        "IsString" => Comparator::IsString,
        "IsBoolean" => Comparator::IsBoolean,
        "IsTimestamp" => Comparator::IsTimestamp,
        "StringMatches" => return Some((Operator::StringMatches, false)),
        _ => return ordered_operator(name),
    };
    Some((Operator::Is(is), false))
}

fn ordered_operator(name: &str) -> Option<(Operator, bool)> {
    let (stem, by_path) = match name.strip_suffix("Path") {
        Some(stem) => (stem, true),
        None => (name, false),
    };
    let (kind, ordering) = ORDERS
        .iter()
        .find_map(|(end, ordering)| Some((stem.strip_suffix(end)?, *ordering)))?;
    let operator = match kind {
        "Boolean" if ordering == Ordering::Equals => Operator::Boolean,
        "Numeric" => Operator::Numeric(ordering),
        "String" => Operator::String(ordering),
        "Timestamp" => Operator::Timestamp(ordering),
        _ => return None,
    };
    Some((operator, by_path))
}

/// Compiles the comparator `name` with its operand.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    name: &str,
) -> Option<Comparator> {
    let (operator, by_path) = operator(name)?;
    let value = fields.get(name)?;
    let place = fields.place.member(name);
    let site = Site {
        fields,
        name,
        place,
        value,
        by_path,
    };
    Some(match operator {
        Operator::Boolean => Comparator::Boolean(site.operand(compiler, boolean)?),
        Operator::Numeric(order) => Comparator::Numeric(
            order,
            site.operand(compiler, |compiler, place, value| {
                if value.as_number().is_none() {
                    wrong_type(compiler, place, "Number", value);
                }
                value.as_number()
            })?,
        ),
        Operator::String(order) => Comparator::String(order, site.operand(compiler, string)?),
        Operator::Timestamp(order) => {
            Comparator::Timestamp(order, site.operand(compiler, fixed_timestamp)?)
        }
        Operator::StringMatches => Comparator::StringMatches(string(compiler, &site.place, value)?),
        Operator::Is(comparator) => comparator(boolean(compiler, &site.place, value)?),
    })
}

/// Where an operand stands.
struct Site<'a> {
    fields: &'a Fields<'a>,
    name: &'a str,
    place: Place<'a>,
    value: &'a Value,
    by_path: bool,
}

impl Site<'_> {
    fn operand<T>(
        &self,
        compiler: &mut Compiler<'_>,
        fixed: impl FnOnce(&mut Compiler<'_>, &Place<'_>, &Value) -> Option<T>,
    ) -> Option<Operand<T>> {
        if self.by_path {
            return self.fields.path(compiler, self.name).map(Operand::Path);
        }
        fixed(compiler, &self.place, self.value).map(Operand::Fixed)
    }
}

fn boolean(compiler: &mut Compiler<'_>, place: &Place<'_>, value: &Value) -> Option<bool> {
    if value.as_bool().is_none() {
        wrong_type(compiler, place, "Boolean", value);
    }
    value.as_bool()
}

fn string(compiler: &mut Compiler<'_>, place: &Place<'_>, value: &Value) -> Option<Arc<str>> {
    let Value::String(text) = value else {
        wrong_type(compiler, place, "String", value);
        return None;
    };
    if looks_like_a_query(text) {
        compiler.warn(
            code::NO_PATH,
            place,
            format!("'{text}' looks like a path, but is compared as text: the name does not end with 'Path'"),
        );
    }
    Some(text.clone())
}

#[cfg(test)]
mod tests {
    use super::is_comparator;
    use rstest::rstest;

    #[rstest]
    #[case("StringEquals", true)]
    #[case("StringEqualsPath", true)]
    #[case("StringMatches", true)]
    #[case("StringMatchesPath", false)]
    #[case("BooleanEqualsPath", true)]
    #[case("BooleanLessThan", false)]
    #[case("NumericGreaterThanEqualsPath", true)]
    #[case("TimestampLessThan", true)]
    #[case("IsPresent", true)]
    #[case("IsPresentPath", false)]
    #[case("Equals", false)]
    fn comparators_are_known_by_name(#[case] name: &str, #[case] expected: bool) {
        assert_eq!(is_comparator(name), expected);
    }
}
