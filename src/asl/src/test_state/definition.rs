//! The state under test: one by itself, or one of a state machine.

use std::sync::Arc;

use super::{TestStateError, TestStateRequest};
use crate::definition::{Diagnostic, StateMachine};
use crate::states::{Next, State, StateIndex};
use crate::value::parse;

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
    let compiled = match (&single, name) {
        (Some(state), _) => StateMachine::compile_state(STATE_NAME, state, &|_| true),
        (None, Some(_)) => StateMachine::compile(&request.definition, &|_| true),
        (None, None) => {
            return Err(TestStateError::validation(
                "stateName is required when the definition is a state machine",
            ));
        }
    };
    let definition = compiled
        .map_err(|problems| TestStateError::invalid_definition(refusal(&problems)))?
        .state_machine;
    let name = match single {
        Some(_) => STATE_NAME,
        None => name.unwrap_or_default(),
    };
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

fn refusal(problems: &[Diagnostic]) -> String {
    let problems: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
    format!(
        "Invalid State Machine Definition: '{}'",
        problems.join(", ")
    )
}
