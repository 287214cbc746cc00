//! What `TestState` is asked.

use super::TestStateError;
use crate::states::{State, StateKind};
use crate::value::{Object, Value, parse};

/// A request.
#[derive(Debug, Clone, Default)]
pub struct TestStateRequest {
    /// A state, or a state machine together with `state_name`.
    pub definition: String,
    /// Which state of the state machine.
    pub state_name: Option<String>,
    /// JSON text; an empty object unless given.
    pub input: Option<String>,
    /// The role of the execution.
    pub role_arn: Option<String>,
    /// How much is told.
    pub inspection_level: InspectionLevel,
    /// Whether secrets of HTTP requests are told.
    pub reveal_secrets: bool,
    /// What the state's work gives, in place of doing it.
    pub mock: Option<Mock>,
    /// JSON text of a context object in place of a made one.
    pub context: Option<String>,
    /// JSON text of an object of variables.
    pub variables: Option<String>,
    /// Where in a run the state is.
    pub state_configuration: StateConfiguration,
}

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum InspectionLevel {
    /// The end.
    #[default]
    Info,
    /// The data on the way, too.
    Debug,
    /// On AWS requests and responses of HTTP tasks, too. Nothing here runs any, so that it tells
    /// what [`Self::Debug`] does.
    Trace,
}

/// What the state's work gives, in place of doing it.
#[derive(Debug, Clone, Default)]
pub struct Mock {
    /// JSON text of a result.
    pub result: Option<String>,
    /// An error.
    pub error_output: Option<MockErrorOutput>,
    /// How the result is checked against the service's own.
    pub field_validation_mode: FieldValidationMode,
}

/// An error in place of a result.
#[derive(Debug, Clone, Default)]
pub struct MockErrorOutput {
    /// Its name.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

/// How a mocked result is checked against what the service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FieldValidationMode {
    /// Required fields have to be there, fields have to have the right type.
    #[default]
    Strict,
    /// Fields that are there have to have the right type.
    Present,
    /// Not at all.
    None,
}

/// Where in a run the state is.
#[derive(Debug, Clone, Default)]
pub struct StateConfiguration {
    /// How often the Retrier that matches was used before.
    pub retrier_retry_count: Option<u64>,
    /// The state inside a Map or Parallel state that a mocked error comes from. It changes nothing
    /// in the answer, nor does it in AWS's.
    pub error_caused_by_state: Option<String>,
    /// How many iterations of a Map state failed.
    pub map_iteration_failure_count: Option<u64>,
    /// What an `ItemReader` reads, as it is in the object: JSON, lines of JSON or CSV.
    pub map_item_reader_data: Option<String>,
}

const REVEALED_MOCK: &str = "TestState does not support RevealSecrets when a mock is specified.";
const COUNT_WITHOUT_MOCK: &str =
    "TestState does not support MapIterationFailureCount when a mock is not specified.";
const NEEDS_MOCK: &str = "TestState API does not support Map or Parallel states. Supported state \
                          types include: [Task, Wait, Pass, Succeed, Fail, Choice]";

impl TestStateRequest {
    /// Refuses what goes together neither with the state nor with each other.
    pub(super) fn validate(&self, state: &State) -> Result<(), TestStateError> {
        if self.reveal_secrets && self.mock.is_some() {
            return Err(TestStateError::validation(REVEALED_MOCK));
        }
        let counts = self.state_configuration.map_iteration_failure_count;
        if counts.is_some() && self.mock.is_none() {
            return Err(TestStateError::validation(COUNT_WITHOUT_MOCK));
        }
        match &state.kind {
            StateKind::Map(_) | StateKind::Parallel(_) if self.mock.is_none() => {
                Err(TestStateError::invalid_definition(NEEDS_MOCK))
            }
            StateKind::Map(_) | StateKind::Parallel(_) | StateKind::Task(_) => Ok(()),
            _ if self.mock.is_some() => Err(TestStateError::validation(format!(
                "State type '{}' is not supported when a mock is specified",
                state.state_type().as_str()
            ))),
            _ => Ok(()),
        }
    }

    pub(super) fn parsed_input(&self) -> Result<Value, TestStateError> {
        match self.input.as_deref() {
            None | Some("") => Ok(Value::empty_object()),
            Some(text) => parse(text)
                .map_err(|error| TestStateError::validation(format!("Invalid input: {error}"))),
        }
    }

    pub(super) fn parsed_variables(&self) -> Result<Object, TestStateError> {
        let Some(text) = &self.variables else {
            return Ok(Object::default());
        };
        match parse(text) {
            Ok(Value::Object(variables)) => Ok(variables),
            Ok(_) => Err(TestStateError::validation(
                "Invalid variables: the variables must be a JSON object",
            )),
            Err(error) => Err(TestStateError::validation(format!(
                "Invalid variables: {error}"
            ))),
        }
    }
}
