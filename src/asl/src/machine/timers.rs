//! Timers: at most one per thread, absolute, ordered by time.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::thread::{Thread, ThreadId};
use crate::definition::StateMachine;

/// The pending timers of all threads.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Timestamp, ThreadId)>);

impl Timers {
    /// Sets, moves or clears a thread's timer.
    pub fn set(&mut self, id: ThreadId, thread: &mut Thread, at: Option<Timestamp>) {
        if let Some(old) = thread.timer.take() {
            self.0.remove(&(old, id));
        }
        if let Some(at) = at {
            self.0.insert((at, id));
        }
        thread.timer = at;
    }

    /// The next timer's instant.
    pub fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the next timer that is due.
    pub fn pop_due(&mut self, now: Timestamp) -> Option<ThreadId> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, id)| id)
    }
}

/// When the TimeoutSeconds of the state machine are over, where it has them.
pub(crate) fn deadline(definition: &StateMachine, now: Timestamp) -> Option<Timestamp> {
    definition
        .timeout_seconds
        .map(|seconds| after(now, seconds))
}

/// The instant so many seconds later; the end of time where there is none.
pub(crate) fn after(now: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    now.checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}
