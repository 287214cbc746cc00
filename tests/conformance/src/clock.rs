//! Where virtual time starts.

use jiff::Timestamp;

/// 2024-01-01T00:00:00Z, the instant to which the clock was fixed where a recorded input depends
/// on the time.
#[must_use]
pub fn epoch() -> Timestamp {
    Timestamp::constant(1_704_067_200, 0)
}
