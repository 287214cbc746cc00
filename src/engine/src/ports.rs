//! The ports of durable execution: where checkpoints live, who runs tasks, what time it is.

use std::sync::Arc;

use asl::Value;
use asl::errors::Fault;
use asl::machine::TaskRequest;
use async_trait::async_trait;
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

/// Names an execution across restarts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExecutionKey {
    /// The namespace of the Execution object; empty where there is no cluster.
    pub namespace: Arc<str>,
    /// The object's name.
    pub name: Arc<str>,
    /// The object's uid: a new object of the same name is another execution.
    pub uid: Arc<str>,
}

/// Whose rights a task acts with: those of its state machine, never the operator's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// A ServiceAccount of the execution's namespace.
    ServiceAccount(Arc<str>),
    /// A role ARN, to be looked up in `kube-system/aws-auth`.
    Role(Arc<str>),
    /// Neither was given.
    None,
}

/// One task as a runner sees it.
#[derive(Debug, Clone)]
pub struct Task {
    /// Whose task.
    pub execution: ExecutionKey,
    /// Whose rights. `Credentials.RoleArn` of the state is already taken into account.
    pub identity: Identity,
    /// What to do.
    pub request: TaskRequest,
    /// Whether the task may have been started before: a restart, or a request whose answer was
    /// lost. The runner then looks for what it made before it makes anything.
    pub resumed: bool,
    /// Whether Jobs that the task makes are kept when the task is cancelled.
    pub retain_jobs: bool,
}

impl Task {
    /// The id that marks everything this task makes in the cluster: `<execution uid>-<task>`.
    /// It fits a label value.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-{}", self.execution.uid, self.request.task)
    }
}

/// What a runner reports while a task runs. None of it needs a write of its own.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskUpdate {
    /// The request of a `.sync` task was accepted.
    Submitted(Value),
    /// The task is alive.
    Heartbeat,
    /// What a person wants to see of it.
    Progress(TaskProgress),
}

/// What a person wants to see of a running task, for `status.tasks[]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskProgress {
    /// The Job's name.
    pub job_name: Option<String>,
    /// The Job's namespace.
    pub job_namespace: Option<String>,
    /// The Job's uid.
    pub job_uid: Option<String>,
    /// Pods that run.
    pub active: i32,
    /// Pods that succeeded.
    pub succeeded: i32,
    /// Pods that failed.
    pub failed: i32,
    /// The names of its pods, newest last, a few at most.
    pub pods: Vec<String>,
    /// The last lines of a log, bounded.
    pub log_tail: Option<String>,
    /// What it waits for or what last went wrong, in words.
    pub message: Option<String>,
}

/// Runs tasks.
#[async_trait]
pub trait TaskRunner: Send + Sync {
    /// Whether this runner serves the resource; a definition that names one that no runner
    /// serves is refused when it is validated.
    fn serves(&self, resource: &asl::resource::Resource) -> bool;

    /// Runs a task to its end. Must be idempotent by [`Task::id`]: when the process dies, the
    /// same task is run again, with `resumed` set. Transient trouble (a server that is away) is
    /// retried inside; only what the state machine should see comes back.
    ///
    /// # Errors
    /// The task failed, with the error name and cause that Retriers and Catchers see.
    async fn run(&self, task: Task, updates: UnboundedSender<TaskUpdate>) -> Result<Value, Fault>;

    /// Stops a task whose result is no longer wanted (the future of `run` was dropped before)
    /// and removes what it made. Idempotent; returns when that is under way in the cluster.
    ///
    /// # Errors
    /// It could not be done now; the caller tries again.
    async fn cancel(&self, task: &Task) -> Result<(), RunnerError>;
}

/// A runner's work could not be done now.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RunnerError(pub String);

/// The time. Tests and `sfn run --no-wait` have their own.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Returns at the instant, at once if it is past.
    async fn sleep_until(&self, instant: Timestamp);
}
