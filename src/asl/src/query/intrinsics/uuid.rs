//! `States.UUID()`: a random UUID of version 4.
//!
//! Source: Step Functions developer guide, "Intrinsic for unique identifier generation".

use super::function::Answer;
use crate::query::Random;

pub(super) fn call(random: &Random) -> Answer {
    Ok(random.next_uuid().into())
}
