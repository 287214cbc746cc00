//! The interpreter: events in, commands out.
//!
//! [`Machine::handle`] takes one event, runs every thread until all of them wait for something
//! outside, and says what is to be done. It keeps no clock and does no I/O; a machine restored
//! from [`Machine::checkpoint`] continues exactly as the one that wrote it. A long piece of work
//! may be done in several steps ([`Transition::yielded`]).

mod activity;
mod checkpoint;
pub(crate) mod context;
mod end;
mod failure;
mod interface;
mod recorder;
mod redrive;
mod run;
pub(crate) mod stage;
mod step;
pub(crate) mod thread;
pub(crate) mod timers;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;

pub use activity::{Activity, Doing};
pub(crate) use checkpoint::SEAL_FROM;
use checkpoint::Vault;
pub use checkpoint::{Checkpoint, CheckpointError, Sealed};
pub use interface::{
    Command, Event, ExecutionInfo, Limits, Moment, Outcome, TaskId, TaskRequest, Transition,
};
pub use redrive::{MOST_REDRIVES, NotRedrivable, REDRIVABLE_PERIOD, Redrives};
pub(crate) use run::{Flow, Work};
pub(crate) use step::Step;

use crate::definition::StateMachine;
use crate::errors::Fault;
use crate::history::{EventId, EventKind, HistoryEvent};
use recorder::Recorder;
use thread::{Entered, Phase, Retries, Thread, ThreadId, Threads};
use timers::Timers;

/// Task numbers without an event start here.
const UNRECORDED_TASKS: TaskId = 1 << 48;

/// One execution of a state machine.
#[derive(Debug)]
pub struct Machine {
    definition: Arc<StateMachine>,
    info: ExecutionInfo,
    limits: Limits,
    redrives: Redrives,
    /// Whether [`Event::Started`] was handled.
    started: bool,
    threads: Threads,
    /// The outermost scope's thread, unless it ended well.
    root: Option<ThreadId>,
    /// What is to be run at once.
    ready: VecDeque<Work>,
    timers: Timers,
    tasks: HashMap<TaskId, ThreadId, RandomState>,
    recorder: Recorder,
    vault: Vault,
    /// Numbers the tasks of threads that have no events.
    unrecorded_tasks: u64,
    /// When the state machine's TimeoutSeconds are over.
    deadline: Option<jiff::Timestamp>,
    outcome: Option<Outcome>,
    /// When it ended.
    stopped: Option<jiff::Timestamp>,
}

impl Machine {
    /// A new execution; nothing happens before [`Event::Started`].
    #[must_use]
    pub fn new(definition: Arc<StateMachine>, info: ExecutionInfo, limits: Limits) -> Self {
        Self {
            definition,
            info,
            limits,
            redrives: Redrives::default(),
            started: false,
            threads: Threads::default(),
            root: None,
            ready: VecDeque::new(),
            timers: Timers::default(),
            tasks: HashMap::default(),
            recorder: Recorder::default(),
            vault: Vault::default(),
            unrecorded_tasks: 0,
            deadline: None,
            outcome: None,
            stopped: None,
        }
    }

    /// Handles one event. Events of tasks that are no longer wanted change nothing, nor does any
    /// event after the end but a redrive, where [`Machine::redrivable`] allows one.
    pub fn handle(&mut self, event: Event, moment: Moment) -> Transition {
        let redriven = event == Event::Redrive;
        if self.outcome.is_some() != redriven || (redriven && self.redrivable(moment.now).is_err())
        {
            return Transition::default();
        }
        let definition = Arc::clone(&self.definition);
        let mut step = Step::new(&definition, moment, self.limits);
        self.take_in(event, &mut step);
        self.run(&mut step);
        Transition {
            yielded: self.is_ready(),
            commands: step.commands,
            deadline: self.deadline(),
            outcome: self.outcome.clone(),
        }
    }

    fn take_in(&mut self, event: Event, step: &mut Step<'_>) {
        match event {
            Event::Started => self.start(step),
            Event::TimePassed => self.time_passed(step),
            Event::Stop(fault) => self.stop(Outcome::Aborted(fault), step),
            Event::Redrive => self.redrive(step),
            Event::TaskStarted { task, worker_name } => {
                self.activity_started(task, worker_name, step);
            }
            Event::TaskSubmitted { task, output } => self.task_submitted(task, output, step),
            Event::TaskSucceeded { task, output } => self.task_ended(task, Ok(output), step),
            Event::TaskFailed { task, fault } => self.task_ended(task, Err(fault), step),
            Event::TaskHeartbeat { task } => self.task_heartbeat(task, step),
        }
    }

    fn start(&mut self, step: &mut Step<'_>) {
        if self.started {
            return;
        }
        self.started = true;
        self.recorder.record(
            0,
            step.now,
            EventKind::ExecutionStarted {
                input: self.info.input.clone(),
                role_arn: self.info.role_arn.clone(),
            },
        );
        self.deadline = timers::deadline(step.definition, step.now);
        let root = self.threads.insert(Thread {
            parent: None,
            state: step.definition.start_at,
            input: self.info.input.clone(),
            variables: crate::query::Variables::default(),
            item: None,
            previous: 0,
            entered: Entered::default(),
            retries: Retries::default(),
            execution: None,
            unrecorded: false,
            phase: Phase::Enter,
            timer: None,
        });
        self.root = Some(root);
        self.ready.push_back(Work::Run(root));
    }

    fn time_passed(&mut self, step: &mut Step<'_>) {
        if self.deadline.is_some_and(|deadline| deadline <= step.now) {
            self.stop(Outcome::TimedOut(Fault::default()), step);
            return;
        }
        while let Some(id) = self.timers.pop_due(step.now) {
            self.timer_fired(id, step);
        }
    }

    fn timer_fired(&mut self, id: ThreadId, step: &mut Step<'_>) {
        let Some(thread) = self.threads.get_mut(id) else {
            return;
        };
        thread.timer = None;
        match thread.phase {
            Phase::Wait | Phase::Backoff => self.ready.push_back(Work::Run(id)),
            Phase::Task(_) => self.task_timed_out(id, step),
            Phase::Enter
            | Phase::Failed(_)
            | Phase::Halted(_)
            | Phase::Parallel(_)
            | Phase::Map(_) => {}
        }
    }

    /// The events since the last call, oldest first.
    pub fn take_history(&mut self) -> Vec<HistoryEvent> {
        self.recorder.take()
    }

    /// How many events the history has, taken ones included.
    #[must_use]
    pub fn history_length(&self) -> u64 {
        self.recorder.last()
    }

    /// What is fixed for this execution.
    #[must_use]
    pub fn info(&self) -> &ExecutionInfo {
        &self.info
    }

    /// The definition it runs.
    #[must_use]
    pub fn definition(&self) -> &Arc<StateMachine> {
        &self.definition
    }

    /// The tasks in flight, to be started again after a restore; in order of their ids.
    #[must_use]
    pub fn running_tasks(&self) -> Vec<TaskRequest> {
        let mut requests: Vec<TaskRequest> = self
            .threads
            .iter()
            .filter_map(|(_, thread)| thread.running_task())
            .map(|task| task.request.clone())
            .collect();
        requests.sort_by_key(|request| request.task);
        requests
    }

    /// Whether there is work that waits for nothing: the step that began it had used its budget up.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// Whether the request of a task in flight was accepted: its `TaskSubmitted` event is there.
    #[must_use]
    pub fn is_submitted(&self, task: TaskId) -> bool {
        let thread = self.tasks.get(&task).and_then(|id| self.threads.get(*id));
        let running = thread.and_then(Thread::running_task);
        running.is_some_and(|running| running.submitted)
    }

    /// The names of the states that are in progress, at most so many, and how many there are.
    /// Only the innermost states count: a Parallel state is told by the states of its branches.
    #[must_use]
    pub fn current_states(&self, at_most: usize) -> (Vec<Arc<str>>, usize) {
        let mut names: Vec<Arc<str>> = Vec::new();
        let mut count = 0;
        if self.outcome.is_some() {
            return (names, count);
        }
        for (_, thread) in self.threads.iter() {
            if thread.has_children() || thread.is_halted() {
                continue;
            }
            count += 1;
            let Some(state) = self.definition.state(thread.state) else {
                continue;
            };
            if names.len() < at_most && !names.contains(&state.name) {
                names.push(state.name.clone());
            }
        }
        (names, count)
    }

    /// When [`Event::TimePassed`] is next due.
    #[must_use]
    pub fn deadline(&self) -> Option<jiff::Timestamp> {
        if self.outcome.is_some() {
            return None;
        }
        match (self.deadline, self.timers.next()) {
            (Some(deadline), Some(timer)) => Some(deadline.min(timer)),
            (deadline, timer) => deadline.or(timer),
        }
    }

    /// How the execution ended, once it did.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// When it ended.
    #[must_use]
    pub fn stopped(&self) -> Option<jiff::Timestamp> {
        self.stopped
    }

    /// Takes a thread out to work on it; [`Machine::settle`] returns it.
    pub(crate) fn take_thread(&mut self, id: ThreadId) -> Option<Thread> {
        self.threads.take(id)
    }

    /// Takes the thread out that waits for a task.
    pub(crate) fn take_thread_of(&mut self, task: TaskId) -> Option<(ThreadId, Thread)> {
        let id = *self.tasks.get(&task)?;
        Some((id, self.threads.take(id)?))
    }

    /// Remembers which thread waits for a task.
    pub(crate) fn expect_task(&mut self, task: TaskId, id: ThreadId) {
        self.tasks.insert(task, id);
    }

    /// No thread waits for the task any more.
    pub(crate) fn forget_task(&mut self, task: TaskId) {
        self.tasks.remove(&task);
    }

    /// Sets, moves or clears a thread's timer.
    pub(crate) fn set_timer(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        at: Option<jiff::Timestamp>,
    ) {
        self.timers.set(id, thread, at);
    }

    /// Has something run in this step, after what is already queued.
    pub(crate) fn queue(&mut self, work: Work) {
        self.ready.push_back(work);
    }

    /// Starts a thread.
    pub(crate) fn spawn(&mut self, thread: Thread) -> ThreadId {
        let id = self.threads.insert(thread);
        self.queue(Work::Run(id));
        id
    }

    /// A number for a task of this thread: its scheduled event's id, just recorded; where no
    /// events are recorded, one beyond all ids.
    pub(crate) fn number_task(&mut self, thread: &Thread) -> TaskId {
        if thread.unrecorded {
            self.number_unrecorded_task()
        } else {
            thread.previous
        }
    }

    /// A number for a task that the history does not tell of.
    pub(crate) fn number_unrecorded_task(&mut self) -> TaskId {
        self.unrecorded_tasks += 1;
        UNRECORDED_TASKS + self.unrecorded_tasks
    }

    /// Records an event of a thread and gives the thread's new `previousEventId`.
    pub(crate) fn record(&mut self, thread: &Thread, step: &Step<'_>, kind: EventKind) -> EventId {
        self.record_after(thread, thread.previous, step, kind)
    }

    /// As [`Machine::record`], after another event than the thread's last.
    pub(crate) fn record_after(
        &mut self,
        thread: &Thread,
        previous: EventId,
        step: &Step<'_>,
        kind: EventKind,
    ) -> EventId {
        if thread.unrecorded {
            return thread.previous;
        }
        self.recorder.record(previous, step.now, kind)
    }
}

#[cfg(test)]
mod tests;
