//! Checkpoints: all that is needed to continue an execution, without its history.
//!
//! A checkpoint is JSON with a format number. States are named, not counted, so that a newer
//! version of this crate may order them otherwise. Values that several places share are written
//! once, in a table, and are shared again after the restore. Large values are sealed: they are
//! handed out once by [`Machine::seal`], and checkpoints only refer to them, so that what is
//! written grows with the work and not with its square.

mod parked;
mod phase_record;
mod record;
mod table;
mod thread_record;

use std::collections::HashMap;
use std::sync::Arc;

use super::interface::Limits;
use super::recorder::Recorder;
use super::{Machine, Redrives, ThreadId};
use crate::definition::StateMachine;
use crate::value::Value;
use record::{InfoRecord, MachineRecord, OutcomeRecord, WorkRecord};
pub use table::Sealed;
use table::{Reader, Writer};
pub(crate) use table::{SEAL_FROM, Vault};
use thread_record::ThreadRecord;

/// The newest format that is written and read. To be raised with every change that an older
/// version would misread, be it that it ignores a new field; older formats stay readable.
const FORMAT: u32 = 2;

/// Threads at once: more than a checkpoint that can be stored tells of. Ids are used again, so
/// they stay below.
const MAX_THREADS: u32 = 1 << 20;

/// A checkpoint that cannot be continued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a checkpoint, or a damaged one.
    #[error("the checkpoint cannot be read: {0}")]
    Unreadable(String),
    /// Written by a newer version.
    #[error("the checkpoint has format {found}, this version reads up to {supported}")]
    Format {
        /// The format found.
        found: u32,
        /// The newest format that can be read.
        supported: u32,
    },
    /// The definition lacks what the checkpoint refers to.
    #[error("the checkpoint refers to the state '{0}', which the definition does not have")]
    UnknownState(String),
    /// A sealed value that the checkpoint refers to was not given.
    #[error("the checkpoint refers to the sealed value {0}, which is missing")]
    MissingValue(u64),
}

fn unreadable(error: serde_json::Error) -> CheckpointError {
    CheckpointError::Unreadable(error.to_string())
}

#[derive(serde::Deserialize)]
struct FormatOnly {
    format: u32,
}

/// All that is needed to continue, without the history and without what is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// What [`Machine::restore`] takes.
    pub bytes: Vec<u8>,
    /// The numbers of the sealed values that it refers to, in order.
    pub refers_to: Vec<u64>,
}

impl Machine {
    /// Seals the large values in use that were not sealed before. They must be stored before any
    /// checkpoint that is made from here on.
    pub fn seal(&mut self) -> Vec<Sealed> {
        let mut values = Writer::new(&self.vault);
        self.write(&mut values);
        let large = values.large();
        self.vault.renew(large)
    }

    /// All that is needed to continue, as it is now.
    #[must_use]
    pub fn checkpoint(&self) -> Checkpoint {
        let mut values = Writer::new(&self.vault);
        let mut record = self.write(&mut values);
        record.sealed = values.refers();
        record.values = values.finish();
        Checkpoint {
            // Every part of the record is plain data with text keys: there is nothing to fail on.
            bytes: serde_json::to_vec(&record).unwrap_or_default(),
            refers_to: record.sealed,
        }
    }

    fn write(&self, values: &mut Writer<'_>) -> MachineRecord {
        let mut threads = Vec::new();
        for (id, thread) in self.threads.iter() {
            if let Some(state) = self.definition.state(thread.state) {
                threads.push(ThreadRecord::write(id, thread, &state.name, values));
            }
        }
        MachineRecord {
            format: FORMAT,
            info: InfoRecord::write(&self.info, values),
            redrive_count: self.redrives.count,
            redriven: self.redrives.last,
            started: self.started,
            last_event: self.recorder.last(),
            last_sealed: self.vault.last(),
            unrecorded_tasks: self.unrecorded_tasks,
            deadline: self.deadline,
            root: self.root.map(|id| id.0),
            ready: self.ready.iter().map(WorkRecord::write).collect(),
            threads,
            outcome: self
                .outcome
                .as_ref()
                .map(|outcome| OutcomeRecord::write(outcome, values)),
            stopped: self.stopped,
            sealed: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Continues from a checkpoint's bytes and the sealed values that it refers to.
    ///
    /// # Errors
    /// The bytes are no checkpoint of this definition, or one of a newer format, or a sealed
    /// value is missing.
    pub fn restore(
        definition: Arc<StateMachine>,
        checkpoint: &[u8],
        sealed: &HashMap<u64, Value>,
        limits: Limits,
    ) -> Result<Self, CheckpointError> {
        let FormatOnly { format } = serde_json::from_slice(checkpoint).map_err(unreadable)?;
        if format > FORMAT {
            return Err(CheckpointError::Format {
                found: format,
                supported: FORMAT,
            });
        }
        let record: MachineRecord = serde_json::from_slice(checkpoint).map_err(unreadable)?;
        if let Some(missing) = record.sealed.iter().find(|id| !sealed.contains_key(id)) {
            return Err(CheckpointError::MissingValue(*missing));
        }
        let values = Reader::new(record.values, sealed);
        let mut machine = Self {
            redrives: Redrives {
                count: record.redrive_count,
                last: record.redriven,
            },
            stopped: record.stopped,
            started: record.started,
            root: record.root.map(ThreadId),
            recorder: Recorder::after(record.last_event),
            vault: Vault::restored(record.last_sealed, sealed),
            unrecorded_tasks: record.unrecorded_tasks,
            deadline: record.deadline,
            outcome: record.outcome.map(|outcome| outcome.read(&values)),
            ..Self::new(definition, record.info.read(&values), limits)
        };
        for thread in record.threads {
            machine.place(thread, &values)?;
        }
        machine.threads.seal();
        machine.ready = record.ready.into_iter().map(WorkRecord::read).collect();
        Ok(machine)
    }

    fn place(&mut self, record: ThreadRecord, values: &Reader<'_>) -> Result<(), CheckpointError> {
        let id = ThreadId(record.id);
        if record.id >= MAX_THREADS {
            let problem = format!("thread {} is beyond {MAX_THREADS}", record.id);
            return Err(CheckpointError::Unreadable(problem));
        }
        let Some(state) = self.definition.by_name.get(record.state.as_str()).copied() else {
            return Err(CheckpointError::UnknownState(record.state));
        };
        let mut thread = record.read(state, &self.info, values)?;
        let timer = thread.timer.take();
        self.timers.set(id, &mut thread, timer);
        if let Some(task) = thread.running_task() {
            self.tasks.insert(task.request.task, id);
        }
        self.threads.place(id, thread);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
