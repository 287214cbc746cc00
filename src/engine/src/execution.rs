//! What an execution is in memory, and what it decides: no I/O.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::Value;
use asl::definition::StateMachine;
use asl::history::EventKind;
use asl::machine::{
    self, CheckpointError, Command, Event, ExecutionInfo, Limits, Machine, Moment, NotRedrivable,
    Outcome, Redrives, Sealed, TaskId, TaskRequest,
};
use jiff::Timestamp;

use crate::history::Tail;
use crate::ports::{Entropy, TaskProgress};
use crate::progress::{Progress, SHOWN, TaskBook, TaskPhase, TaskView};
use crate::record::{self, Cancelling, Checkpoint, RecordError};
use crate::values::Group;

/// What happened to an execution since the last decision.
#[derive(Debug)]
pub enum Happening {
    /// Something that the state machine sees.
    Event(Event),
    /// Something that only people see.
    Progress(TaskId, TaskProgress),
    /// A task could not be cancelled so far, and why.
    NotCancelled(TaskId, String),
    /// A task is cancelled for good.
    Cancelled(TaskId),
}

/// How soon a decision is to be stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// There is nothing new.
    #[default]
    Never,
    /// Somebody may want to see it, and nothing is lost without it: it rides along with the next
    /// write, or is written after a while.
    Soon,
    /// Before anything else: tasks are to be started or stopped, a timer was set, or it ended.
    Now,
}

impl Urgency {
    /// Of something that only people see.
    fn of_view(is_news: bool) -> Self {
        match is_news {
            true => Self::Soon,
            false => Self::Never,
        }
    }
}

/// What was decided. Nothing of it may be done before it is stored.
#[derive(Debug, Default)]
pub struct Decision {
    /// Tasks to start.
    pub start: Vec<TaskRequest>,
    /// Tasks to cancel; each is to be reported by [`Happening::Cancelled`].
    pub cancel: Vec<TaskRequest>,
    /// When to store it.
    pub urgency: Urgency,
    /// There is more to decide at once, and others are to be let in between: the step's budget was
    /// used up, and [`Event::TimePassed`] is due, or not all that happened was handled.
    pub yielded: bool,
    /// How many states were entered.
    pub states_entered: u64,
}

/// What is stored of an execution: in its record, and in the pages that this names.
#[derive(Debug)]
pub struct Content {
    /// The interpreter's state.
    pub checkpoint: Vec<u8>,
    /// The sealed values that it refers to.
    pub sealed: HashMap<u64, Value>,
    /// The history's end.
    pub tail: Tail,
    /// Tasks that are to be cancelled and may not have been.
    pub cancelling: Vec<TaskRequest>,
}

/// An execution in memory.
#[derive(Debug)]
pub struct Execution {
    machine: Machine,
    time_per_step: Duration,
    started: Timestamp,
    tail: Tail,
    tasks: TaskBook,
    running: BTreeMap<TaskId, TaskRequest>,
    cancelling: BTreeMap<TaskId, TaskRequest>,
}

impl Execution {
    /// A new execution; [`Event::Started`] is to be the first that happens.
    #[must_use]
    pub fn new(definition: Arc<StateMachine>, info: ExecutionInfo, limits: Limits) -> Self {
        let started = info.start_time;
        let machine = Machine::new(definition, info, limits);
        Self::with_machine(machine, limits, started, Tail::new())
    }

    /// Continues from what was stored; `shown` is what people saw of its tasks.
    ///
    /// # Errors
    /// The checkpoint is no checkpoint of this definition, or of a newer format.
    pub fn restore(
        definition: Arc<StateMachine>,
        content: Content,
        shown: Vec<TaskView>,
        limits: Limits,
    ) -> Result<Self, CheckpointError> {
        let (checkpoint, sealed) = (&content.checkpoint, &content.sealed);
        let machine = Machine::restore(definition, checkpoint, sealed, limits)?;
        let started = machine.info().start_time;
        let mut execution = Self::with_machine(machine, limits, started, content.tail);
        for request in execution.machine.running_tasks() {
            execution.schedule(request, started);
        }
        for request in &content.cancelling {
            execution.tasks.scheduled(request, started);
            execution.tasks.cancelling(request.task);
        }
        execution.tasks.recall(shown);
        let cancelling = content.cancelling.into_iter();
        execution.cancelling = cancelling.map(|request| (request.task, request)).collect();
        Ok(execution)
    }

    fn with_machine(machine: Machine, limits: Limits, started: Timestamp, tail: Tail) -> Self {
        Self {
            machine,
            time_per_step: limits.time_per_step,
            started,
            tail,
            tasks: TaskBook::default(),
            running: BTreeMap::new(),
            cancelling: BTreeMap::new(),
        }
    }

    fn schedule(&mut self, request: TaskRequest, now: Timestamp) {
        self.tasks.scheduled(&request, now);
        self.running.insert(request.task, request);
    }

    /// Handles what happened, in order, and says what is to be done. What it had no time for is left
    /// where it was.
    pub fn decide(
        &mut self,
        happenings: &mut VecDeque<Happening>,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Decision {
        let began = Instant::now();
        let mut decision = Decision::default();
        while let Some(happening) = happenings.pop_front() {
            let urgency = match happening {
                Happening::Event(event) => {
                    let entropy = entropy.next();
                    self.handle(event, Moment { now, entropy }, &mut decision)
                }
                Happening::Progress(task, progress) => {
                    Urgency::of_view(self.tasks.reported(task, progress))
                }
                Happening::NotCancelled(task, why) => {
                    Urgency::of_view(self.tasks.not_cancelled(task, &why))
                }
                Happening::Cancelled(task) => {
                    self.cancelling.remove(&task);
                    Urgency::of_view(self.tasks.cancelled(task))
                }
            };
            decision.urgency = decision.urgency.max(urgency);
            if began.elapsed() >= self.time_per_step {
                break;
            }
        }
        decision.yielded = self.machine.is_ready() || !happenings.is_empty();
        decision
    }

    fn handle(&mut self, event: Event, moment: Moment, decision: &mut Decision) -> Urgency {
        // A heartbeat moves a timer, but after a restart the timer starts anew in any case.
        let moves_timers = !matches!(
            event,
            Event::TaskHeartbeat { .. } | Event::TaskSubmitted { .. }
        );
        let redriven = matches!(event, Event::Redrive);
        self.note_end(&event);
        let deadline = self.machine.deadline();
        let transition = self.machine.handle(event, moment);
        let mut urgency = self.take_history(decision);
        if moves_timers && transition.deadline.is_some() && transition.deadline != deadline {
            urgency = Urgency::Now;
        }
        if redriven || transition.outcome.is_some() {
            urgency = Urgency::Now;
        }
        for command in transition.commands {
            self.obey(command, moment.now, decision);
            urgency = Urgency::Now;
        }
        urgency
    }

    fn note_end(&mut self, event: &Event) {
        let (task, phase) = match event {
            Event::TaskSucceeded { task, .. } => (*task, TaskPhase::Succeeded),
            Event::TaskFailed { task, .. } => (*task, TaskPhase::Failed),
            _ => return,
        };
        self.running.remove(&task);
        self.tasks.ended(task, phase);
    }

    fn take_history(&mut self, decision: &mut Decision) -> Urgency {
        let events = self.machine.take_history();
        let entered = |kind: &EventKind| matches!(kind, EventKind::StateEntered { .. });
        let count = events.iter().filter(|event| entered(&event.kind)).count();
        decision.states_entered += count as u64;
        self.tail.push(&events);
        if events.is_empty() {
            Urgency::Never
        } else {
            Urgency::Soon
        }
    }

    fn obey(&mut self, command: Command, now: Timestamp, decision: &mut Decision) {
        match command {
            Command::StartTask(request) => {
                self.schedule(request.clone(), now);
                decision.start.push(request);
            }
            Command::CancelTask { task } => {
                let Some(request) = self.running.remove(&task) else {
                    return;
                };
                let not_started = decision.start.iter().position(|start| start.task == task);
                if let Some(at) = not_started {
                    decision.start.remove(at);
                    self.tasks.ended(task, TaskPhase::Cancelled);
                } else {
                    self.tasks.cancelling(task);
                    self.cancelling.insert(task, request.clone());
                    decision.cancel.push(request);
                }
            }
        }
    }

    /// The tasks that run, to be started again after a restart.
    pub fn running(&self) -> impl Iterator<Item = &TaskRequest> {
        self.running.values()
    }

    /// Whether a task that runs has reported that its request was accepted.
    #[must_use]
    pub fn is_submitted(&self, task: TaskId) -> bool {
        self.machine.is_submitted(task)
    }

    /// The tasks that are to be cancelled and may not have been.
    pub fn cancelling(&self) -> impl Iterator<Item = &TaskRequest> {
        self.cancelling.values()
    }

    /// When [`Event::TimePassed`] is next due.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.machine.deadline()
    }

    /// Whether [`Event::TimePassed`] is due at once: a step's budget was used up.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.machine.is_ready()
    }

    /// How it ended, once nothing is left to clean up.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.decided().filter(|_| self.cancelling.is_empty())
    }

    /// How it ends, whatever is left to clean up.
    #[must_use]
    pub fn decided(&self) -> Option<&Outcome> {
        self.machine.outcome()
    }

    /// The history's end.
    #[must_use]
    pub fn tail(&self) -> &Tail {
        &self.tail
    }

    /// The history's end, to be sealed.
    pub fn tail_mut(&mut self) -> &mut Tail {
        &mut self.tail
    }

    /// The interpreter's state; `None` once it ended well, for then there is nothing to continue.
    #[must_use]
    pub fn checkpoint(&self) -> Option<machine::Checkpoint> {
        (!self.has_ended_well()).then(|| self.machine.checkpoint())
    }

    fn has_ended_well(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Succeeded(_)))
    }

    /// The record to store, given where the checkpoint and the tasks to be cancelled are put.
    ///
    /// # Errors
    /// Compression failed.
    pub fn record(
        &self,
        checkpoint: &Checkpoint,
        values: &[Group],
        cancelling: &Cancelling,
    ) -> Result<String, RecordError> {
        record::encode(checkpoint, values, &self.tail, cancelling)
    }

    /// The large values that were not sealed before. They are to be stored before the record.
    /// None once it ended well.
    pub fn seal_values(&mut self) -> Vec<Sealed> {
        match self.has_ended_well() {
            true => Vec::new(),
            false => self.machine.seal(),
        }
    }

    /// When it started.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// When it ended.
    #[must_use]
    pub fn stopped(&self) -> Option<Timestamp> {
        self.machine.stopped()
    }

    /// Whether it would go on where it ended.
    ///
    /// # Errors
    /// Why not.
    pub fn redrivable(&self, now: Timestamp) -> Result<(), NotRedrivable> {
        self.machine.redrivable(now)
    }

    /// How often it was redriven.
    #[must_use]
    pub fn redrives(&self) -> Redrives {
        self.machine.redrives()
    }

    /// What people see of it.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let (current_states, current_state_count) = self.machine.current_states(SHOWN);
        Progress {
            outcome: self.outcome().cloned(),
            started: self.started,
            stopped: self.stopped(),
            current_states,
            current_state_count,
            activities: self.machine.activities(SHOWN),
            input_bytes: self.machine.info().input.text_len(),
            tasks: self.tasks.shown(),
            history_length: self.machine.history_length(),
            redrives: self.redrives(),
            redrivable: self.redrivable(self.stopped().unwrap_or(self.started)),
        }
    }
}

#[cfg(test)]
mod tests;
