//! `States.Base64Decode(text)`: the text that a base64 text stands for.
//!
//! Source: Step Functions developer guide, "Intrinsics for data encoding and decoding".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let bytes = STANDARD
        .decode(arguments.short_string(0)?)
        .map_err(|error| format!("argument 1 is not base64: {error}"))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| "argument 1 does not stand for a text in UTF-8".to_owned())?;
    Ok(text.into())
}
