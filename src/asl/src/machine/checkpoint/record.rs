//! The shape of a checkpoint: the execution as a whole.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::table::{Reader, Slot, Writer};
use super::thread_record::ThreadRecord;
use crate::errors::{Fault, HEARTBEAT_TIMEOUT};
use crate::machine::interface::{ExecutionInfo, Outcome};
use crate::machine::run::Work;
use crate::machine::thread::ThreadId;
use crate::value::Value;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MachineRecord {
    pub format: u32,
    pub info: InfoRecord,
    #[serde(default)]
    pub redrive_count: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redriven: Option<Timestamp>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Timestamp>,
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
    pub fn write(fault: &Fault) -> Self {
        Self {
            error: fault.error.clone(),
            cause: fault.cause.clone(),
            heartbeat: fault.alias.is_some(),
            location: fault.location.clone(),
        }
    }

    pub fn read(self) -> Fault {
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
