//! `States.ArrayRange(first, last, step)`: the numbers from first to last, both included.
//!
//! Source: Step Functions developer guide, "Intrinsics for arrays".

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

/// The most items that a range may have (developer guide).
const MAX_ITEMS: i128 = 1000;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let first = arguments.integer(0)?;
    let last = arguments.integer(1)?;
    let step = arguments.integer(2)?;
    if step == 0 {
        return Err("argument 3 must not be zero".into());
    }
    let distance = i128::from(last) - i128::from(first);
    let count = distance / i128::from(step) + 1;
    if distance.signum() * i128::from(step).signum() < 0 {
        return Ok(Vec::new().into());
    }
    if count > MAX_ITEMS {
        return Err(format!(
            "the range has {count} items, more than {MAX_ITEMS}"
        ));
    }
    let mut items = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    let mut next = Some(first);
    while let Some(item) = next.filter(|_| items.len() < items.capacity()) {
        items.push(Value::from(item));
        next = item.checked_add(step);
    }
    Ok(items.into())
}
