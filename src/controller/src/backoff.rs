//! Pauses between reconciles of an object that fails, one object at a time.
//!
//! kube tells its error policy nothing of successes, so that every success is reported here.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use engine::backoff::Backoff;

/// How long the pauses get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The next attempt sees newer data and likely succeeds.
    Fast,
    /// The server is away or busy.
    Steady,
    /// Somebody has to do something first.
    Slow,
}

impl Pace {
    fn backoff(self) -> Backoff {
        let (first, longest) = match self {
            Self::Fast => (Duration::from_millis(20), Duration::from_secs(2)),
            Self::Steady => (Duration::from_millis(200), Duration::from_mins(1)),
            Self::Slow => (Duration::from_secs(2), Duration::from_mins(5)),
        };
        Backoff::new(first, longest)
    }
}

/// The pauses of all objects that fail at present.
#[derive(Debug)]
pub struct Backoffs<K>(Mutex<HashMap<K, (Pace, Backoff)>>);

impl<K> Default for Backoffs<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Hash + Eq> Backoffs<K> {
    /// The pause after one more failure.
    pub fn failed(&self, key: K, pace: Pace, asked_for: Option<Duration>) -> Duration {
        let mut backoffs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = backoffs
            .entry(key)
            .or_insert_with(|| (pace, pace.backoff()));
        if entry.0 != pace {
            *entry = (pace, pace.backoff());
        }
        entry.1.failed(rand::random(), asked_for)
    }

    /// A success, or the object is gone.
    pub fn succeeded(&self, key: &K) {
        let mut backoffs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        backoffs.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_object_s_failures_do_not_slow_another() {
        let backoffs = Backoffs::default();
        let last = (0..8)
            .map(|_| backoffs.failed("a", Pace::Steady, None))
            .last();
        assert!(last.unwrap() >= Duration::from_secs(10));
        assert!(backoffs.failed("b", Pace::Steady, None) <= Duration::from_millis(200));
    }

    #[test]
    fn a_success_is_the_end_of_it() {
        let backoffs = Backoffs::default();
        for _ in 0..8 {
            backoffs.failed("a", Pace::Slow, None);
        }
        backoffs.succeeded(&"a");
        assert!(backoffs.failed("a", Pace::Slow, None) <= Duration::from_secs(2));
    }

    #[test]
    fn another_kind_of_failure_has_its_own_pauses() {
        let backoffs = Backoffs::default();
        for _ in 0..8 {
            backoffs.failed("a", Pace::Slow, None);
        }
        assert!(backoffs.failed("a", Pace::Fast, None) <= Duration::from_millis(20));
    }
}
