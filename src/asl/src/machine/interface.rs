//! What goes into the interpreter and what comes out.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::errors::Fault;
use crate::history::EventId;
use crate::resource::Resource;
use crate::value::Value;

/// A task's number within its execution: the id of the event that scheduled it, so that it is
/// the same whenever the same execution is carried again.
pub type TaskId = EventId;

/// What is fixed for an execution from its start: the source of the context object (`$$`).
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionInfo {
    /// The execution's ARN (`$$.Execution.Id`).
    pub id: Arc<str>,
    /// `$$.Execution.Name`
    pub name: Arc<str>,
    /// `$$.Execution.RoleArn`; empty when there is none.
    pub role_arn: Arc<str>,
    /// `$$.Execution.StartTime`
    pub start_time: Timestamp,
    /// The input.
    pub input: Value,
    /// `$$.StateMachine.Id`
    pub state_machine_id: Arc<str>,
    /// `$$.StateMachine.Name`
    pub state_machine_name: Arc<str>,
    /// The region in ARNs and events.
    pub region: Arc<str>,
}

impl ExecutionInfo {
    /// Whether it is an execution of an Express workflow, as its ARN says.
    #[must_use]
    pub fn is_express(&self) -> bool {
        self.id.split(':').nth(5) == Some("express")
    }
}

/// When an event is handled, and the randomness it may use.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// Seeds jitter, `States.UUID` and the like. Fresh for each event.
    pub entropy: u64,
}

/// What bounds an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest payload of a state or task, in bytes of JSON text (AWS: 262,144).
    pub payload_bytes: usize,
    /// The most that all variables of an execution take together, in bytes of JSON text (AWS:
    /// 10 MiB). Each child of a distributed Map is an execution of its own.
    pub variables_bytes: usize,
    /// How much an item reader may read, in bytes of the items' JSON text, where a small item
    /// counts for 256. All of them are in memory, and may take ten times as much there.
    pub items_bytes: usize,
    /// How many states one call of `handle` may enter before it yields; fewer where payloads are
    /// large.
    pub states_per_step: usize,
    /// How long one call of `handle` may take before it yields. When it does changes nothing but
    /// what may happen in between.
    pub time_per_step: Duration,
    /// How many events the history may have (AWS: 25,000): an execution that reaches as many before
    /// it ends fails.
    pub history_events: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            payload_bytes: 256 * 1024,
            variables_bytes: 10 * 1024 * 1024,
            items_bytes: 32 * 1024 * 1024,
            states_per_step: 100_000,
            time_per_step: Duration::MAX,
            history_events: 1_000_000,
        }
    }
}

/// What happened outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Begin. The first event of every execution, and of no other time.
    Started,
    /// A worker took an activity. Other tasks count as started once they were handed over.
    TaskStarted {
        /// Which.
        task: TaskId,
        /// Who.
        worker_name: Option<Arc<str>>,
    },
    /// The request of a `.sync` task was accepted; its end is still to come.
    TaskSubmitted {
        /// Which.
        task: TaskId,
        /// The answer.
        output: Value,
    },
    /// A task succeeded.
    TaskSucceeded {
        /// Which.
        task: TaskId,
        /// Its result.
        output: Value,
    },
    /// A task failed.
    TaskFailed {
        /// Which.
        task: TaskId,
        /// How.
        fault: Fault,
    },
    /// A task is alive: its heartbeat timer starts anew.
    TaskHeartbeat {
        /// Which.
        task: TaskId,
    },
    /// Time went by: everything due by the moment's `now` happens. Also sent when a transition
    /// said that it yielded.
    TimePassed,
    /// Stop the execution (`StopExecution`).
    Stop(Fault),
    /// Go on where the execution ended without success (`RedriveExecution`).
    Redrive,
}

/// What is to be done outside, in this order, once the state of the execution is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Start a task. Sent again after a restart, so the runner recognizes its own by the id.
    StartTask(TaskRequest),
    /// A task's result is no longer wanted: stop it and remove what it made.
    CancelTask {
        /// Which.
        task: TaskId,
    },
}

/// A task to start.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskRequest {
    /// Its number.
    pub task: TaskId,
    /// The name of the Task state.
    pub state: Arc<str>,
    /// What to call.
    pub resource: Arc<Resource>,
    /// The effective parameters.
    pub parameters: Value,
    /// `Credentials.RoleArn`, where the state has it.
    pub credentials: Option<Arc<str>>,
    /// `$$.Task.Token`, for `.waitForTaskToken` and activities.
    pub token: Option<Arc<str>>,
    /// When the task times out, where it does; the interpreter cancels it then.
    pub deadline: Option<Timestamp>,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// With an output.
    Succeeded(Value),
    /// With an error.
    Failed(Fault),
    /// By the state machine's TimeoutSeconds.
    TimedOut(Fault),
    /// By a stop from outside.
    Aborted(Fault),
}

impl Outcome {
    /// The word in `ExecutionStatus`.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "SUCCEEDED",
            Self::Failed(_) => "FAILED",
            Self::TimedOut(_) => "TIMED_OUT",
            Self::Aborted(_) => "ABORTED",
        }
    }
}

/// The result of handling one event.
#[derive(Debug, Clone, Default)]
pub struct Transition {
    /// What is to be done, in order.
    pub commands: Vec<Command>,
    /// When `TimePassed` is next due.
    pub deadline: Option<Timestamp>,
    /// The step's budget was used up: send `TimePassed` at once to go on.
    pub yielded: bool,
    /// Set once, when the execution ends.
    pub outcome: Option<Outcome>,
}
