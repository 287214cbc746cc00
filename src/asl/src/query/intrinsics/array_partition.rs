//! `States.ArrayPartition(array, size)`: the array cut into arrays of `size` items.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let items = arguments.array(0)?;
    let size = arguments.integer(1)?;
    let size = usize::try_from(size)
        .ok()
        .filter(|size| *size > 0)
        .ok_or_else(|| format!("argument 2 must be a positive number, but was {size}"))?;
    Ok(items
        .chunks(size)
        .map(|chunk| Value::from(chunk.to_vec()))
        .collect::<Vec<_>>()
        .into())
}
