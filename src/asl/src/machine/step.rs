//! One call of `handle`, and how much it does.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::interface::{Command, Limits, Moment};
use crate::definition::StateMachine;
use crate::query::Random;

/// One call of `handle`: its moment, and what it wants done.
#[derive(Debug)]
pub(crate) struct Step<'d> {
    /// The definition.
    pub definition: &'d StateMachine,
    /// The time.
    pub now: Timestamp,
    /// Randomness.
    pub random: Random,
    /// What is to be done outside.
    pub commands: Vec<Command>,
    /// How many states may still be entered; each counts for more with a larger payload.
    budget: usize,
    /// When it is to give way; `None` is never.
    give_way: Option<Instant>,
}

/// How long a state's queries may take together when a step's time is limited: they cannot be
/// interrupted, and others wait for as long. One expression may take as long alone.
const QUERY_TIME: Duration = Duration::from_secs(1);

impl<'d> Step<'d> {
    pub(super) fn new(definition: &'d StateMachine, moment: Moment, limits: Limits) -> Self {
        Self {
            definition,
            now: moment.now,
            random: Random::new(moment.entropy),
            commands: Vec::new(),
            budget: limits.states_per_step,
            give_way: Instant::now().checked_add(limits.time_per_step),
        }
    }

    /// Uses so much of the budget up.
    pub(crate) fn spend(&mut self, states: usize) {
        self.budget = self.budget.saturating_sub(states);
    }

    /// Whether what is left is to be done in another step. To be asked after some work, so that
    /// each step does some.
    pub(crate) fn is_used_up(&self) -> bool {
        self.budget == 0 || self.give_way.is_some_and(|at| at <= Instant::now())
    }

    /// When the queries of the state at work are to be over: it was begun before the step was to
    /// give way.
    pub(super) fn query_deadline(&self) -> Option<Instant> {
        self.give_way?.checked_add(QUERY_TIME)
    }
}
