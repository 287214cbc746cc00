//! Definitions: compiled once, run many times.

mod diagnostic;

use std::collections::HashMap;
use std::sync::Arc;

pub use diagnostic::{Diagnostic, Severity};

use crate::query::QueryLanguage;
use crate::states::{State, StateIndex};

/// A compiled state machine. The states of all scopes (branches, item processors) stand in one
/// list; their names are unique across it.
#[derive(Debug)]
pub struct StateMachine {
    /// `Comment`
    pub comment: Option<Arc<str>>,
    /// `QueryLanguage`
    pub query_language: QueryLanguage,
    /// `TimeoutSeconds`
    pub timeout_seconds: Option<u64>,
    /// `StartAt` of the outermost scope.
    pub start_at: StateIndex,
    /// All states.
    pub states: Vec<State>,
    /// Their places, by name.
    pub by_name: HashMap<Arc<str>, StateIndex>,
}

/// What decides at validation whether a Task's resource can be run.
pub type Serves<'a> = &'a dyn Fn(&crate::resource::Resource) -> bool;

/// A definition that can be run, and what should still be said about it.
#[derive(Debug)]
pub struct Compiled {
    /// What to run.
    pub state_machine: StateMachine,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}

impl StateMachine {
    /// The state at a place.
    #[must_use]
    pub fn state(&self, index: StateIndex) -> Option<&State> {
        self.states.get(index.0 as usize)
    }

    /// Compiles a definition's text (JSON or YAML).
    ///
    /// # Errors
    /// All problems at once; at least one is an error.
    pub fn compile(_text: &str, _serves: Serves<'_>) -> Result<Compiled, Vec<Diagnostic>> {
        Err(Vec::new())
    }
}
