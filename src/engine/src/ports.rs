//! The ports of durable execution: where checkpoints live, who runs tasks, what time it is, where
//! randomness comes from, and who wants to know what happens.

use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::errors::{Fault, RUNTIME};
use asl::machine::{Outcome, TaskId, TaskRequest};
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use crate::progress::Progress;
use crate::record::Page;

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
    /// Whose rights: the state machine's. Where the request has `credentials`, the task acts with
    /// that role, if this identity may use it.
    pub identity: Identity,
    /// What to do.
    pub request: TaskRequest,
    /// Whether the task may have been started before: a restart, or a request whose answer was
    /// lost. The runner then looks for what it made before it makes anything.
    pub resumed: bool,
    /// Whether it was started before, and reported [`TaskUpdate::Submitted`]: what it made was
    /// there. If that is gone it was removed since, and must not be made again.
    pub submitted: bool,
    /// Whether Jobs that the task makes are kept when the task is cancelled.
    pub retain_jobs: bool,
    /// Tasks of the same execution that are being cancelled as this one starts: what they made
    /// is about to go.
    pub leaving: Arc<[TaskId]>,
}

impl Task {
    /// The id that marks everything this task makes in the cluster: `<execution uid>-<task>`.
    /// It fits a label value.
    #[must_use]
    pub fn id(&self) -> String {
        self.id_of(self.request.task)
    }

    /// The id of a task of the same execution.
    #[must_use]
    pub fn id_of(&self, task: TaskId) -> String {
        format!("{}-{task}", self.execution.uid)
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
    Progress(Box<TaskProgress>),
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

    /// Whether a task with this resource makes something that [`TaskRunner::cancel`] has to remove.
    /// Only then is its execution protected, which takes a write before it and one after it.
    fn leaves_something(&self, resource: &asl::resource::Resource) -> bool;

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

    /// Removes what tasks of an execution made that has not ended by itself, where the tasks are not
    /// known any more: the execution's record is lost. Idempotent.
    ///
    /// # Errors
    /// It could not be done now; the caller tries again.
    async fn abandon(&self, _execution: &ExecutionKey) -> Result<(), RunnerError> {
        Ok(())
    }
}

/// Serves nothing: for definitions without tasks.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTasks;

#[async_trait]
impl TaskRunner for NoTasks {
    fn serves(&self, _: &asl::resource::Resource) -> bool {
        false
    }

    fn leaves_something(&self, _: &asl::resource::Resource) -> bool {
        false
    }

    async fn run(&self, task: Task, _: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        let cause = format!("no runner serves {}", task.request.resource);
        Err(Fault::new(RUNTIME, cause))
    }

    async fn cancel(&self, _: &Task) -> Result<(), RunnerError> {
        Ok(())
    }
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

/// Randomness for jitter and `States.UUID`.
pub trait Entropy: Send + Sync {
    /// A fresh number.
    fn next(&self) -> u64;
}

/// A write of an execution's object, as its store names it. The next write says which one it
/// follows: of two writers one is refused (the fence).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision(pub Arc<str>);

/// What one write puts into the store, whole.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The record to continue from: an opaque text.
    pub record: Arc<str>,
    /// What people see.
    pub progress: Progress,
}

/// What the store has of an execution.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The record; absent before the first write.
    pub record: Option<Arc<str>>,
    /// The object's last write.
    pub revision: Revision,
}

/// Names a page of an execution. The name holds a digest of the data: a page is never changed,
/// and a process that was left behind cannot write into the pages of its successor.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PageId {
    /// What the page holds.
    pub kind: PageKind,
    /// Its number: of history pages since the start and of the parts of one checkpoint counted from
    /// 0, of the pages of values from the number of the first value in them.
    pub sequence: u64,
    /// The beginning of the data's SHA-256, in hex.
    pub digest: Arc<str>,
}

/// What a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum PageKind {
    /// A piece of the history.
    #[serde(rename = "h")]
    History,
    /// A part of a checkpoint that is too large for its record.
    #[serde(rename = "c")]
    Checkpoint,
    /// Sealed values that checkpoints refer to.
    #[serde(rename = "v")]
    Values,
}

/// Keeps executions. A write that succeeded is never lost.
#[async_trait]
pub trait Store: Send + Sync {
    /// What is stored now.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn load(&self, key: &ExecutionKey) -> Result<Stored, StoreError>;

    /// Replaces what is stored, if the last write is still `after`.
    ///
    /// # Errors
    /// See [`StoreError`]. After [`StoreError::Transient`] the write may have happened.
    async fn save(
        &self,
        key: &ExecutionKey,
        snapshot: &Snapshot,
        after: &Revision,
    ) -> Result<Revision, StoreError>;

    /// Writes a page before any record refers to it. That it is there already is no error.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn save_page(&self, key: &ExecutionKey, page: &Page) -> Result<(), StoreError>;

    /// Reads a page's data.
    ///
    /// # Errors
    /// See [`StoreError`]; [`StoreError::Gone`] when there is no such page.
    async fn load_page(&self, key: &ExecutionKey, id: &PageId) -> Result<Arc<str>, StoreError>;

    /// Removes a page that no record refers to any more. None to remove is no error.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn delete_page(&self, key: &ExecutionKey, id: &PageId) -> Result<(), StoreError>;

    /// From here on the execution does not vanish before [`Store::release`]: its tasks may leave
    /// something behind that is to be removed first. Idempotent.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn protect(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError>;

    /// Nothing is left behind: the execution may vanish. Idempotent.
    ///
    /// # Errors
    /// See [`StoreError`].
    async fn release(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError>;
}

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Someone else wrote since.
    #[error("the object was written by someone else since it was read")]
    Conflict,
    /// The execution does not exist any more, or another one has its name.
    #[error("the object does not exist any more")]
    Gone,
    /// The execution's place is being deleted: nothing new can be stored there any more.
    #[error("the namespace is being deleted, nothing can be created in it any more")]
    Terminating,
    /// The store cannot be reached or is too busy; try again.
    #[error("{message}")]
    Transient {
        /// What went wrong.
        message: String,
        /// How long the store asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// The store refuses this write; trying again helps only once something else changes.
    #[error("{0}")]
    Refused(String),
}

/// Wants to know what happens: metrics, Events, logs. Called in passing; must not block.
pub trait Observer: Send + Sync {
    /// The execution started; not called when it is continued after a restart.
    fn execution_started(&self, _key: &ExecutionKey) {}
    /// The execution is redriven, for so many times now.
    fn execution_redriven(&self, _key: &ExecutionKey, _count: u64) {}
    /// The execution ended and that is stored, or the execution is gone.
    fn execution_ended(&self, _key: &ExecutionKey, _outcome: &Outcome, _lasted: Duration) {}
    /// A task is started.
    fn task_started(&self, _task: &Task) {}
    /// A task ended by itself; `fault` says how it failed.
    fn task_ended(&self, _task: &Task, _fault: Option<&Fault>, _lasted: Duration) {}
    /// States were entered.
    fn states_entered(&self, _count: u64) {}
    /// A snapshot was stored; `tries` counts the attempts.
    fn saved(&self, _key: &ExecutionKey, _bytes: usize, _tries: u32, _lasted: Duration) {}
    /// A write, or a task's cancellation, did not succeed and is tried again after `pause`.
    fn retrying(&self, _key: &ExecutionKey, _what: &'static str, _why: &str, _pause: Duration) {}
}

/// Observes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}
