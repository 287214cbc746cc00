//! Checkpoints: all that is needed to continue an execution, without its history.
//!
//! A checkpoint is JSON with a format number. States are named, not counted, so that a newer
//! version of this crate may order them otherwise. Values that several places share are written
//! once, in a table, and are shared again after the restore. Large values are sealed: they are
//! handed out once by [`Machine::seal`], and checkpoints only refer to them, so that what is
//! written grows with the work and not with its square.

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
pub(crate) use table::Vault;
use table::{Reader, Writer};
use thread_record::ThreadRecord;

/// The newest format that is written and read.
const FORMAT: u32 = 1;

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

#[derive(serde::Deserialize)]
struct RefersOnly {
    #[serde(default)]
    sealed: Vec<u64>,
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

    /// All that is needed to continue, without the history and without what is sealed.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut values = Writer::new(&self.vault);
        let mut record = self.write(&mut values);
        record.sealed = values.refers();
        record.values = values.finish();
        // Every part of the record is plain data with text keys: there is nothing to fail on.
        serde_json::to_vec(&record).unwrap_or_default()
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

    /// The numbers of the sealed values that a checkpoint refers to, in order.
    ///
    /// # Errors
    /// The bytes are no checkpoint.
    pub fn refers_to(checkpoint: &[u8]) -> Result<Vec<u64>, CheckpointError> {
        let RefersOnly { sealed } = serde_json::from_slice(checkpoint).map_err(unreadable)?;
        Ok(sealed)
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

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use jiff::Timestamp;
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use crate::Value;
    use crate::definition::StateMachine;
    use crate::machine::{Event, ExecutionInfo, Limits, Machine, Moment};

    fn definition() -> Arc<StateMachine> {
        let text =
            r#"{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": true}}}"#;
        Arc::new(
            StateMachine::compile(text, &|_| true)
                .unwrap()
                .state_machine,
        )
    }

    /// The checkpoint of an execution that waits.
    fn checkpoint() -> Json {
        let info = ExecutionInfo {
            id: "execution".into(),
            name: "name".into(),
            role_arn: "".into(),
            start_time: Timestamp::UNIX_EPOCH,
            input: Value::Null,
            state_machine_id: "state machine".into(),
            state_machine_name: "name".into(),
            region: "region".into(),
        };
        let mut machine = Machine::new(definition(), info, Limits::default());
        let moment = Moment {
            now: Timestamp::UNIX_EPOCH,
            entropy: 1,
        };
        machine.handle(Event::Started, moment);
        serde_json::from_slice(&machine.checkpoint()).unwrap()
    }

    fn restore(checkpoint: &Json) -> Result<Machine, String> {
        let bytes = checkpoint.to_string();
        Machine::restore(
            definition(),
            bytes.as_bytes(),
            &HashMap::new(),
            Limits::default(),
        )
        .map_err(|error| error.to_string())
    }

    #[test]
    fn what_was_written_is_read() {
        let checkpoint = checkpoint();
        let restored = restore(&checkpoint).unwrap().checkpoint();
        assert_eq!(
            serde_json::from_slice::<Json>(&restored).unwrap(),
            checkpoint
        );
    }

    #[rstest]
    #[case("/format", json!(2), "the checkpoint has format 2, this version reads up to 1")]
    #[case("/threads", json!(7), "the checkpoint cannot be read: invalid type: integer")]
    #[case("/threads/0/state", json!("X"), "the checkpoint refers to the state 'X'")]
    #[case("/threads/0/id", json!(u32::MAX), "thread 4294967295 is beyond 1048576")]
    #[case("/sealed", json!([9]), "the sealed value 9, which is missing")]
    fn what_cannot_be_continued_is_refused(
        #[case] pointer: &str,
        #[case] damage: Json,
        #[case] message: &str,
    ) {
        let mut checkpoint = checkpoint();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        checkpoint.pointer_mut(parent).unwrap()[name] = damage;
        let error = restore(&checkpoint).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}
