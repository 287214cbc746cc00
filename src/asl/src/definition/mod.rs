//! Definitions: compiled once, run many times.

mod diagnostic;

pub use diagnostic::{Diagnostic, Severity};

/// A compiled state machine.
#[derive(Debug)]
pub struct StateMachine {}

/// What decides at validation whether a Task's resource can be run.
pub type Serves<'a> = &'a dyn Fn(&crate::resource::Resource) -> bool;

impl StateMachine {
    /// Compiles a definition's text (JSON or YAML).
    ///
    /// # Errors
    /// All problems at once; at least one is an error.
    pub fn compile(_text: &str, _serves: Serves<'_>) -> Result<Compiled, Vec<Diagnostic>> {
        Err(Vec::new())
    }
}

/// A definition that can be run, and what should still be said about it.
#[derive(Debug)]
pub struct Compiled {
    /// What to run.
    pub state_machine: StateMachine,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
}
