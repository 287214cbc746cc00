//! Clocks.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::ports::Clock;

/// The longest sleep at a stretch. The wall clock may be set while a timer sleeps; it notices
/// after this long.
const STRETCH: Duration = Duration::from_mins(10);

/// The same for a runtime's own time, which nobody sets: below the two years that tokio's timers
/// go around once in.
const LONG_STRETCH: Duration = Duration::from_hours(24 * 365);

/// The machine's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn sleep_until(&self, instant: Timestamp) {
        loop {
            let left = until(self.now(), instant);
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(STRETCH)).await;
        }
    }
}

/// The time of the tokio runtime, counted from a given instant. On a runtime whose time is paused
/// it stands still while there is something to do and jumps to the next timer when there is not:
/// a week's Wait passes at once, always in the same order.
#[derive(Debug, Clone, Copy)]
pub struct RuntimeClock {
    epoch: Timestamp,
    started: Instant,
}

impl RuntimeClock {
    /// A clock that shows `epoch` now. To be called within a runtime.
    #[must_use]
    pub fn starting_at(epoch: Timestamp) -> Self {
        Self {
            epoch,
            started: Instant::now(),
        }
    }
}

#[async_trait]
impl Clock for RuntimeClock {
    fn now(&self) -> Timestamp {
        let elapsed = SignedDuration::try_from(self.started.elapsed());
        elapsed
            .ok()
            .and_then(|elapsed| self.epoch.checked_add(elapsed).ok())
            .unwrap_or(Timestamp::MAX)
    }

    async fn sleep_until(&self, instant: Timestamp) {
        // Tokio's timers count whole milliseconds, and a paused runtime wakes on the dot.
        while self.now() < instant {
            let left = until(self.now(), instant);
            tokio::time::sleep(left.min(LONG_STRETCH)).await;
        }
    }
}

/// How long it is from one instant to a later one; zero when that one is past.
fn until(now: Timestamp, instant: Timestamp) -> Duration {
    Duration::try_from(instant.duration_since(now)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_paused_runtime_lets_a_week_pass_at_once() {
        let epoch: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = RuntimeClock::starting_at(epoch);
        let week = SignedDuration::from_hours(24 * 7);
        clock.sleep_until(epoch + week).await;
        assert_eq!(clock.now(), epoch + week);
    }

    #[tokio::test(start_paused = true)]
    async fn a_paused_runtime_lets_millennia_pass_soon() {
        let clock = RuntimeClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        let end: Timestamp = "9999-01-01T00:00:00Z".parse().unwrap();
        clock.sleep_until(end).await;
        assert_eq!(clock.now(), end);
    }

    #[tokio::test(start_paused = true)]
    async fn an_instant_that_is_past_is_not_waited_for() {
        let clock = RuntimeClock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        let before = clock.now();
        clock.sleep_until(Timestamp::UNIX_EPOCH).await;
        assert_eq!(clock.now(), before);
    }
}
