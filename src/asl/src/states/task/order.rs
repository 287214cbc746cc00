//! What a Task state asks for: its parameters, whose rights count, how long it may take.
//!
//! Source: States Language, "Task State" and "Timeouts"; developer guide, "Accessing resources in
//! other AWS accounts".

use std::sync::Arc;

use super::Task;
use crate::errors::Fault;
use crate::machine::TaskRequest;
use crate::machine::stage::{Given, Stage, unexpected_type};
use crate::machine::timers::after;
use crate::query::Dynamic;
use crate::value::Value;

/// What is asked of the outside, and for how long.
pub(super) struct Order {
    pub parameters: Value,
    pub credentials: Option<Arc<str>>,
    pub timeout_seconds: Option<u64>,
    pub heartbeat_seconds: Option<u64>,
}

impl Task {
    /// The request that a test without a mock makes.
    pub(crate) fn request_for_test(&self, stage: &Stage<'_>) -> Result<TaskRequest, Fault> {
        let order = self.order(stage)?;
        Ok(TaskRequest {
            task: 0,
            state: stage.state.name.clone(),
            resource: self.resource.clone(),
            parameters: order.parameters,
            credentials: order.credentials,
            token: None,
            deadline: order.timeout_seconds.map(|s| after(stage.now, s)),
        })
    }

    pub(super) fn order(&self, stage: &Stage<'_>) -> Result<Order, Fault> {
        let data_flow = &stage.state.data_flow;
        let input = data_flow.effective_input(stage)?;
        Ok(Order {
            parameters: data_flow.arguments(stage, &input)?,
            credentials: self.role_arn(stage, &input)?,
            timeout_seconds: seconds(
                stage,
                self.timeout_seconds.as_ref(),
                "TimeoutSeconds",
                &input,
            )?,
            heartbeat_seconds: seconds(
                stage,
                self.heartbeat_seconds.as_ref(),
                "HeartbeatSeconds",
                &input,
            )?,
        })
    }

    fn role_arn(&self, stage: &Stage<'_>, input: &Value) -> Result<Option<Arc<str>>, Fault> {
        let Some(template) = &self.credentials else {
            return Ok(None);
        };
        let credentials = stage.query(input, Given::default(), |scope| {
            template.evaluate(scope, "Credentials")
        })?;
        match credentials.get("RoleArn") {
            Some(Value::String(role_arn)) if !role_arn.is_empty() => Ok(Some(role_arn.clone())),
            found => Err(stage.runtime(&unusable_role_arn(found))),
        }
    }
}

/// A task must not act as its state machine because the role it names cannot be told.
fn unusable_role_arn(found: Option<&Value>) -> String {
    let expected = "The value for the field 'RoleArn' of 'Credentials' must be a non-empty string";
    match found {
        None => format!("{expected}, but was missing"),
        Some(value) => format!("{expected}, but was '{}' for value: {value}", value.kind()),
    }
}

fn seconds(
    stage: &Stage<'_>,
    field: Option<&Dynamic<u64>>,
    name: &str,
    input: &Value,
) -> Result<Option<u64>, Fault> {
    let Some(field) = field else {
        return Ok(None);
    };
    let name = &*field.field_name(name);
    let read = |value: &Value| value.as_u64().filter(|seconds| *seconds > 0).ok_or(());
    stage
        .dynamic(field, name, input, read, |(), value, text| match field {
            Dynamic::Expression(_) => unexpected_type(text, name, "integer", value),
            _ => format!(
                "The {name} field refers to value \"{value}\" which is not a valid integer: {text}"
            ),
        })
        .map(Some)
}
