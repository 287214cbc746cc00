//! `States.Array(value…)`: an array of the values.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    Ok(arguments.all().to_vec().into())
}
