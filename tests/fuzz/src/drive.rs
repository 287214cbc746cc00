//! Drives a machine in virtual time, with every task answered and every checkpoint restored.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{Command, Event, ExecutionInfo, Limits, Machine, Moment, TaskRequest};
use jiff::Timestamp;

/// After so many events a run that does not end is left alone.
const MOST_EVENTS: u64 = 100;

/// Small, so that no run takes long.
#[must_use]
pub fn limits() -> Limits {
    Limits {
        payload_bytes: 16 * 1024,
        variables_bytes: 64 * 1024,
        items_bytes: 64 * 1024,
        states_per_step: 100,
        ..Limits::default()
    }
}

/// An execution with this input.
#[must_use]
pub fn execution(input: Value) -> ExecutionInfo {
    let arn = |kind: &str| format!("arn:aws:states:us-east-1:000000000000:{kind}:fuzz").into();
    ExecutionInfo {
        id: arn("execution"),
        name: "fuzz".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input,
        state_machine_id: arn("stateMachine"),
        state_machine_name: "fuzz".into(),
        region: "us-east-1".into(),
    }
}

/// A machine and what is on its way to it.
pub struct Drive {
    definition: Arc<StateMachine>,
    machine: Machine,
    sealed: HashMap<u64, Value>,
    pending: VecDeque<Event>,
    now: Timestamp,
}

impl Drive {
    /// A machine that was restored, with the sealed values that it refers to.
    #[must_use]
    pub fn of(definition: Arc<StateMachine>, machine: Machine) -> Self {
        let running = machine.running_tasks();
        let mut drive = Self {
            definition,
            machine,
            sealed: HashMap::new(),
            pending: VecDeque::new(),
            now: Timestamp::UNIX_EPOCH,
        };
        running.iter().for_each(|task| drive.answer(task));
        drive
    }

    /// Handles `first` and all that follows from it, until the end or for long enough.
    pub fn run(&mut self, first: Event) {
        let mut event = first;
        for entropy in 0..MOST_EVENTS {
            let moment = Moment {
                now: self.now,
                entropy,
            };
            let transition = self.machine.handle(event, moment);
            for command in transition.commands {
                if let Command::StartTask(task) = command {
                    self.answer(&task);
                }
            }
            self.machine.take_history();
            self.restore();
            if transition.outcome.is_some() {
                return;
            }
            let Some(next) = self.next(transition.yielded) else {
                return;
            };
            event = next;
        }
    }

    fn next(&mut self, yielded: bool) -> Option<Event> {
        if yielded {
            return Some(Event::TimePassed);
        }
        if let Some(event) = self.pending.pop_front() {
            return Some(event);
        }
        self.now = self.now.max(self.machine.deadline()?);
        Some(Event::TimePassed)
    }

    /// By its number: a result, an error, or none at all.
    fn answer(&mut self, request: &TaskRequest) {
        let task = request.task;
        match task % 5 {
            0 => self.pending.push_back(Event::TaskFailed {
                task,
                fault: Fault::new("States.TaskFailed", "as asked"),
            }),
            1 => {}
            _ => self.pending.push_back(Event::TaskSucceeded {
                task,
                output: request.parameters.clone(),
            }),
        }
    }

    /// The machine that is restored from a checkpoint writes that same checkpoint.
    fn restore(&mut self) {
        let sealed = self.machine.seal();
        let sealed = sealed.into_iter().map(|sealed| (sealed.id, sealed.value));
        self.sealed.extend(sealed);
        let checkpoint = self.machine.checkpoint();
        self.machine =
            Machine::restore(self.definition.clone(), &checkpoint.bytes, &self.sealed, limits())
                .expect("what was written is read");
        assert!(
            self.machine.checkpoint() == checkpoint,
            "restored otherwise: {}",
            String::from_utf8_lossy(&checkpoint.bytes)
        );
    }
}
