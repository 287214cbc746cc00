//! `States.MathAdd(first, second)`: the sum of two integers. Numbers with a fraction are
//! rounded first, halves up.
//!
//! Source: Step Functions developer guide, "Intrinsics for math operations".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let first = arguments.integer(0)?;
    let second = arguments.integer(1)?;
    first
        .checked_add(second)
        .map(Value::from)
        .ok_or_else(|| format!("the sum of {first} and {second} is no integer of 64 bits"))
}
