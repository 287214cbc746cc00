//! Filters: `[?(@.price < 10 && @.name =~ /x.*/)]`.
//!
//! Source: the JSONPath implementation whose dialect Step Functions speaks (Jayway), section
//! "Filter operators".

use std::borrow::Cow;
use std::cmp::Ordering;

use super::budget::{Budget, Exhausted};
use super::pattern::Pattern;
use super::segment::Steps;
use super::select::resolve;
use crate::value::Value;

/// A condition on a candidate value.
#[derive(Debug)]
pub(super) enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// A path alone: whether it finds something.
    Exists(Operand),
    Compare(Operand, Comparison, Operand),
    /// `=~ /…/`
    Matches(Operand, Pattern),
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// `@…`: from the candidate
    Candidate(Steps),
    /// `$…`: from the root of the path
    Root(Steps),
}

/// A comparison's operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `in`: left is an item of right
    In,
    /// `nin`
    NotIn,
    /// `subsetof`: all items of left are items of right
    SubsetOf,
    /// `anyof`: some item of left is an item of right
    AnyOf,
    /// `noneof`
    NoneOf,
    /// `contains`: right is an item of left, or part of its text
    Contains,
    /// `size`: left has as many items or characters as right says
    Size,
    /// `empty`: whether left is empty, as right says
    Empty,
}

impl Filter {
    /// Whether the condition holds for `candidate`.
    pub(super) fn accepts(
        &self,
        candidate: &Value,
        root: &Value,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        budget.spend(1)?;
        Ok(match self {
            Self::And(all) => {
                for filter in all {
                    if !filter.accepts(candidate, root, budget)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Or(any) => {
                for filter in any {
                    if filter.accepts(candidate, root, budget)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(filter) => !filter.accepts(candidate, root, budget)?,
            Self::Exists(operand) => operand.exists(candidate, root, budget)?,
            Self::Compare(left, comparison, right) => {
                let left = left.value(candidate, root, budget)?;
                let right = right.value(candidate, root, budget)?;
                budget.spend(comparison.cost(left.as_deref(), right.as_deref()))?;
                comparison.holds(left.as_deref(), right.as_deref(), budget)?
            }
            Self::Matches(operand, pattern) => {
                let value = operand.value(candidate, root, budget)?;
                match value.as_deref().and_then(Value::as_str) {
                    Some(text) => pattern.matches(text, budget)?,
                    None => false,
                }
            }
        })
    }
}

impl Operand {
    fn value<'v>(
        &'v self,
        candidate: &'v Value,
        root: &'v Value,
        budget: &mut Budget,
    ) -> Result<Option<Cow<'v, Value>>, Exhausted> {
        match self {
            Self::Literal(value) => Ok(Some(Cow::Borrowed(value))),
            Self::Candidate(steps) => resolve(steps, candidate, root, budget),
            Self::Root(steps) => resolve(steps, root, root, budget),
        }
    }

    fn exists(
        &self,
        candidate: &Value,
        root: &Value,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        let found = self.value(candidate, root, budget)?;
        Ok(match (self, found) {
            (_, None) => false,
            (Self::Literal(value), _) => value.as_bool() == Some(true),
            (Self::Candidate(steps) | Self::Root(steps), Some(value)) => {
                steps.definite || value.as_array().is_none_or(|items| !items.is_empty())
            }
        })
    }
}

impl Comparison {
    /// What it takes, in steps, besides what it spends for the items of lists: a comparison ends
    /// with the smaller side, while a text is searched and counted whole.
    fn cost(self, left: Option<&Value>, right: Option<&Value>) -> usize {
        match (self, left) {
            (Self::Contains | Self::Size | Self::Empty, Some(Value::String(_))) => cost(left),
            _ => cost(left).min(cost(right)),
        }
    }

    fn holds(
        self,
        left: Option<&Value>,
        right: Option<&Value>,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        Ok(match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => order(left, right) == Some(Ordering::Less),
            Self::Greater => order(left, right) == Some(Ordering::Greater),
            Self::LessOrEqual => left == right || order(left, right) == Some(Ordering::Less),
            Self::GreaterOrEqual => left == right || order(left, right) == Some(Ordering::Greater),
            Self::In => is_item(left, right, budget)?,
            Self::NotIn => !is_item(left, right, budget)?,
            Self::SubsetOf => count_common(left, right, budget)?
                .is_some_and(|common| Some(common) == items(left).map(<[Value]>::len)),
            Self::AnyOf => count_common(left, right, budget)?.is_some_and(|common| common > 0),
            Self::NoneOf => count_common(left, right, budget)? == Some(0),
            Self::Contains => match (left, right) {
                (Some(Value::String(text)), Some(Value::String(part))) => text.contains(&**part),
                _ => is_item(right, left, budget)?,
            },
            Self::Size => size(left) == right.and_then(Value::as_i64),
            Self::Empty => {
                size(left).map(|size| size == 0)
                    == Some(right.and_then(Value::as_bool) != Some(false))
            }
        })
    }
}

/// What comparing a value takes, in steps: its size, where it is not a scalar.
fn cost(value: Option<&Value>) -> usize {
    match value {
        Some(Value::String(text)) => text.len() / 16,
        Some(value @ (Value::Array(_) | Value::Object(_))) => value.text_len() / 16,
        _ => 0,
    }
}

fn order(left: Option<&Value>, right: Option<&Value>) -> Option<Ordering> {
    match (left?, right?) {
        (Value::Number(left), Value::Number(right)) => left.partial_cmp(right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn items(value: Option<&Value>) -> Option<&[Value]> {
    value.and_then(Value::as_array)
}

fn is_item(
    item: Option<&Value>,
    list: Option<&Value>,
    budget: &mut Budget,
) -> Result<bool, Exhausted> {
    let (Some(item), Some(list)) = (item, items(list)) else {
        return Ok(false);
    };
    budget.spend(list.len() + cost(Some(item)).saturating_mul(list.len()))?;
    Ok(list.contains(item))
}

/// How many items of `left` are items of `right`; `None` unless both are lists.
fn count_common(
    left: Option<&Value>,
    right: Option<&Value>,
    budget: &mut Budget,
) -> Result<Option<usize>, Exhausted> {
    let (Some(left), Some(right)) = (items(left), items(right)) else {
        return Ok(None);
    };
    budget.spend(left.len().saturating_mul(right.len()))?;
    Ok(Some(
        left.iter().filter(|item| right.contains(item)).count(),
    ))
}

fn size(value: Option<&Value>) -> Option<i64> {
    let size = match value? {
        Value::Array(array) => array.items().len(),
        Value::Object(object) => object.len(),
        Value::String(string) => string.chars().count(),
        _ => return None,
    };
    i64::try_from(size).ok()
}
