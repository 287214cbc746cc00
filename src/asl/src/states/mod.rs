//! The eight states, each with its fields and its behaviour in the file named after it.
//!
//! Source: States Language, "State types".

pub mod catch;
pub mod choice;
pub mod comparator;
pub mod data_flow;
pub mod fail;
pub mod map;
pub mod parallel;
pub mod pass;
pub mod retry;
pub(crate) mod succeed;
pub mod task;
pub mod wait;

use std::sync::Arc;

use crate::history::StateType;
use crate::query::{QueryLanguage, Template};

pub use catch::Catcher;
pub use choice::Choice;
pub use data_flow::DataFlow;
pub use fail::Fail;
pub use map::Map;
pub use parallel::Parallel;
pub use pass::Pass;
pub use retry::Retrier;
pub use task::Task;
pub use wait::Wait;

/// A state's place in [`crate::definition::StateMachine::states`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateIndex(pub u32);

/// Where a state leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// `Next`
    State(StateIndex),
    /// `End: true`
    End,
}

/// A compiled state.
#[derive(Debug)]
pub struct State {
    /// Its name.
    pub name: Arc<str>,
    /// Its query language: its own, else the state machine's.
    pub query_language: QueryLanguage,
    /// How it reads its input and makes its output.
    pub data_flow: DataFlow,
    /// `Assign`, evaluated when the state ends well.
    pub assign: Option<Template>,
    /// What it does.
    pub kind: StateKind,
}

/// What a state does.
#[derive(Debug)]
pub enum StateKind {
    /// `Type: Pass`
    Pass(Pass),
    /// `Type: Task`
    Task(Box<Task>),
    /// `Type: Choice`
    Choice(Choice),
    /// `Type: Wait`
    Wait(Wait),
    /// `Type: Succeed`
    Succeed,
    /// `Type: Fail`
    Fail(Fail),
    /// `Type: Parallel`
    Parallel(Box<Parallel>),
    /// `Type: Map`
    Map(Box<Map>),
}

impl StateKind {
    /// Whether its work gives a result (`$states.result`), or fails: that of the others is but to
    /// pass their input on.
    #[must_use]
    pub fn has_result(&self) -> bool {
        matches!(self, Self::Task(_) | Self::Parallel(_) | Self::Map(_))
    }
}

impl State {
    /// Its `Type`.
    #[must_use]
    pub fn state_type(&self) -> StateType {
        match self.kind {
            StateKind::Pass(_) => StateType::Pass,
            StateKind::Task(_) => StateType::Task,
            StateKind::Choice(_) => StateType::Choice,
            StateKind::Wait(_) => StateType::Wait,
            StateKind::Succeed => StateType::Succeed,
            StateKind::Fail(_) => StateType::Fail,
            StateKind::Parallel(_) => StateType::Parallel,
            StateKind::Map(_) => StateType::Map,
        }
    }

    /// Whether it can be tried again, and the context object therefore counts how often it was.
    #[must_use]
    pub fn counts_retries(&self) -> bool {
        self.kind.has_result()
    }

    /// Its Retriers, in order.
    #[must_use]
    pub fn retry(&self) -> &[Retrier] {
        match &self.kind {
            StateKind::Task(task) => &task.retry,
            StateKind::Parallel(parallel) => &parallel.retry,
            StateKind::Map(map) => &map.retry,
            _ => &[],
        }
    }

    /// Its Catchers, in order.
    #[must_use]
    pub fn catch(&self) -> &[Catcher] {
        match &self.kind {
            StateKind::Task(task) => &task.catch,
            StateKind::Parallel(parallel) => &parallel.catch,
            StateKind::Map(map) => &map.catch,
            _ => &[],
        }
    }
}

#[cfg(test)]
mod tests;
