//! The shape of a checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::table::{Reader, Slot, Writer};
use crate::errors::{Fault, HEARTBEAT_TIMEOUT};
use crate::machine::interface::{ExecutionInfo, Outcome, TaskRequest};
use crate::machine::run::Work;
use crate::machine::thread::{
    Entered, MapItem, ParallelRun, Parent, Phase, Retries, RunningTask, Thread, ThreadId,
};
use crate::query::Variables;
use crate::resource::Resource;
use crate::states::StateIndex;
use crate::states::map::{MapRun, MapRunArn, Results};
use crate::value::{Array, Value};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MachineRecord {
    pub format: u32,
    pub info: InfoRecord,
    #[serde(default)]
    pub redrive_count: u64,
    pub started: bool,
    pub last_event: u64,
    #[serde(default)]
    pub last_sealed: u64,
    #[serde(default)]
    pub unrecorded_tasks: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<WorkRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<ThreadRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<OutcomeRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealed: Vec<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InfoRecord {
    id: Arc<str>,
    name: Arc<str>,
    role_arn: Arc<str>,
    start_time: Timestamp,
    input: Slot,
    state_machine_id: Arc<str>,
    state_machine_name: Arc<str>,
    region: Arc<str>,
}

impl InfoRecord {
    pub fn write(info: &ExecutionInfo, values: &mut Writer<'_>) -> Self {
        Self {
            id: info.id.clone(),
            name: info.name.clone(),
            role_arn: info.role_arn.clone(),
            start_time: info.start_time,
            input: values.slot(&info.input),
            state_machine_id: info.state_machine_id.clone(),
            state_machine_name: info.state_machine_name.clone(),
            region: info.region.clone(),
        }
    }

    pub fn read(self, values: &Reader<'_>) -> ExecutionInfo {
        ExecutionInfo {
            id: self.id,
            name: self.name,
            role_arn: self.role_arn,
            start_time: self.start_time,
            input: values.value(self.input),
            state_machine_id: self.state_machine_id,
            state_machine_name: self.state_machine_name,
            region: self.region,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum WorkRecord {
    Run(u32),
    TaskStarted(u32),
}

impl WorkRecord {
    pub fn write(work: &Work) -> Self {
        match work {
            Work::Run(id) => Self::Run(id.0),
            Work::TaskStarted(id) => Self::TaskStarted(id.0),
        }
    }

    pub fn read(self) -> Work {
        match self {
            Self::Run(id) => Work::Run(ThreadId(id)),
            Self::TaskStarted(id) => Work::TaskStarted(ThreadId(id)),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FaultRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cause: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    heartbeat: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<Arc<str>>,
}

impl FaultRecord {
    fn write(fault: &Fault) -> Self {
        Self {
            error: fault.error.clone(),
            cause: fault.cause.clone(),
            heartbeat: fault.alias.is_some(),
            location: fault.location.clone(),
        }
    }

    fn read(self) -> Fault {
        Fault {
            error: self.error,
            cause: self.cause,
            alias: self.heartbeat.then_some(HEARTBEAT_TIMEOUT),
            location: self.location,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum OutcomeRecord {
    Succeeded(Slot),
    Failed(FaultRecord),
    TimedOut(FaultRecord),
    Aborted(FaultRecord),
}

impl OutcomeRecord {
    pub fn write(outcome: &Outcome, values: &mut Writer<'_>) -> Self {
        match outcome {
            Outcome::Succeeded(output) => Self::Succeeded(values.slot(output)),
            Outcome::Failed(fault) => Self::Failed(FaultRecord::write(fault)),
            Outcome::TimedOut(fault) => Self::TimedOut(FaultRecord::write(fault)),
            Outcome::Aborted(fault) => Self::Aborted(FaultRecord::write(fault)),
        }
    }

    pub fn read(self, values: &Reader<'_>) -> Outcome {
        match self {
            Self::Succeeded(output) => Outcome::Succeeded(values.value(output)),
            Self::Failed(fault) => Outcome::Failed(fault.read()),
            Self::TimedOut(fault) => Outcome::TimedOut(fault.read()),
            Self::Aborted(fault) => Outcome::Aborted(fault.read()),
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThreadRecord {
    pub id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<(u32, u64)>,
    pub state: String,
    input: Slot,
    /// Scopes from the innermost outwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    variables: Vec<Slot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<(u64, Slot)>,
    previous: u64,
    entered: (u64, u64, Timestamp),
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retries: Vec<u64>,
    #[serde(default)]
    retry_count: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unrecorded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timer: Option<Timestamp>,
    phase: PhaseRecord,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum PhaseRecord {
    Enter,
    Failed(FaultRecord),
    Wait,
    Backoff,
    Task(TaskRecord),
    Parallel {
        running: BTreeMap<u64, u32>,
        results: Vec<Option<Slot>>,
    },
    Map(Box<MapRecord>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaskRecord {
    task: u64,
    state: Arc<str>,
    resource: Arc<str>,
    parameters: Slot,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<Timestamp>,
    started: bool,
    submitted: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heartbeat_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heartbeat_due: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MapRecord {
    input: Slot,
    items: Slot,
    batched: bool,
    /// Finished results in lists that never change, and the others by item.
    chunks: Vec<Slot>,
    results: Vec<(u64, Slot)>,
    next: u64,
    running: BTreeMap<u64, u32>,
    max_concurrency: u64,
    failed: Vec<u64>,
    tolerated_count: Option<u64>,
    tolerated_percentage: Option<f64>,
    map_run: Option<Arc<str>>,
    pending: Option<TaskRecord>,
    writing: bool,
}

impl ThreadRecord {
    pub fn write(id: ThreadId, thread: &Thread, state: &str, values: &mut Writer<'_>) -> Self {
        let mut variables = Vec::new();
        let mut scope = Some(&thread.variables);
        while let Some(variables_of) = scope.filter(|scope| !scope.is_empty()) {
            variables.push(values.slot(&Value::Object(variables_of.own().clone())));
            scope = variables_of.outer().map(|outer| &**outer);
        }
        let item = thread.item.as_deref();
        Self {
            id: id.0,
            parent: thread.parent.map(|parent| (parent.thread.0, parent.index)),
            state: state.to_owned(),
            input: values.slot(&thread.input),
            variables,
            item: item.map(|item| (item.index, values.slot(&item.value))),
            previous: thread.previous,
            entered: (
                thread.entered.event,
                thread.entered.previous,
                thread.entered.at,
            ),
            retries: thread.retries.by_retrier.clone(),
            retry_count: thread.retries.total,
            unrecorded: thread.unrecorded,
            timer: thread.timer,
            phase: PhaseRecord::write(&thread.phase, values),
        }
    }

    pub fn read(self, state: StateIndex, values: &Reader<'_>) -> Result<Thread, CheckpointError> {
        let variables = self.variables.into_iter().rev().fold(None, |outer, own| {
            let own = values.value(own).as_object().cloned().unwrap_or_default();
            Some(Arc::new(Variables::restored(own, outer)))
        });
        let (event, previous, at) = self.entered;
        Ok(Thread {
            parent: self.parent.map(|(thread, index)| Parent {
                thread: ThreadId(thread),
                index,
            }),
            state,
            input: values.value(self.input),
            variables: variables.map_or_else(Variables::default, Arc::unwrap_or_clone),
            item: self.item.map(|(index, value)| {
                Arc::new(MapItem {
                    index,
                    value: values.value(value),
                })
            }),
            previous: self.previous,
            entered: Entered {
                event,
                previous,
                at,
            },
            retries: Retries {
                by_retrier: self.retries,
                total: self.retry_count,
            },
            unrecorded: self.unrecorded,
            timer: self.timer,
            phase: self.phase.read(values)?,
        })
    }
}

impl PhaseRecord {
    fn write(phase: &Phase, values: &mut Writer<'_>) -> Self {
        match phase {
            Phase::Enter => Self::Enter,
            Phase::Failed(fault) => Self::Failed(FaultRecord::write(fault)),
            Phase::Wait => Self::Wait,
            Phase::Backoff => Self::Backoff,
            Phase::Task(task) => Self::Task(TaskRecord::write(task, values)),
            Phase::Parallel(run) => Self::Parallel {
                running: write_running(&run.running),
                results: write_results(&run.results, values),
            },
            Phase::Map(run) => Self::Map(Box::new(MapRecord::write(run, values))),
        }
    }

    fn read(self, values: &Reader<'_>) -> Result<Phase, CheckpointError> {
        Ok(match self {
            Self::Enter => Phase::Enter,
            Self::Failed(fault) => Phase::Failed(fault.read()),
            Self::Wait => Phase::Wait,
            Self::Backoff => Phase::Backoff,
            Self::Task(task) => Phase::Task(Box::new(task.read(values)?)),
            Self::Parallel { running, results } => Phase::Parallel(Box::new(ParallelRun {
                running: read_running(running),
                results: read_results(results, values),
            })),
            Self::Map(record) => Phase::Map(Box::new(record.read(values)?)),
        })
    }
}

impl TaskRecord {
    fn write(task: &RunningTask, values: &mut Writer<'_>) -> Self {
        let request = &task.request;
        Self {
            task: request.task,
            state: request.state.clone(),
            resource: request.resource.arn.clone(),
            parameters: values.slot(&request.parameters),
            credentials: request.credentials.clone(),
            token: request.token.clone(),
            deadline: request.deadline,
            started: task.started,
            submitted: task.submitted,
            heartbeat_seconds: task.heartbeat_seconds,
            heartbeat_due: task.heartbeat_due,
        }
    }

    fn read(self, values: &Reader<'_>) -> Result<RunningTask, CheckpointError> {
        let resource = Resource::parse(&self.resource)
            .map_err(|error| CheckpointError::Unreadable(error.to_string()))?;
        Ok(RunningTask {
            request: TaskRequest {
                task: self.task,
                state: self.state,
                resource: Arc::new(resource),
                parameters: values.value(self.parameters),
                credentials: self.credentials,
                token: self.token,
                deadline: self.deadline,
            },
            started: self.started,
            submitted: self.submitted,
            heartbeat_seconds: self.heartbeat_seconds,
            heartbeat_due: self.heartbeat_due,
        })
    }
}

impl MapRecord {
    fn write(run: &MapRun, values: &mut Writer<'_>) -> Self {
        Self {
            input: values.slot(&run.input),
            items: values.slot(&Value::Array(run.items.clone())),
            batched: run.batched,
            chunks: run
                .results
                .chunks()
                .iter()
                .map(|chunk| values.slot(chunk))
                .collect(),
            results: run
                .results
                .fresh()
                .map(|(index, result)| (index, values.slot(result)))
                .collect(),
            next: run.next,
            running: write_running(&run.running),
            max_concurrency: run.max_concurrency,
            failed: run.failed.clone(),
            tolerated_count: run.tolerated_count,
            tolerated_percentage: run.tolerated_percentage,
            map_run: run.map_run.as_ref().map(|arn| arn.0.clone()),
            pending: run
                .pending
                .as_ref()
                .map(|task| TaskRecord::write(task, values)),
            writing: run.writing,
        }
    }

    fn read(self, values: &Reader<'_>) -> Result<MapRun, CheckpointError> {
        let items = match values.value(self.items) {
            Value::Array(items) => items,
            _ => Array::default(),
        };
        let value = |slot| values.value(slot);
        let fresh = self.results.into_iter();
        Ok(MapRun {
            input: values.value(self.input),
            results: Results::restored(
                items.items().len(),
                self.chunks.into_iter().map(value).collect(),
                fresh.map(|(index, slot)| (index, value(slot))).collect(),
            ),
            items,
            batched: self.batched,
            next: self.next,
            running: read_running(self.running),
            max_concurrency: self.max_concurrency,
            failed: self.failed,
            tolerated_count: self.tolerated_count,
            tolerated_percentage: self.tolerated_percentage,
            map_run: self.map_run.map(MapRunArn),
            pending: self.pending.map(|task| task.read(values)).transpose()?,
            writing: self.writing,
        })
    }
}

fn write_running(running: &BTreeMap<u64, ThreadId>) -> BTreeMap<u64, u32> {
    running.iter().map(|(index, id)| (*index, id.0)).collect()
}

fn read_running(running: BTreeMap<u64, u32>) -> BTreeMap<u64, ThreadId> {
    running
        .into_iter()
        .map(|(index, id)| (index, ThreadId(id)))
        .collect()
}

fn write_results(results: &[Option<Value>], values: &mut Writer<'_>) -> Vec<Option<Slot>> {
    results
        .iter()
        .map(|result| result.as_ref().map(|result| values.slot(result)))
        .collect()
}

fn read_results(results: Vec<Option<Slot>>, values: &Reader<'_>) -> Vec<Option<Value>> {
    results
        .into_iter()
        .map(|result| result.map(|slot| values.value(slot)))
        .collect()
}
