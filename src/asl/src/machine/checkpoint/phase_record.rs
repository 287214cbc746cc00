//! The shape of what a thread does in its state, in a checkpoint.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::record::FaultRecord;
use super::table::{Reader, Slot, Writer};
use crate::machine::interface::TaskRequest;
use crate::machine::thread::{ParallelRun, Phase, Resume, RunningTask, ThreadId};
use crate::resource::Resource;
use crate::states::map::{MapRun, MapRunArn, Results, Tolerance};
use crate::value::{Array, Value};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum PhaseRecord {
    Enter,
    Failed(FaultRecord),
    Wait,
    Backoff,
    Halted(Resume),
    Task(TaskRecord),
    Parallel {
        running: BTreeMap<u64, u32>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        halted: BTreeMap<u64, u32>,
        results: Vec<Option<Slot>>,
    },
    Map(Box<MapRecord>),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaskRecord {
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
    timeout_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heartbeat_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    heartbeat_due: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MapRecord {
    input: Slot,
    items: Slot,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    keyed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    selected: Option<ResultsRecord>,
    batched: bool,
    chunks: Vec<Slot>,
    results: Vec<(u64, Slot)>,
    next: u64,
    running: BTreeMap<u64, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    halted: BTreeMap<u64, u32>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    redriving: BTreeMap<u64, u32>,
    #[serde(default, skip_serializing_if = "ResultsRecord::is_empty")]
    parked: ResultsRecord,
    #[serde(default, skip_serializing_if = "ResultsRecord::is_empty")]
    reviving: ResultsRecord,
    #[serde(default)]
    revived: u64,
    max_concurrency: u64,
    /// Of format 1: the items whose failure was tolerated, of which nothing more was kept.
    #[serde(default, skip_serializing)]
    failed: Vec<u64>,
    tolerated_count: Option<u64>,
    tolerated_percentage: Option<f64>,
    map_run: Option<Arc<str>>,
    #[serde(default)]
    redrive_count: u64,
    pending: Option<TaskRecord>,
    writing: bool,
}

/// Values by item: those in lists that never change, and the others.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct ResultsRecord {
    chunks: Vec<Slot>,
    results: Vec<(u64, Slot)>,
}

impl ResultsRecord {
    fn write(results: &Results, values: &mut Writer<'_>) -> Self {
        let chunks = results.chunks().iter();
        let chunks = chunks.map(|chunk| values.slot(chunk)).collect();
        let fresh = results.fresh();
        let results = fresh.map(|(index, result)| (index, values.slot(result)));
        Self {
            chunks,
            results: results.collect(),
        }
    }

    fn read(self, of: usize, values: &Reader<'_>) -> Results {
        let chunks = self.chunks.into_iter().map(|slot| values.value(slot));
        let fresh = self.results.into_iter();
        let fresh = fresh.map(|(index, slot)| (index, values.value(slot)));
        Results::restored(of, chunks.collect(), fresh.collect())
    }

    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.results.is_empty()
    }
}

impl PhaseRecord {
    pub fn write(phase: &Phase, values: &mut Writer<'_>) -> Self {
        match phase {
            Phase::Enter => Self::Enter,
            Phase::Failed(fault) => Self::Failed(FaultRecord::write(fault)),
            Phase::Wait => Self::Wait,
            Phase::Backoff => Self::Backoff,
            Phase::Halted(resume) => Self::Halted(*resume),
            Phase::Task(task) => Self::Task(TaskRecord::write(task, values)),
            Phase::Parallel(run) => Self::Parallel {
                running: write_running(&run.running),
                halted: write_running(&run.halted),
                results: write_results(&run.results, values),
            },
            Phase::Map(run) => Self::Map(Box::new(MapRecord::write(run, values))),
        }
    }

    pub fn read(self, values: &Reader<'_>) -> Result<Phase, CheckpointError> {
        Ok(match self {
            Self::Enter => Phase::Enter,
            Self::Failed(fault) => Phase::Failed(fault.read()),
            Self::Wait => Phase::Wait,
            Self::Backoff => Phase::Backoff,
            Self::Halted(resume) => Phase::Halted(resume),
            Self::Task(task) => Phase::Task(Box::new(task.read(values)?)),
            Self::Parallel {
                running,
                halted,
                results,
            } => Phase::Parallel(Box::new(ParallelRun {
                running: read_running(running),
                halted: read_running(halted),
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
            timeout_seconds: task.timeout_seconds,
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
            timeout_seconds: self.timeout_seconds,
            heartbeat_seconds: self.heartbeat_seconds,
            heartbeat_due: self.heartbeat_due,
        })
    }
}

impl MapRecord {
    fn write(run: &MapRun, values: &mut Writer<'_>) -> Self {
        let ResultsRecord { chunks, results } = ResultsRecord::write(&run.results, values);
        Self {
            input: values.slot(&run.input),
            items: values.slot(&Value::Array(run.items.clone())),
            keyed: run.keyed,
            source: run.source.clone(),
            selected: run
                .selected
                .as_ref()
                .map(|selected| ResultsRecord::write(selected, values)),
            batched: run.batched,
            chunks,
            results,
            next: run.next,
            running: write_running(&run.running),
            halted: write_running(&run.halted),
            redriving: write_running(&run.redriving),
            parked: ResultsRecord::write(&run.parked, values),
            reviving: ResultsRecord::write(&run.reviving, values),
            revived: run.revived,
            max_concurrency: run.max_concurrency,
            failed: Vec::new(),
            tolerated_count: run.tolerance.count,
            tolerated_percentage: run.tolerance.percentage,
            map_run: run.map_run.as_ref().map(|arn| arn.0.clone()),
            redrive_count: run.redrive_count,
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
        let of = items.items().len();
        let mut parked = self.parked.read(of, values);
        for index in self.failed {
            parked.set(index, Value::Null);
        }
        let results = ResultsRecord {
            chunks: self.chunks,
            results: self.results,
        };
        Ok(MapRun {
            input: values.value(self.input),
            results: results.read(of, values),
            parked,
            reviving: self.reviving.read(of, values),
            revived: self.revived,
            selected: self.selected.map(|selected| selected.read(of, values)),
            items,
            keyed: self.keyed,
            source: self.source,
            batched: self.batched,
            next: self.next,
            running: read_running(self.running),
            halted: read_running(self.halted),
            redriving: read_running(self.redriving),
            max_concurrency: self.max_concurrency,
            tolerance: Tolerance {
                count: self.tolerated_count,
                percentage: self.tolerated_percentage,
            },
            map_run: self.map_run.map(MapRunArn),
            redrive_count: self.redrive_count,
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
