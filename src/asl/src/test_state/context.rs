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
            redrives: crate::machine::Redrives::default(),
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

#[cfg(test)]
mod tests {
    use crate::machine::{ExecutionInfo, Moment};
    use crate::test_state::{TestStateRequest, test_state};
    use crate::value::Value;
    use jiff::Timestamp;
    use rstest::rstest;

    fn output_with(context: &str) -> Result<String, String> {
        let request = TestStateRequest {
            definition: r#"{"Type":"Pass","Parameters":{"name.$":"$$.Execution.Name"},"End":true}"#
                .to_owned(),
            context: Some(context.to_owned()),
            ..TestStateRequest::default()
        };
        let info = ExecutionInfo {
            id: "arn:aws:states:us-east-1:000000000000:express:m:e".into(),
            name: "e".into(),
            role_arn: "".into(),
            start_time: Timestamp::UNIX_EPOCH,
            input: Value::Null,
            state_machine_id: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
            state_machine_name: "m".into(),
            region: "us-east-1".into(),
        };
        let moment = Moment {
            now: Timestamp::UNIX_EPOCH,
            entropy: 1,
        };
        let answer = test_state(&request, info, moment, &mut |_| Ok(Value::Null));
        match answer {
            Ok(answer) => Ok(answer
                .output
                .map(|output| output.to_string())
                .unwrap_or_default()),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn a_given_context_is_used_as_it_is() {
        let output = output_with(r#"{"Execution":{"Name":"given"}}"#);
        assert_eq!(output, Ok(r#"{"name":"given"}"#.to_owned()));
    }

    #[rstest]
    #[case("1", "Context object must be valid JSON object")]
    #[case(r#"{"Execution":1}"#, "Execution must be an object")]
    #[case(r#"{"Execution":{"Id":1}}"#, "Execution.Id must be a string")]
    #[case(r#"{"State":{"RetryCount":"1"}}"#, "State.RetryCount must be a number")]
    #[case(r#"{"Execution":{"Nme":"x"}}"#, "Field 'Nme' is not allowed")]
    #[case(r#"{"Other":{}}"#, "Field 'Other' is not allowed")]
    #[case(
        r#"{"Task":{"Token":"t"}}"#,
        "Context object contains 'Task' when state is not a Task state with a '.sync' or \
         '.waitForTaskToken' service integration pattern"
    )]
    fn a_given_context_has_to_look_like_one(#[case] context: &str, #[case] problem: &str) {
        let expected = format!("Invalid Context object provided: {problem}");
        assert_eq!(output_with(context), Err(expected));
    }
}
