//! The context object that a tested state sees.

use jiff::Timestamp;

use super::definition::{STATE_NAME, Tested};
use super::{TestStateError, TestStateRequest};
use crate::machine::ExecutionInfo;
use crate::machine::context::ContextSource;
use crate::machine::thread::Entered;
use crate::resource::Pattern;
use crate::states::{State, StateKind};
use crate::value::{Object, Value, parse};

/// An execution as the tested state sees it.
#[derive(Debug)]
pub(super) struct TestContext {
    /// The execution.
    pub info: ExecutionInfo,
    /// The whole context object.
    pub value: Value,
    /// The state's entered event.
    pub entered: Entered,
}

/// The members that a given context object may have, and those of them.
const FIELDS: [(&str, &[&str]); 4] = [
    (
        "Execution",
        &[
            "Id",
            "Input",
            "Name",
            "RoleArn",
            "StartTime",
            "RedriveCount",
            "RedriveTime",
        ],
    ),
    ("State", &["EnteredTime", "Name", "RetryCount"]),
    ("StateMachine", &["Id", "Name"]),
    ("Task", &["Token"]),
];

/// The members that are no text.
const OTHER_KINDS: [(&str, &str); 2] = [("RetryCount", "number"), ("RedriveCount", "number")];

/// Builds the context: the given one as it is, else one of an Express execution.
pub(super) fn build(
    request: &TestStateRequest,
    tested: &Tested,
    info: ExecutionInfo,
    input: &Value,
    now: Timestamp,
) -> Result<TestContext, TestStateError> {
    let info = ExecutionInfo {
        input: input.clone(),
        role_arn: request.role_arn.clone().unwrap_or_default().into(),
        start_time: now,
        ..info
    };
    let entered = Entered {
        at: now,
        ..Entered::default()
    };
    let given = match &request.context {
        Some(text) => Some(read(text, tested.state())?),
        None => None,
    };
    let retry_count = tested.state().counts_retries().then(|| {
        let count = request.state_configuration.retrier_retry_count;
        count.unwrap_or_default()
    });
    let value = given.unwrap_or_else(|| {
        let source = ContextSource {
            info: &info,
            redrive_count: 0,
            state: STATE_NAME,
            entered,
            retry_count,
            token: None,
            item: None,
        };
        source.build()
    });
    Ok(TestContext {
        info,
        value,
        entered,
    })
}

fn invalid(message: impl AsRef<str>) -> TestStateError {
    TestStateError::validation(format!(
        "Invalid Context object provided: {}",
        message.as_ref()
    ))
}

fn read(text: &str, state: &State) -> Result<Value, TestStateError> {
    let Ok(Value::Object(context)) = parse(text) else {
        return Err(invalid("Context object must be valid JSON object"));
    };
    for (name, value) in context.members() {
        if &**name == "Map" {
            return Err(invalid(
                "'Map' field is not supported when mocking a Context object",
            ));
        }
        let fields = FIELDS.iter().find(|(own, _)| *own == &**name);
        let (name, fields) = fields.ok_or_else(|| not_allowed(name))?;
        let Value::Object(members) = value else {
            return Err(invalid(format!("{name} must be an object")));
        };
        validate_members(name, fields, members)?;
    }
    if context.get("Task").is_some() && !waits_for_outside(state) {
        return Err(invalid(
            "Context object contains 'Task' when state is not a Task state with a '.sync' or \
             '.waitForTaskToken' service integration pattern",
        ));
    }
    Ok(Value::Object(context))
}

fn validate_members(name: &str, fields: &[&str], members: &Object) -> Result<(), TestStateError> {
    for (member, value) in members.members() {
        if !fields.contains(&&**member) {
            return Err(not_allowed(member));
        }
        let other = OTHER_KINDS.iter().find(|(own, _)| *own == &**member);
        let kind = other.map_or("string", |(_, kind)| kind);
        if &**member != "Input" && value.kind() != kind {
            return Err(invalid(format!("{name}.{member} must be a {kind}")));
        }
    }
    Ok(())
}

fn not_allowed(field: &str) -> TestStateError {
    invalid(format!("Field '{field}' is not allowed"))
}

fn waits_for_outside(state: &State) -> bool {
    match &state.kind {
        StateKind::Task(task) => task.resource.pattern() != Pattern::RequestResponse,
        _ => false,
    }
}
