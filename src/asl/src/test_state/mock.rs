//! What a mock gives in place of a state's work.

use super::{Mock, TestStateError, TestStateRequest, mock_schema};
use crate::errors::Fault;
use crate::states::{State, StateKind};
use crate::value::{Value, parse};

/// The result or the error that the state's work is to give; `None` when it is to be done.
pub(super) type Mocked = Option<Result<Value, Fault>>;

/// Reads the mock and checks it against the state.
pub(super) fn read(request: &TestStateRequest, state: &State) -> Result<Mocked, TestStateError> {
    let Some(mock) = &request.mock else {
        return Ok(None);
    };
    if let Some(error) = &mock.error_output {
        return Ok(Some(Err(Fault {
            error: error.error.as_deref().map(Into::into),
            cause: error.cause.as_deref().map(Into::into),
            ..Fault::default()
        })));
    }
    let text = mock.result.as_deref().unwrap_or("null");
    let result =
        parse(text).map_err(|_| TestStateError::validation("Mocked result must be valid JSON"))?;
    validate(mock, state, &result)?;
    Ok(Some(Ok(result)))
}

fn validate(mock: &Mock, state: &State, result: &Value) -> Result<(), TestStateError> {
    match &state.kind {
        StateKind::Map(map) if map.result_writer.is_none() => must_be_array(result).map(|_| ()),
        StateKind::Parallel(parallel) => {
            if must_be_array(result)?.len() == parallel.branches.len() {
                return Ok(());
            }
            Err(TestStateError::validation(
                "Mocked result must contain the same number of items as number of Parallel \
                 branches.",
            ))
        }
        StateKind::Task(task) => {
            mock_schema::validate(&task.resource, result, mock.field_validation_mode)
                .map_err(TestStateError::validation)
        }
        _ => Ok(()),
    }
}

fn must_be_array(result: &Value) -> Result<&[Value], TestStateError> {
    result
        .as_array()
        .ok_or_else(|| TestStateError::validation("Mocked result must be an array."))
}
