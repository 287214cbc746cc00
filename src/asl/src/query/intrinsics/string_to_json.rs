//! `States.StringToJson(text)`: the value of a JSON text; of a blank text `null`.
//!
//! Source: Step Functions developer guide, "Intrinsic for generic operations".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::{self, Value};

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let text = arguments.string(0)?;
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    value::parse(text).map_err(|error| format!("the text is not JSON: {error}"))
}
