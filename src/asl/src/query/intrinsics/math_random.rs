//! `States.MathRandom(start, end[, seed])`: a random integer from start to below end. The same
//! seed gives the same number.
//!
//! Source: Step Functions developer guide, "Intrinsics for math operations".

use super::argument::Arguments;
use super::function::Answer;
use crate::query::Random;
use crate::value::Value;

pub(super) fn call(arguments: &Arguments<'_>, random: &Random) -> Answer {
    let start = arguments.integer(0)?;
    let end = arguments.integer(1)?;
    let bits = match arguments.all().len() {
        3 => Random::new(arguments.integer(2)?.cast_unsigned()).next_u64(),
        _ => random.next_u64(),
    };
    if end <= start {
        return Err(format!("the end {end} must be above the start {start}"));
    }
    // Below 2^64; multiplying instead of taking the remainder keeps all numbers as likely.
    let width = u128::from(end.abs_diff(start));
    let offset = (u128::from(bits) * width) >> 64;
    i64::try_from(i128::from(start) + offset.cast_signed())
        .map(Value::from)
        .map_err(|error| error.to_string())
}
