//! `States.JsonToString(value)`: a value's compact JSON text.
//!
//! Source: Step Functions developer guide, "Intrinsic for generic operations".

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    Ok(arguments.get(0)?.to_string().into())
}
