//! `States.JsonToString(value)`: a value's compact JSON text.
//!
//! Source: Step Functions developer guide, "Intrinsic for generic operations".

use super::argument::{Arguments, MAX_RESULT_BYTES};
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let value = arguments.get(0)?;
    if value.text_len() > MAX_RESULT_BYTES {
        return Err(format!("the text is longer than {MAX_RESULT_BYTES} bytes"));
    }
    Ok(value.to_string().into())
}
