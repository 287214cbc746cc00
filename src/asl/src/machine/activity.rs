//! What an execution does at the moment, for people.

use std::sync::Arc;

use jiff::Timestamp;

use super::Machine;
use super::thread::{Phase, Thread};
use crate::states::State;

/// What a state in progress does, where there is more to say than its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// The state's name.
    pub state: Arc<str>,
    /// What it does.
    pub doing: Doing,
}

/// What a state does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doing {
    /// A Wait state waits.
    Waiting {
        /// Until when.
        until: Timestamp,
    },
    /// A Retrier's delay goes by.
    Retrying {
        /// Which attempt is next, from 1.
        attempt: u64,
        /// How many there are at most, where one Retrier alone was used.
        of: Option<u64>,
        /// When.
        at: Timestamp,
    },
    /// A Map state's items are processed.
    Mapping {
        /// How many items ended.
        ended: u64,
        /// How many there are.
        of: u64,
    },
}

impl Machine {
    /// What the states in progress do, the outermost first; so many at most.
    #[must_use]
    pub fn activities(&self, at_most: usize) -> Vec<Activity> {
        let activities = self.threads.iter().filter_map(|(_, thread)| {
            let state = self.definition.state(thread.state)?;
            if thread.is_halted() {
                return None;
            }
            let doing = doing(thread, state)?;
            let state = state.name.clone();
            Some((thread.entered.event, Activity { state, doing }))
        });
        let mut activities: Vec<_> = activities.collect();
        activities.sort_by_key(|(entered, _)| *entered);
        let activities = activities.into_iter().map(|(_, activity)| activity);
        activities.take(at_most).collect()
    }
}

fn doing(thread: &Thread, state: &State) -> Option<Doing> {
    match &thread.phase {
        Phase::Wait => Some(Doing::Waiting {
            until: thread.timer?,
        }),
        Phase::Backoff => Some(Doing::Retrying {
            attempt: thread.retries.total,
            of: most_attempts(thread, state),
            at: thread.timer?,
        }),
        Phase::Map(run) => Some(Doing::Mapping {
            ended: run.ended(),
            of: run.items.items().len() as u64,
        }),
        _ => None,
    }
}

fn most_attempts(thread: &Thread, state: &State) -> Option<u64> {
    let counts = thread.retries.by_retrier.iter().zip(state.retry());
    let mut used = counts.filter(|(count, _)| **count > 0);
    let (_, only) = used.next()?;
    used.next().is_none().then_some(only.max_attempts)
}
