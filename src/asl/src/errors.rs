//! Predefined error names, and the fault that a state ends with.
//!
//! Source: States Language, "Errors" and appendix A; Step Functions developer guide, "Handling
//! errors in Step Functions workflows".

use std::sync::Arc;

use crate::value::{ObjectBuilder, Value};

/// Matches every error name but [`RUNTIME`].
pub const ALL: &str = "States.ALL";
/// No rule of a Choice state matched and it has no Default.
pub const NO_CHOICE_MATCHED: &str = "States.NoChoiceMatched";
/// A payload is larger than the limit.
pub const DATA_LIMIT_EXCEEDED: &str = "States.DataLimitExceeded";
/// The definition cannot be executed with this data. Never tried again, never caught: it ends the
/// execution from whatever depth.
pub const RUNTIME: &str = "States.Runtime";
/// A task took longer than its TimeoutSeconds or missed a heartbeat.
pub const TIMEOUT: &str = "States.Timeout";
/// A task reported no heartbeat within its HeartbeatSeconds.
pub const HEARTBEAT_TIMEOUT: &str = "States.HeartbeatTimeout";
/// A task failed. As a matcher it stands for every error of a task but a timeout.
pub const TASK_FAILED: &str = "States.TaskFailed";
/// The state machine may not do what a task needs.
pub const PERMISSIONS: &str = "States.Permissions";
/// A result cannot be put at ResultPath.
pub const RESULT_PATH_MATCH_FAILURE: &str = "States.ResultPathMatchFailure";
/// An intrinsic function could not be evaluated.
pub const INTRINSIC_FAILURE: &str = "States.IntrinsicFailure";
/// A Map state's items could not be read.
pub const ITEM_READER_FAILED: &str = "States.ItemReaderFailed";
/// A Map state's results could not be written.
pub const RESULT_WRITER_FAILED: &str = "States.ResultWriterFailed";
/// More items of a Map state failed than it tolerates.
pub const EXCEED_TOLERATED_FAILURE_THRESHOLD: &str = "States.ExceedToleratedFailureThreshold";
/// A JSONata expression could not be evaluated.
pub const QUERY_EVALUATION_ERROR: &str = "States.QueryEvaluationError";

/// How a state, a task or an execution failed: an error name and its cause.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fault {
    /// The error name that Retriers and Catchers match; absent when a Fail state gives none.
    pub error: Option<Arc<str>>,
    /// Text for people.
    pub cause: Option<Arc<str>>,
    /// A second name by which it is matched: [`HEARTBEAT_TIMEOUT`] for a [`TIMEOUT`] of that kind.
    pub alias: Option<&'static str>,
    /// The field whose JSONata expression failed, such as `Arguments`; only for
    /// [`QUERY_EVALUATION_ERROR`], which the history records as `EvaluationFailed`.
    pub location: Option<Arc<str>>,
}

impl Fault {
    /// A fault with name and cause.
    #[must_use]
    pub fn new(error: &str, cause: impl Into<Arc<str>>) -> Self {
        Self {
            error: Some(error.into()),
            cause: Some(cause.into()),
            ..Self::default()
        }
    }

    /// A timeout; AWS gives it no cause.
    #[must_use]
    pub fn timeout(alias: Option<&'static str>) -> Self {
        Self {
            error: Some(TIMEOUT.into()),
            alias,
            ..Self::default()
        }
    }

    /// Whether one of a Retrier's or Catcher's `ErrorEquals` matches. None matches
    /// [`RUNTIME`], not even its own name.
    #[must_use]
    pub fn matches(&self, error_equals: &[Arc<str>]) -> bool {
        self.name() != RUNTIME
            && error_equals.iter().any(|pattern| match &**pattern {
                ALL => true,
                TASK_FAILED => !matches!(self.name(), TIMEOUT | DATA_LIMIT_EXCEEDED),
                pattern => self.name() == pattern || self.alias == Some(pattern),
            })
    }

    /// The error output of a Catcher: `{"Error": …, "Cause": …}`, `null` where there is none. A
    /// timeout's cause is empty instead.
    #[must_use]
    pub fn to_output(&self) -> Value {
        let text = |text: &Option<Arc<str>>| text.clone().map_or(Value::Null, Value::String);
        let cause = match (&self.cause, self.name()) {
            (None, TIMEOUT) => Value::from(""),
            (cause, _) => text(cause),
        };
        let output = ObjectBuilder::with_capacity(2)
            .with("Error", text(&self.error))
            .with("Cause", cause);
        Value::Object(output.build())
    }

    /// The error name; empty when there is none.
    #[must_use]
    pub fn name(&self) -> &str {
        self.error.as_deref().unwrap_or_default()
    }
}
