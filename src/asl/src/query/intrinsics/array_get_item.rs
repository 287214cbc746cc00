//! `States.ArrayGetItem(array, index)`: the item at an index counted from zero.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let items = arguments.array(0)?;
    let index = arguments.integer(1)?;
    usize::try_from(index)
        .ok()
        .and_then(|index| items.get(index))
        .cloned()
        .ok_or_else(|| {
            format!(
                "the index {index} is out of bounds for an array of {} items",
                items.len()
            )
        })
}
