//! Pauses between attempts.

use std::time::Duration;

/// The pauses of one object's attempts: exponential, with jitter, reset by a success.
///
/// The jitter is "equal": half of the pause is sure, half is random, so that objects that failed
/// together do not come back together, and none comes back at once.
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Backoff {
    /// Pauses from `first`, doubled with each failure, up to `longest`.
    #[must_use]
    pub const fn new(first: Duration, longest: Duration) -> Self {
        Self {
            first,
            longest,
            failures: 0,
        }
    }

    /// For writes to the store.
    #[must_use]
    pub const fn for_writes() -> Self {
        Self::new(Duration::from_millis(50), Duration::from_secs(30))
    }

    /// The pause after one more failure. `entropy` decides on the jitter; a server that asked for
    /// a longer pause gets it.
    pub fn failed(&mut self, entropy: u64, asked_for: Option<Duration>) -> Duration {
        let doubled = self.first.saturating_mul(1 << self.failures.min(20));
        let pause = doubled.min(self.longest);
        self.failures = self.failures.saturating_add(1);
        #[allow(clippy::cast_precision_loss)]
        let share = entropy as f64 / u64::MAX as f64;
        let jittered = pause.mul_f64(0.5 + share / 2.0);
        asked_for.map_or(jittered, |asked| {
            jittered.max(asked + pause.mul_f64(share / 2.0))
        })
    }

    /// A success: the next failure starts anew.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_the_longest_and_start_anew_after_a_success() {
        let mut backoff = Backoff::new(FIRST, LONGEST);
        let pauses: Vec<_> = (0..6).map(|_| backoff.failed(u64::MAX, None)).collect();
        let expected = [100, 200, 400, 800, 1000, 1000].map(Duration::from_millis);
        assert_eq!(pauses, expected);
        backoff.succeeded();
        assert_eq!(backoff.failed(u64::MAX, None), FIRST);
    }

    #[test]
    fn jitter_takes_off_at_most_half() {
        assert_eq!(Backoff::new(FIRST, LONGEST).failed(0, None), FIRST / 2);
    }

    #[test]
    fn a_server_that_asks_for_more_time_gets_it() {
        let asked = Duration::from_secs(7);
        let pause = Backoff::new(FIRST, LONGEST).failed(0, Some(asked));
        assert_eq!(pause, asked);
    }

    #[test]
    fn a_million_failures_do_not_overflow() {
        let mut backoff = Backoff::for_writes();
        let longest = (0..1_000_000).map(|_| backoff.failed(u64::MAX, None)).max();
        assert_eq!(longest, Some(Duration::from_secs(30)));
    }
}
