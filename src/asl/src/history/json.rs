//! Events as JSON, in the shape and words of the API.
//!
//! Source: Step Functions API reference, `HistoryEvent` and `GetExecutionHistory`.

use crate::errors::Fault;
use crate::resource::Resource;
use crate::value::{Object, ObjectBuilder, Value};

use super::event::{EventKind, HistoryEvent};

impl HistoryEvent {
    /// The event's `type`, such as `TaskStateEntered`.
    #[must_use]
    pub fn event_type(&self) -> String {
        match &self.kind {
            EventKind::StateEntered { state_type, .. } => {
                format!("{}StateEntered", state_type.as_str())
            }
            EventKind::StateExited { state_type, .. } => {
                format!("{}StateExited", state_type.as_str())
            }
            EventKind::StateAborted(state_type) => format!("{}StateAborted", state_type.as_str()),
            kind => fixed_type(kind).to_owned(),
        }
    }

    /// The event as `GetExecutionHistory` writes it: payloads are JSON text in strings.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let mut event = ObjectBuilder::with_capacity(5)
            .with("timestamp", self.timestamp.to_string())
            .with("type", self.event_type())
            .with("id", number(self.id))
            .with("previousEventId", number(self.previous));
        if let Some((name, details)) = details(&self.kind) {
            event.set(name.into(), Value::Object(details.build()));
        }
        Value::Object(event.build())
    }
}

fn fixed_type(kind: &EventKind) -> &'static str {
    match kind {
        EventKind::ExecutionStarted { .. } => "ExecutionStarted",
        EventKind::ExecutionSucceeded { .. } => "ExecutionSucceeded",
        EventKind::ExecutionFailed(_) => "ExecutionFailed",
        EventKind::ExecutionAborted(_) => "ExecutionAborted",
        EventKind::ExecutionTimedOut(_) => "ExecutionTimedOut",
        EventKind::ExecutionRedriven { .. } => "ExecutionRedriven",
        EventKind::StateEntered { .. } => "StateEntered",
        EventKind::StateExited { .. } => "StateExited",
        EventKind::StateAborted(_) => "StateAborted",
        EventKind::TaskScheduled { .. } => "TaskScheduled",
        EventKind::TaskStarted { .. } => "TaskStarted",
        EventKind::TaskSubmitted { .. } => "TaskSubmitted",
        EventKind::TaskSubmitFailed { .. } => "TaskSubmitFailed",
        EventKind::TaskSucceeded { .. } => "TaskSucceeded",
        EventKind::TaskFailed { .. } => "TaskFailed",
        EventKind::TaskTimedOut { .. } => "TaskTimedOut",
        EventKind::LambdaFunctionScheduled { .. } => "LambdaFunctionScheduled",
        EventKind::LambdaFunctionStarted => "LambdaFunctionStarted",
        EventKind::LambdaFunctionSucceeded { .. } => "LambdaFunctionSucceeded",
        EventKind::LambdaFunctionFailed(_) => "LambdaFunctionFailed",
        EventKind::LambdaFunctionTimedOut(_) => "LambdaFunctionTimedOut",
        EventKind::ActivityScheduled { .. } => "ActivityScheduled",
        EventKind::ActivityStarted { .. } => "ActivityStarted",
        EventKind::ActivitySucceeded { .. } => "ActivitySucceeded",
        EventKind::ActivityFailed(_) => "ActivityFailed",
        EventKind::ActivityTimedOut(_) => "ActivityTimedOut",
        EventKind::ParallelStateStarted => "ParallelStateStarted",
        EventKind::ParallelStateSucceeded => "ParallelStateSucceeded",
        EventKind::ParallelStateFailed => "ParallelStateFailed",
        EventKind::MapStateStarted { .. } => "MapStateStarted",
        EventKind::MapStateSucceeded => "MapStateSucceeded",
        EventKind::MapStateFailed => "MapStateFailed",
        EventKind::MapIterationStarted { .. } => "MapIterationStarted",
        EventKind::MapIterationSucceeded { .. } => "MapIterationSucceeded",
        EventKind::MapIterationFailed { .. } => "MapIterationFailed",
        EventKind::MapIterationAborted { .. } => "MapIterationAborted",
        EventKind::MapRunStarted { .. } => "MapRunStarted",
        EventKind::MapRunRedriven { .. } => "MapRunRedriven",
        EventKind::MapRunSucceeded => "MapRunSucceeded",
        EventKind::MapRunFailed(_) => "MapRunFailed",
        EventKind::MapRunAborted => "MapRunAborted",
        EventKind::EvaluationFailed { .. } => "EvaluationFailed",
    }
}

type Details = Option<(&'static str, ObjectBuilder)>;

fn details(kind: &EventKind) -> Details {
    execution_details(kind)
        .or_else(|| state_details(kind))
        .or_else(|| task_details(kind))
        .or_else(|| lambda_details(kind))
        .or_else(|| activity_details(kind))
        .or_else(|| map_details(kind))
}

fn execution_details(kind: &EventKind) -> Details {
    Some(match kind {
        EventKind::ExecutionStarted { input, role_arn } => (
            "executionStartedEventDetails",
            payload("input", input).with("roleArn", role_arn.clone()),
        ),
        EventKind::ExecutionSucceeded { output } => {
            ("executionSucceededEventDetails", payload("output", output))
        }
        EventKind::ExecutionFailed(fault) => ("executionFailedEventDetails", failure(fault)),
        EventKind::ExecutionAborted(fault) => ("executionAbortedEventDetails", failure(fault)),
        EventKind::ExecutionTimedOut(fault) => ("executionTimedOutEventDetails", failure(fault)),
        EventKind::ExecutionRedriven { redrive_count } => (
            "executionRedrivenEventDetails",
            ObjectBuilder::default().with("redriveCount", number(*redrive_count)),
        ),
        _ => return None,
    })
}

fn state_details(kind: &EventKind) -> Details {
    Some(match kind {
        EventKind::StateEntered { name, input, .. } => (
            "stateEnteredEventDetails",
            ObjectBuilder::default()
                .with("name", name.clone())
                .with("input", text(input))
                .with("inputDetails", not_truncated()),
        ),
        EventKind::StateExited {
            name,
            output,
            assigned,
            ..
        } => {
            let mut details = ObjectBuilder::default()
                .with("name", name.clone())
                .with("output", text(output))
                .with("outputDetails", not_truncated());
            if let Some(assigned) = assigned {
                details.set("assignedVariables".into(), as_texts(assigned));
                details.set("assignedVariablesDetails".into(), not_truncated());
            }
            ("stateExitedEventDetails", details)
        }
        EventKind::EvaluationFailed { fault, state } => {
            let mut details = failure(fault);
            if let Some(location) = &fault.location {
                details.set("location".into(), Value::String(location.clone()));
            }
            (
                "evaluationFailedEventDetails",
                details.with("state", state.clone()),
            )
        }
        _ => return None,
    })
}

fn task_details(kind: &EventKind) -> Details {
    Some(match kind {
        EventKind::TaskScheduled {
            resource,
            region,
            parameters,
            timeout_seconds,
            heartbeat_seconds,
            credentials,
        } => {
            let mut details = called(resource)
                .with("region", region.clone())
                .with("parameters", text(parameters));
            seconds(&mut details, "timeoutInSeconds", *timeout_seconds);
            seconds(&mut details, "heartbeatInSeconds", *heartbeat_seconds);
            set_credentials(&mut details, credentials.as_deref());
            ("taskScheduledEventDetails", details)
        }
        EventKind::TaskStarted { resource } => ("taskStartedEventDetails", called(resource)),
        EventKind::TaskSubmitted { resource, output } => (
            "taskSubmittedEventDetails",
            called(resource)
                .with("output", text(output))
                .with("outputDetails", not_truncated()),
        ),
        EventKind::TaskSubmitFailed { resource, fault } => (
            "taskSubmitFailedEventDetails",
            add_failure(called(resource), fault),
        ),
        EventKind::TaskSucceeded { resource, output } => (
            "taskSucceededEventDetails",
            called(resource)
                .with("output", text(output))
                .with("outputDetails", not_truncated()),
        ),
        EventKind::TaskFailed { resource, fault } => (
            "taskFailedEventDetails",
            add_failure(called(resource), fault),
        ),
        EventKind::TaskTimedOut { resource, fault } => (
            "taskTimedOutEventDetails",
            add_failure(called(resource), fault),
        ),
        _ => return None,
    })
}

fn lambda_details(kind: &EventKind) -> Details {
    Some(match kind {
        EventKind::LambdaFunctionScheduled {
            resource,
            input,
            timeout_seconds,
            credentials,
        } => {
            let mut details = payload("input", input).with("resource", resource.arn.clone());
            seconds(&mut details, "timeoutInSeconds", *timeout_seconds);
            set_credentials(&mut details, credentials.as_deref());
            ("lambdaFunctionScheduledEventDetails", details)
        }
        EventKind::LambdaFunctionSucceeded { output } => (
            "lambdaFunctionSucceededEventDetails",
            payload("output", output),
        ),
        EventKind::LambdaFunctionFailed(fault) => {
            ("lambdaFunctionFailedEventDetails", failure(fault))
        }
        EventKind::LambdaFunctionTimedOut(fault) => {
            ("lambdaFunctionTimedOutEventDetails", failure(fault))
        }
        _ => return None,
    })
}

fn activity_details(kind: &EventKind) -> Details {
    Some(match kind {
        EventKind::ActivityScheduled {
            resource,
            input,
            timeout_seconds,
            heartbeat_seconds,
        } => {
            let mut details = payload("input", input).with("resource", resource.arn.clone());
            seconds(&mut details, "timeoutInSeconds", *timeout_seconds);
            seconds(&mut details, "heartbeatInSeconds", *heartbeat_seconds);
            ("activityScheduledEventDetails", details)
        }
        EventKind::ActivityStarted { worker_name } => {
            let mut details = ObjectBuilder::default();
            if let Some(name) = worker_name {
                details.set("workerName".into(), Value::String(name.clone()));
            }
            ("activityStartedEventDetails", details)
        }
        EventKind::ActivitySucceeded { output } => {
            ("activitySucceededEventDetails", payload("output", output))
        }
        EventKind::ActivityFailed(fault) => ("activityFailedEventDetails", failure(fault)),
        EventKind::ActivityTimedOut(fault) => ("activityTimedOutEventDetails", failure(fault)),
        _ => return None,
    })
}

fn map_details(kind: &EventKind) -> Details {
    let iteration = |name: &std::sync::Arc<str>, index: u64| {
        ObjectBuilder::default()
            .with("name", name.clone())
            .with("index", number(index))
    };
    Some(match kind {
        EventKind::MapStateStarted { length } => (
            "mapStateStartedEventDetails",
            ObjectBuilder::default().with("length", number(*length)),
        ),
        EventKind::MapIterationStarted { name, index } => {
            ("mapIterationStartedEventDetails", iteration(name, *index))
        }
        EventKind::MapIterationSucceeded { name, index } => {
            ("mapIterationSucceededEventDetails", iteration(name, *index))
        }
        EventKind::MapIterationFailed { name, index } => {
            ("mapIterationFailedEventDetails", iteration(name, *index))
        }
        EventKind::MapIterationAborted { name, index } => {
            ("mapIterationAbortedEventDetails", iteration(name, *index))
        }
        EventKind::MapRunStarted { map_run_arn } => (
            "mapRunStartedEventDetails",
            ObjectBuilder::default().with("mapRunArn", map_run_arn.clone()),
        ),
        EventKind::MapRunRedriven {
            map_run_arn,
            redrive_count,
        } => (
            "mapRunRedrivenEventDetails",
            ObjectBuilder::default()
                .with("mapRunArn", map_run_arn.clone())
                .with("redriveCount", number(*redrive_count)),
        ),
        EventKind::MapRunFailed(fault) => ("mapRunFailedEventDetails", failure(fault)),
        _ => return None,
    })
}

#[allow(clippy::cast_possible_wrap)]
fn number(value: u64) -> Value {
    Value::from(value as i64)
}

fn text(value: &Value) -> Value {
    Value::from(value.to_string())
}

fn as_texts(object: &Object) -> Value {
    let texts = object
        .members()
        .iter()
        .map(|(name, value)| (name.clone(), text(value)));
    Value::Object(texts.collect())
}

fn not_truncated() -> Value {
    Value::Object(ObjectBuilder::default().with("truncated", false).build())
}

fn payload(name: &'static str, value: &Value) -> ObjectBuilder {
    ObjectBuilder::default()
        .with(name, text(value))
        .with(&format!("{name}Details"), not_truncated())
}

fn called(resource: &Resource) -> ObjectBuilder {
    ObjectBuilder::default()
        .with("resourceType", resource.resource_type())
        .with("resource", resource.resource())
}

fn seconds(details: &mut ObjectBuilder, name: &'static str, value: Option<u64>) {
    if let Some(value) = value {
        details.set(name.into(), number(value));
    }
}

fn set_credentials(details: &mut ObjectBuilder, role_arn: Option<&str>) {
    if let Some(role_arn) = role_arn {
        let credentials = ObjectBuilder::default().with("roleArn", role_arn).build();
        details.set("taskCredentials".into(), Value::Object(credentials));
    }
}

fn failure(fault: &Fault) -> ObjectBuilder {
    add_failure(ObjectBuilder::default(), fault)
}

fn add_failure(mut details: ObjectBuilder, fault: &Fault) -> ObjectBuilder {
    if let Some(error) = &fault.error {
        details.set("error".into(), Value::String(error.clone()));
    }
    if let Some(cause) = &fault.cause {
        details.set("cause".into(), Value::String(cause.clone()));
    }
    details
}
