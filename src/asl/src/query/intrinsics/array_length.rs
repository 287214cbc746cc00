//! `States.ArrayLength(array)`: how many items the array has.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let length = arguments.array(0)?.len();
    i64::try_from(length)
        .map(Value::from)
        .map_err(|_| "the array is too long".to_owned())
}
