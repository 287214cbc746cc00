//! `States.ArrayContains(array, value)`: whether the value is an item of the array.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    Ok(arguments.array(0)?.contains(arguments.get(1)?).into())
}
