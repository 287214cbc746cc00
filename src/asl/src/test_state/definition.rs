//! The state under test: one by itself, or one of a state machine.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{TestStateError, TestStateRequest};
use crate::definition::{Diagnostic, StateMachine};
use crate::states::{Next, State, StateIndex};
use crate::value::{ObjectBuilder, Value, parse};

/// What TestState calls a state that is given by itself.
pub(super) const STATE_NAME: &str = "StateName";

/// A compiled definition and the state in it that is tested.
#[derive(Debug)]
pub(super) struct Tested {
    definition: StateMachine,
    index: StateIndex,
    state: usize,
}

impl Tested {
    /// The state's place.
    pub fn index(&self) -> StateIndex {
        self.index
    }

    /// The state.
    #[allow(clippy::indexing_slicing, reason = "checked when it was built")]
    pub fn state(&self) -> &State {
        &self.definition.states[self.state]
    }

    /// The name of the state that a `Next` leads to.
    pub fn name_of(&self, next: Next) -> Option<String> {
        let Next::State(index) = next else {
            return None;
        };
        let state = self.definition.state(index)?;
        Some(state.name.to_string())
    }
}

/// Compiles the request's definition and finds its state.
pub(super) fn compile(request: &TestStateRequest) -> Result<Tested, TestStateError> {
    let name = match request.state_name.as_deref() {
        Some("") => {
            return Err(TestStateError {
                code: "ParamValidationError",
                message: "Parameter validation failed:\nInvalid length for parameter stateName, \
                          value: 0, valid min length: 1"
                    .to_owned(),
            });
        }
        name => name,
    };
    let single = parse(&request.definition)
        .ok()
        .filter(|definition| definition.get("States").is_none());
    let (text, name) = match (&single, name) {
        (Some(state), _) => (machine_around(state), STATE_NAME),
        (None, Some(name)) => (request.definition.clone(), name),
        (None, None) => {
            return Err(TestStateError::validation(
                "stateName is required when the definition is a state machine",
            ));
        }
    };
    let definition = StateMachine::compile(&text, &|_| true)
        .map_err(|problems| TestStateError::invalid_definition(refusal(problems, &single)))?
        .state_machine;
    find(definition, name)
        .ok_or_else(|| TestStateError::validation("State not found in definition"))
}

fn find(definition: StateMachine, name: &str) -> Option<Tested> {
    let index = *definition.by_name.get(&Arc::<str>::from(name))?;
    let state = usize::try_from(index.0).ok()?;
    (state < definition.states.len()).then_some(Tested {
        definition,
        index,
        state,
    })
}

/// A state machine with this state, and an empty one for each state that it leads to.
fn machine_around(state: &Value) -> String {
    let mut names = BTreeSet::new();
    add_targets(state, &mut names);
    for field in ["Choices", "Catch"] {
        let entries = state.get(field).and_then(Value::as_array);
        for entry in entries.unwrap_or_default() {
            add_targets(entry, &mut names);
        }
    }
    names.remove(STATE_NAME);
    let mut states = ObjectBuilder::default().with(STATE_NAME, state.clone());
    for name in names {
        let end = ObjectBuilder::default().with("Type", "Succeed").build();
        states.set(name.into(), Value::Object(end));
    }
    let machine = ObjectBuilder::default()
        .with("StartAt", STATE_NAME)
        .with("States", states.build());
    Value::Object(machine.build()).to_string()
}

fn add_targets(from: &Value, names: &mut BTreeSet<String>) {
    for field in ["Next", "Default"] {
        if let Some(name) = from.get(field).and_then(Value::as_str) {
            names.insert(name.to_owned());
        }
    }
}

/// The message of an invalid definition; places in a single state are told from its root.
fn refusal(mut problems: Vec<Diagnostic>, single: &Option<Value>) -> String {
    if single.is_some() {
        let root = format!("/States/{STATE_NAME}");
        for problem in &mut problems {
            if let Some(place) = problem.location.strip_prefix(&root) {
                problem.location = if place.is_empty() { "/" } else { place }.to_owned();
            }
        }
    }
    let problems: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
    format!(
        "Invalid State Machine Definition: '{}'",
        problems.join(", ")
    )
}
