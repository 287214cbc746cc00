//! `States.StringToJson(text)`: the value of a JSON text; of a blank text `null`.
//!
//! Source: Step Functions developer guide, "Intrinsic for generic operations".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::{self, Value};

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let text = arguments.string(0)?;
    match text.trim() {
        "" => Ok(Value::Null),
        // An integer, which has no sign of its own; the parser would give the double -0.0.
        "-0" => Ok(Value::from(0)),
        _ => value::parse(text).map_err(|error| format!("the text is not JSON: {error}")),
    }
}
