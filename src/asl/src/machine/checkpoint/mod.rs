//! Checkpoints: all that is needed to continue an execution, without its history.
//!
//! A checkpoint is JSON with a format number. States are named, not counted, so that a newer
//! version of this crate may order them otherwise. Values that several places share are written
//! once, in a table, and are shared again after the restore.

mod record;
mod table;

use std::sync::Arc;

use super::interface::Limits;
use super::recorder::Recorder;
use super::thread::Threads;
use super::timers::Timers;
use super::{Machine, ThreadId};
use crate::definition::StateMachine;
use record::{MachineRecord, ThreadRecord, WorkRecord};
use table::{Reader, Writer};

/// The newest format that is written and read.
const FORMAT: u32 = 1;

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
}

#[derive(serde::Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Machine {
    /// All that is needed to continue, without the history.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut values = Writer::default();
        let threads = self
            .threads
            .iter()
            .filter_map(|(id, thread)| {
                let state = self.definition.state(thread.state)?;
                Some(ThreadRecord::write(id, thread, &state.name, &mut values))
            })
            .collect();
        let record = MachineRecord {
            format: FORMAT,
            info: self.info.clone(),
            redrive_count: self.redrive_count,
            started: self.started,
            last_event: self.recorder.last(),
            unrecorded_tasks: self.unrecorded_tasks,
            deadline: self.deadline,
            root: self.root.map(|id| id.0),
            ready: self.ready.iter().map(WorkRecord::write).collect(),
            threads,
            outcome: self
                .outcome
                .as_ref()
                .map(|o| record::OutcomeRecord::write(o, &mut values)),
            values: values.finish(),
        };
        // Every part of the record is plain data with text keys: there is nothing to fail on.
        serde_json::to_vec(&record).unwrap_or_default()
    }

    /// Continues from a checkpoint's bytes.
    ///
    /// # Errors
    /// The bytes are no checkpoint of this definition, or one of a newer format.
    pub fn restore(
        definition: Arc<StateMachine>,
        checkpoint: &[u8],
        limits: Limits,
    ) -> Result<Self, CheckpointError> {
        let unreadable = |error: serde_json::Error| CheckpointError::Unreadable(error.to_string());
        let FormatOnly { format } = serde_json::from_slice(checkpoint).map_err(unreadable)?;
        if format > FORMAT {
            return Err(CheckpointError::Format {
                found: format,
                supported: FORMAT,
            });
        }
        let record: MachineRecord = serde_json::from_slice(checkpoint).map_err(unreadable)?;
        let values = Reader::new(record.values);
        let mut machine = Self {
            redrive_count: record.redrive_count,
            started: record.started,
            root: record.root.map(ThreadId),
            recorder: Recorder::after(record.last_event),
            unrecorded_tasks: record.unrecorded_tasks,
            deadline: record.deadline,
            outcome: record.outcome.map(|o| o.read(&values)),
            threads: Threads::default(),
            timers: Timers::default(),
            ..Self::new(definition, record.info, limits)
        };
        for thread in record.threads {
            machine.place(thread, &values)?;
        }
        machine.threads.seal();
        machine.ready = record.ready.into_iter().map(WorkRecord::read).collect();
        Ok(machine)
    }

    fn place(&mut self, record: ThreadRecord, values: &Reader) -> Result<(), CheckpointError> {
        let id = ThreadId(record.id);
        let Some(state) = self.definition.by_name.get(record.state.as_str()).copied() else {
            return Err(CheckpointError::UnknownState(record.state));
        };
        let mut thread = record.read(state, values)?;
        let timer = thread.timer.take();
        self.timers.set(id, &mut thread, timer);
        if let Some(task) = thread.running_task() {
            self.tasks.insert(task.request.task, id);
        }
        self.threads.place(id, thread);
        Ok(())
    }
}
