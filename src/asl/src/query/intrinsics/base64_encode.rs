//! `States.Base64Encode(text)`: the text's UTF-8 bytes in base64.
//!
//! Source: Step Functions developer guide, "Intrinsics for data encoding and decoding".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    Ok(STANDARD.encode(arguments.short_string(0)?).into())
}
