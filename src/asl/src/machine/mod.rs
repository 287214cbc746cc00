//! The interpreter: events in, commands out.

mod interface;

use std::sync::Arc;

pub use interface::{
    Command, Event, ExecutionInfo, Limits, Moment, Outcome, TaskId, TaskRequest, Transition,
};

use crate::definition::StateMachine;
use crate::history::HistoryEvent;

/// One execution of a state machine.
#[derive(Debug)]
pub struct Machine {}

/// A checkpoint that cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a checkpoint, or a damaged one.
    #[error("the checkpoint cannot be read: {0}")]
    Unreadable(String),
    /// Written by a newer version.
    #[error("the checkpoint has format {found}, this version reads up to {supported}")]
    Version {
        /// The format found.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },
    /// The definition lacks what the checkpoint refers to.
    #[error("the checkpoint refers to the state '{0}', which the definition does not have")]
    UnknownState(String),
}

impl Machine {
    /// A new execution; nothing happens before [`Event::Started`].
    #[must_use]
    pub fn new(_definition: Arc<StateMachine>, _info: ExecutionInfo, _limits: Limits) -> Self {
        Self {}
    }

    /// Continues from a checkpoint's bytes.
    ///
    /// # Errors
    /// The bytes are no checkpoint of this definition, or of a newer format.
    pub fn restore(
        _definition: Arc<StateMachine>,
        _checkpoint: &[u8],
        _limits: Limits,
    ) -> Result<Self, CheckpointError> {
        Ok(Self {})
    }

    /// All that is needed to continue, without the history; uncompressed and versioned.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Handles one event. Events of tasks that are no longer wanted change nothing.
    pub fn handle(&mut self, _event: Event, _moment: Moment) -> Transition {
        Transition::default()
    }

    /// The events since the last call, oldest first.
    pub fn take_history(&mut self) -> Vec<HistoryEvent> {
        Vec::new()
    }

    /// What is fixed for this execution.
    #[must_use]
    pub fn info(&self) -> Option<&ExecutionInfo> {
        None
    }

    /// The tasks in flight, to be started again after a restore; in order of their ids.
    #[must_use]
    pub fn running_tasks(&self) -> Vec<TaskRequest> {
        Vec::new()
    }

    /// The names of the states that are in progress, a few at most, and how many there are.
    #[must_use]
    pub fn current_states(&self, _at_most: usize) -> (Vec<Arc<str>>, usize) {
        (Vec::new(), 0)
    }

    /// When [`Event::TimePassed`] is next due.
    #[must_use]
    pub fn deadline(&self) -> Option<jiff::Timestamp> {
        None
    }

    /// How the execution ended, once it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        None
    }

    /// How many events the history has, taken ones included.
    #[must_use]
    pub fn history_length(&self) -> u64 {
        0
    }
}
