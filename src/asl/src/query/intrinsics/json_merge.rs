//! `States.JsonMerge(first, second, false)`: the members of both objects; where both have a
//! member, the second's. Only the shallow merge exists.
//!
//! Source: Step Functions developer guide, "Intrinsics for JSON data manipulation".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::{Object, ObjectBuilder};

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let first = object(arguments, 0)?;
    let second = object(arguments, 1)?;
    if arguments.get(2)?.as_bool() != Some(false) {
        return Err("argument 3 must be false: only the shallow merge is supported".into());
    }
    let mut merged = ObjectBuilder::from(first.clone());
    for (name, value) in second.members() {
        merged.set(name.clone(), value.clone());
    }
    Ok(merged.build().into())
}

fn object<'a>(arguments: &Arguments<'a>, position: usize) -> Result<&'a Object, String> {
    let value = arguments.get(position)?;
    value.as_object().ok_or_else(|| {
        format!(
            "argument {} must be an object, but was {}",
            position + 1,
            value.kind()
        )
    })
}
