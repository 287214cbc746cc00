//! `States.StringSplit(text, delimiters)`: the parts of the text between any of the delimiting
//! characters; empty parts are left out.
//!
//! Source: Step Functions developer guide, "Intrinsic for string manipulation".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let text = arguments.string(0)?;
    let mut delimiters: Vec<char> = arguments.string(1)?.chars().collect();
    // Sorted, so that many delimiters do not multiply with a long text.
    delimiters.sort_unstable();
    Ok(text
        .split(|character| delimiters.binary_search(&character).is_ok())
        .filter(|part| !part.is_empty())
        .map(Value::from)
        .collect::<Vec<_>>()
        .into())
}
