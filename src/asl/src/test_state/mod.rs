//! `TestState`: one state, run by itself.
//!
//! Source: Step Functions API reference, `TestState`; developer guide, "Using TestState API to
//! test a state".

mod attempt;
mod context;
mod definition;
mod failure;
mod inspection;
mod map;
mod mock;
mod mock_schema;
mod request;
mod response_shapes;

use crate::errors::Fault;
use crate::machine::{ExecutionInfo, Moment, TaskRequest};
use crate::value::{ObjectBuilder, Value};

pub use inspection::{ErrorDetails, InspectionData, PayloadForm};
pub use request::{
    FieldValidationMode, InspectionLevel, Mock, MockErrorOutput, StateConfiguration,
    TestStateRequest,
};

/// Runs a task for a test without a mock.
pub type CallTask<'a> = &'a mut dyn FnMut(&TaskRequest) -> Result<Value, Fault>;

/// A request that `TestState` refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TestStateError {
    /// Such as `ValidationException`.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
}

impl TestStateError {
    fn validation(message: impl Into<String>) -> Self {
        Self {
            code: "ValidationException",
            message: message.into(),
        }
    }

    fn invalid_definition(message: impl Into<String>) -> Self {
        Self {
            code: "InvalidDefinition",
            message: message.into(),
        }
    }
}

/// How the state ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestStatus {
    /// Well.
    Succeeded,
    /// With an error that nothing takes.
    Failed,
    /// With an error after which a Retrier tries again.
    Retriable,
    /// With an error that a Catcher takes.
    CaughtError,
}

impl TestStatus {
    /// The API's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Retriable => "RETRIABLE",
            Self::CaughtError => "CAUGHT_ERROR",
        }
    }
}

/// What `TestState` answers.
#[derive(Debug, Clone, PartialEq)]
pub struct TestStateAnswer {
    /// How the state ended.
    pub status: TestStatus,
    /// Its output, or that of the Catcher.
    pub output: Option<Value>,
    /// Its error.
    pub error: Option<String>,
    /// The error's cause.
    pub cause: Option<String>,
    /// The state that would be next.
    pub next_state: Option<String>,
    /// Its data on the way; at inspection level `INFO` there is none.
    pub inspection_data: Option<InspectionData>,
}

impl TestStateAnswer {
    /// The answer in the API's words.
    #[must_use]
    pub fn to_json(&self, form: PayloadForm) -> Value {
        let text = |text: &Option<String>| text.as_deref().map(Value::from);
        let members = [
            ("output", self.output.as_ref().map(|output| form.of(output))),
            ("error", text(&self.error)),
            ("cause", text(&self.cause)),
            ("nextState", text(&self.next_state)),
            (
                "inspectionData",
                self.inspection_data.as_ref().map(|data| data.to_json(form)),
            ),
        ];
        let mut answer = ObjectBuilder::default().with("status", self.status.as_str());
        for (name, value) in members {
            if let Some(value) = value {
                answer.set(name.into(), value);
            }
        }
        Value::Object(answer.build())
    }
}

/// Runs a state. `info` is what the context object tells of the execution that would run it; its
/// input and role are taken from the request. Nothing waits, and nothing is called where the
/// request has a mock.
///
/// # Errors
/// The request or its definition is refused.
pub fn test_state(
    request: &TestStateRequest,
    info: ExecutionInfo,
    moment: Moment,
    call: CallTask<'_>,
) -> Result<TestStateAnswer, TestStateError> {
    let tested = definition::compile(request)?;
    request.validate(tested.state())?;
    let input = request.parsed_input()?;
    let mock = mock::read(request, tested.state())?;
    let context = context::build(request, &tested, info, &input, moment.now)?;
    let variables = request.parsed_variables()?;
    let attempt = attempt::Attempt {
        request,
        tested: &tested,
        mock,
        moment,
    };
    attempt.run(input, context, variables, call)
}
