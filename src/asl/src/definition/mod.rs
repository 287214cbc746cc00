//! Definitions: compiled once, run many times.
//!
//! A definition's text (JSON or YAML) is read by [`source`], compiled state by state by the files
//! under `states/`, and what is wrong with it is said all at once in [`Diagnostic`]s.

mod api;
mod assign;
mod catch;
mod comparator;
mod compiler;
mod data_flow;
mod diagnostic;
mod expression;
mod fields;
mod jsonata_references;
mod label;
mod map_objects;
mod patterns;
mod place;
mod resource;
mod retry;
mod scope;
mod source;
mod state;
mod states;
mod template;
mod values;
mod variable_references;

use std::collections::HashMap;
use std::sync::Arc;

pub use api::{Validation, create_error_message, validate_state_machine_definition};
pub use diagnostic::{Diagnostic, Severity, code};

use crate::query::QueryLanguage;
use crate::states::{State, StateIndex};
use crate::value::Value;
use compiler::Compiler;
use fields::{Fields, MAX_INTEGER, Supported};
use place::Place;

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

/// The `type` of a state machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MachineType {
    /// Durable, exactly once.
    #[default]
    Standard,
    /// Short, at least once; without `.sync` and `.waitForTaskToken`.
    Express,
}

/// What a definition is held against besides the language itself.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// The `type` of the state machine.
    pub machine_type: MachineType,
    /// Which Task resources can be run.
    pub serves: Serves<'a>,
}

impl<'a> From<Serves<'a>> for Rules<'a> {
    /// The rules for a standard state machine.
    fn from(serves: Serves<'a>) -> Self {
        Self {
            machine_type: MachineType::Standard,
            serves,
        }
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

const MACHINE: Supported = Supported {
    always: &[
        "Comment",
        "QueryLanguage",
        "StartAt",
        "States",
        "TimeoutSeconds",
        "Version",
    ],
    jsonpath: &[],
    jsonata: &[],
};

impl StateMachine {
    /// Compiles the text (JSON or YAML) of a standard state machine.
    ///
    /// # Errors
    /// All problems at once; at least one is an error.
    pub fn compile(text: &str, serves: Serves<'_>) -> Result<Compiled, Vec<Diagnostic>> {
        Self::compile_with(text, Rules::from(serves))
    }

    /// Compiles a definition's text (JSON or YAML) by these rules.
    ///
    /// # Errors
    /// All problems at once; at least one is an error.
    pub fn compile_with(text: &str, rules: Rules<'_>) -> Result<Compiled, Vec<Diagnostic>> {
        let read = source::read(text).map_err(|diagnostic| vec![diagnostic])?;
        let mut compiler = Compiler::new(rules);
        compiler.add(read.problems);
        let outline = compile_outline(&mut compiler, &read.value);
        finish(compiler, outline)
    }

    /// Compiles one state for itself, as TestState takes it. Its transitions may lead anywhere:
    /// for each name that is not there stands a state of that name that is not to be run.
    ///
    /// # Errors
    /// All problems at once; at least one is an error.
    pub fn compile_state(
        name: &str,
        state: &Value,
        serves: Serves<'_>,
    ) -> Result<Compiled, Vec<Diagnostic>> {
        let mut compiler = Compiler::new(Rules::from(serves));
        compiler.single_state = true;
        if is_too_deep(&mut compiler, state) || patterns::are_too_many(&mut compiler, state) {
            return finish(compiler, None);
        }
        let start_at = compiler.compile_alone(&name.into(), state);
        let outline = Outline {
            comment: None,
            timeout_seconds: None,
            start_at,
        };
        finish(compiler, Some(outline))
    }

    /// The state at a place.
    #[must_use]
    pub fn state(&self, index: StateIndex) -> Option<&State> {
        self.states.get(index.0 as usize)
    }
}

/// A state machine without its states.
struct Outline {
    comment: Option<Arc<str>>,
    timeout_seconds: Option<u64>,
    start_at: StateIndex,
}

fn compile_outline(compiler: &mut Compiler<'_>, definition: &Value) -> Option<Outline> {
    let Value::Object(object) = definition else {
        compiler.not_an_object();
        return None;
    };
    if is_too_deep(compiler, definition) || patterns::are_too_many(compiler, definition) {
        return None;
    }
    let fields = Fields {
        object,
        place: &Place::ROOT,
        language: QueryLanguage::default(),
    };
    fields.check(compiler, &[&MACHINE]);
    fields.word(compiler, "Version", &["1.0"]);
    compiler.query_language = state::read_query_language(compiler, &fields).unwrap_or_default();
    let comment = fields.comment(compiler);
    let timeout_seconds = fields.integer(compiler, "TimeoutSeconds", 1..=MAX_INTEGER);
    let start_at = compiler.compile_scope(&fields)?;
    Some(Outline {
        comment,
        timeout_seconds,
        start_at,
    })
}

/// Reports values nested too deeply to be walked without bound. Text that was read has none.
fn is_too_deep(compiler: &mut Compiler<'_>, value: &Value) -> bool {
    let too_deep = source::is_too_deep(value);
    if too_deep {
        let message = format!("Nested in more than {} levels", source::MAX_DEPTH);
        compiler.error_with(code::TOO_DEEPLY_NESTED, &Place::ROOT, message);
    }
    too_deep
}

fn finish(
    mut compiler: Compiler<'_>,
    outline: Option<Outline>,
) -> Result<Compiled, Vec<Diagnostic>> {
    let diagnostics = compiler.diagnostics();
    let has_errors = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    let states: Option<Vec<State>> = compiler.states.into_iter().collect();
    let (Some(outline), Some(states), false) = (outline, states, has_errors) else {
        return Err(diagnostics);
    };
    Ok(Compiled {
        state_machine: StateMachine {
            comment: outline.comment,
            query_language: compiler.query_language,
            timeout_seconds: outline.timeout_seconds,
            start_at: outline.start_at,
            states,
            by_name: compiler.by_name,
        },
        warnings: diagnostics,
    })
}

#[cfg(test)]
mod tests;
