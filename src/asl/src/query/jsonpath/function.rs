//! The functions that can end a path: `$.items.length()`.
//!
//! Source: the JSONPath implementation whose dialect Step Functions speaks (Jayway), section
//! "Functions".

use crate::value::{Number, Value};

/// A function at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Length,
    Keys,
    First,
    Last,
    Min,
    Max,
    Sum,
    Avg,
    StdDev,
}

impl Function {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "length" | "size" => Self::Length,
            "keys" => Self::Keys,
            "first" => Self::First,
            "last" => Self::Last,
            "min" => Self::Min,
            "max" => Self::Max,
            "sum" => Self::Sum,
            "avg" => Self::Avg,
            "stddev" => Self::StdDev,
            _ => return None,
        })
    }

    /// What applying it to `value` takes, in steps of the path's budget.
    pub(super) fn cost(self, value: &Value) -> usize {
        match (self, value) {
            (Self::Length, Value::String(text)) => text.len() / 16,
            (Self::Keys, Value::Object(object)) => object.len(),
            (Self::Length | Self::Keys | Self::First | Self::Last, _) => 0,
            (_, Value::Array(array)) => array.items().len() / 16,
            _ => 0,
        }
    }

    /// The function's value for what the path found; `None` where it has none.
    pub(super) fn apply(self, value: &Value) -> Option<Value> {
        match self {
            Self::Length => length(value),
            Self::Keys => {
                let members = value.as_object()?.members();
                let names = members.iter().map(|(name, _)| Value::from(name.clone()));
                Some(names.collect::<Vec<_>>().into())
            }
            Self::First => value.as_array()?.first().cloned(),
            Self::Last => value.as_array()?.last().cloned(),
            Self::Min | Self::Max | Self::Sum | Self::Avg | Self::StdDev => {
                self.aggregate(&numbers(value)?).and_then(float)
            }
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn aggregate(self, numbers: &[f64]) -> Option<f64> {
        if numbers.is_empty() {
            return None;
        }
        let count = numbers.len() as f64;
        let sum: f64 = numbers.iter().sum();
        Some(match self {
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Avg => sum / count,
            Self::StdDev => {
                let mean = sum / count;
                let squares: f64 = numbers.iter().map(|n| (n - mean) * (n - mean)).sum();
                (squares / count).sqrt()
            }
            _ => sum,
        })
    }
}

fn length(value: &Value) -> Option<Value> {
    let length = match value {
        Value::Array(array) => array.items().len(),
        Value::Object(object) => object.len(),
        Value::String(string) => string.chars().count(),
        _ => return None,
    };
    i64::try_from(length).ok().map(Value::from)
}

fn numbers(value: &Value) -> Option<Vec<f64>> {
    let items = value.as_array()?;
    Some(
        items
            .iter()
            .filter_map(|item| item.as_number().map(Number::as_f64))
            .collect(),
    )
}

fn float(value: f64) -> Option<Value> {
    Number::from_f64(value).map(Value::Number)
}
