//! The Execution resource: one run of a state machine.
//!
//! Source: Step Functions API reference, `StartExecution`, `DescribeExecution`, `StopExecution`;
//! spelt as ACK would spell it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::condition::Condition;
use crate::lean::cut;
use crate::schema::any_json;
use crate::state_machine::AckResourceMetadata;
use crate::task_status::TaskStatus;

/// One run of a state machine. It starts when it is created, and is stopped when it is deleted.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[kube(
    group = "sfn.services.k8s.aws",
    version = "v1alpha1",
    kind = "Execution",
    plural = "executions",
    singular = "execution",
    shortname = "exe",
    category = "aws",
    category = "sfn",
    namespaced,
    status = "ExecutionStatus",
    derive = "PartialEq",
    doc = "Execution is one run of a StateMachine. It starts when it is created; deleting it stops it.",
    selectable = ".status.status",
    selectable = ".spec.stateMachineRef.from.name",
    selectable = ".spec.ttlSecondsAfterFinished",
    selectable = ".spec.redriveCount",
    selectable = ".status.revisionId",
    selectable = ".status.redriveStatus",
    validation = Rule::new("!has(self.spec.name) || self.spec.name == self.metadata.name")
        .message("name must equal metadata.name if it is set: an execution is named like its object")
        .field_path(".spec.name"),
    validation = Rule::new("size(self.metadata.name) <= 80")
        .message("metadata.name must have at most 80 characters, the longest name of an execution"),
    printcolumn(
        name = "StateMachine",
        type_ = "string",
        json_path = ".spec.stateMachineRef.from.name"
    ),
    printcolumn(name = "Status", type_ = "string", json_path = ".status.status"),
    printcolumn(
        name = "State",
        type_ = "string",
        json_path = ".status.currentStates[*]",
        description = "The state in progress; the first, if there are several"
    ),
    printcolumn(name = "Error", type_ = "string", json_path = ".status.error"),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(
        name = "Duration",
        type_ = "string",
        json_path = ".status.duration",
        description = "From start to end"
    ),
    printcolumn(
        name = "Progress",
        type_ = "string",
        json_path = ".status.progress",
        description = "What the states in progress do, or what holds them up"
    ),
    printcolumn(
        name = "Started",
        type_ = "date",
        priority = 1,
        json_path = ".status.startDate"
    ),
    printcolumn(
        name = "Job",
        type_ = "string",
        priority = 1,
        json_path = ".status.tasks[*].jobName"
    ),
    printcolumn(
        name = "Message",
        type_ = "string",
        priority = 1,
        json_path = r#".status.conditions[?(@.type=="Ready")].message"#
    ),
    printcolumn(
        name = "ARN",
        type_ = "string",
        priority = 1,
        json_path = ".status.ackResourceMetadata.arn"
    )
)]
#[x_kube(
    validation = Rule::new("has(self.stateMachineRef) != has(self.stateMachineARN)")
        .message("exactly one of stateMachineRef and stateMachineARN must be set")
        .field_path(".stateMachineRef"),
    validation = Rule::new("has(self.stateMachineRef) == has(oldSelf.stateMachineRef)")
        .message("stateMachineRef and stateMachineARN are immutable")
        .field_path(".stateMachineRef"),
    validation = Rule::new(unchanged_input_rule())
        .message("input is immutable: create another Execution instead"),
    validation = Rule::new(
        "!has(oldSelf.stop) || has(self.stop) || (has(self.redriveCount) && (!has(oldSelf.redriveCount) || self.redriveCount > oldSelf.redriveCount))"
    )
        .message("stop cannot be withdrawn, unless redriveCount is raised in the same change")
        .field_path(".stop"),
    validation = Rule::new(
        "!has(oldSelf.redriveCount) || (has(self.redriveCount) && self.redriveCount >= oldSelf.redriveCount)"
    )
        .message("redriveCount can only grow")
        .field_path(".redriveCount")
)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionSpec {
    /// The StateMachine to run, of the same namespace. Immutable.
    #[x_kube(validation = Rule::new("self == oldSelf").message("stateMachineRef is immutable"))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_machine_ref: Option<StateMachineReference>,

    /// The ARN of the state machine to run, as a StateMachine of the same namespace has it in
    /// status.ackResourceMetadata.arn. Immutable.
    #[schemars(length(min = 1, max = 256))]
    #[serde(
        default,
        rename = "stateMachineARN",
        skip_serializing_if = "Option::is_none"
    )]
    pub state_machine_arn: Option<String>,

    /// The input: any JSON value; `{}` if it is absent. Immutable.
    #[schemars(schema_with = "any_json")]
    #[serde(
        default,
        deserialize_with = "cut",
        skip_serializing_if = "Option::is_none"
    )]
    pub input: Option<Value>,

    /// The name of the execution, which is metadata.name. Immutable.
    #[schemars(length(min = 1, max = 80))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,

    /// Set to stop the execution, as StopExecution does. It cannot be withdrawn, unless
    /// redriveCount is raised in the same change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Stop>,

    /// How often the execution is to be redriven, as RedriveExecution does: while
    /// status.redriveCount is less, an execution that ended without success goes on from the
    /// states that failed, within 14 days of its end and while its StateMachine is there. It waits
    /// for its turn as new ones do. It can only grow.
    #[schemars(range(min = 0, max = 1000))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_count: Option<i32>,

    /// Deletes the Execution this many seconds after it last ended, with all it owns. Kept if
    /// absent.
    #[schemars(range(min = 0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_seconds_after_finished: Option<i32>,

    /// Whether Jobs of this execution are kept when it is stopped or deleted. By default they
    /// are deleted with their pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retain_jobs: Option<bool>,
}

/// CEL cannot name a field of any type, but sees whether the whole differs: it is the input if
/// nothing else does. Where something else changes too, the chart's admission policy looks.
fn unchanged_input_rule() -> String {
    let others = [
        "stateMachineRef",
        "stateMachineARN",
        "name",
        "stop",
        "redriveCount",
        "ttlSecondsAfterFinished",
        "retainJobs",
    ];
    let changed = others.map(|field| {
        format!("has(self.{field}) != has(oldSelf.{field}) || (has(self.{field}) && self.{field} != oldSelf.{field})")
    });
    format!("self == oldSelf || {}", changed.join(" || "))
}

/// Names a StateMachine.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct StateMachineReference {
    /// The StateMachine object.
    pub from: LocalReference,
}

/// Names an object of the same namespace.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct LocalReference {
    /// The object's metadata.name.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
}

/// Why an execution is stopped.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct Stop {
    /// The error code of the failure.
    #[schemars(length(max = 256))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// A more detailed explanation of the cause of the failure.
    #[schemars(length(max = 32_768))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
}

/// What is observed of an execution.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionStatus {
    /// The ARN and what it is made of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ack_resource_metadata: Option<AckResourceMetadata>,
    /// How far the execution is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<RunStatus>,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Time>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_date: Option<Time>,
    /// How long it ran, such as `1m7s`; set when it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<String>,
    /// How often it was redriven; absent before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_count: Option<i32>,
    /// When it was last redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_date: Option<Time>,
    /// Whether it could be redriven when it ended. 14 days later it cannot any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_status: Option<RedriveStatus>,
    /// Why it cannot be redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_status_reason: Option<String>,
    /// The names of the states in progress, the first few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub current_states: Vec<String>,
    /// How many states are in progress, where that is more than currentStates lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_state_count: Option<i64>,
    /// What the states in progress do, or what holds them up, in words: how many items a Map has
    /// processed, which retry comes when, until when is waited, why a pod does not start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<String>,
    /// The output, when it succeeded: any JSON value.
    #[schemars(schema_with = "any_json")]
    #[serde(
        default,
        deserialize_with = "cut",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Value>,
    /// Set when the execution succeeded and its output is too large for a status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_details: Option<OutputDetails>,
    /// The error name, when it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The cause, when it did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The tasks in progress and the last ones, a few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskStatus>,
    /// The state in conditions: ACK.Terminal when the execution failed, Ready when it succeeded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The generation of the spec that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// The revision of the state machine that it runs, pinned at its start, and kept as long as it
    /// may be redriven.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision_id: Option<String>,
    /// What the operator needs to continue after a restart. Opaque.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// How many events the history has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history_length: Option<i64>,
}

/// Details about the output, as DescribeExecution has them.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct OutputDetails {
    /// Whether the output is in status. The last event of the history has it in any case.
    pub included: bool,
}

impl Execution {
    /// How far it is, by its status.
    #[must_use]
    pub fn run_status(&self) -> Option<RunStatus> {
        self.status.as_ref()?.status
    }

    /// Whether it ended, by its status. It goes on if it is redriven.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.run_status().is_some_and(RunStatus::is_finished)
    }
}

/// How far an execution is, in the words of the Step Functions API.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunStatus {
    /// Accepted, and not started yet.
    Pending,
    /// In progress.
    Running,
    /// Ended with an output.
    Succeeded,
    /// Ended with an error.
    Failed,
    /// Ended by the state machine's TimeoutSeconds.
    TimedOut,
    /// Stopped.
    Aborted,
    /// Ended without success, and asked to go on where it ended. Of the API alone: here one that
    /// waits to be redriven says so by a condition.
    PendingRedrive,
}

impl RunStatus {
    /// Whether nothing will happen any more.
    #[must_use]
    pub fn is_finished(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::TimedOut | Self::Aborted
        )
    }

    /// The word in status, such as `TIMED_OUT`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
            Self::PendingRedrive => "PENDING_REDRIVE",
        }
    }
}

/// Whether an execution can be redriven, in the words of the Step Functions API.
#[derive(Serialize, Deserialize, JsonSchema, Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RedriveStatus {
    /// It can.
    Redrivable,
    /// It cannot.
    NotRedrivable,
}
