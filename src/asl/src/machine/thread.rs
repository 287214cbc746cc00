//! Threads of execution: the outermost scope, and one per branch or item in progress.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::interface::{ExecutionInfo, TaskRequest};
use super::timers::after;
use crate::errors::Fault;
use crate::history::EventId;
use crate::query::Variables;
use crate::states::StateIndex;
use crate::states::map::{MapRun, key_and_value};
use crate::value::{Object, Value};

/// A thread's place in [`Threads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ThreadId(pub u32);

/// One scope in progress: where it stands and with what data.
#[derive(Debug)]
pub(crate) struct Thread {
    /// The Parallel or Map state it belongs to, and its branch or item.
    pub parent: Option<Parent>,
    /// The state it is in.
    pub state: StateIndex,
    /// The state's raw input.
    pub input: Value,
    /// The variables it sees.
    pub variables: Variables,
    /// The item of the innermost Map around it (`$$.Map.Item`).
    pub item: Option<Arc<MapItem>>,
    /// The event that led here: `previousEventId` of the next.
    pub previous: EventId,
    /// The state's entered event, what it was preceded by, and its time.
    pub entered: Entered,
    /// How often each Retrier of the state was used, and all of them together.
    pub retries: Retries,
    /// The child execution of a distributed Map that it is, or belongs to.
    pub execution: Option<Arc<ExecutionInfo>>,
    /// Whether its events are left out of the history: a child of a distributed Map, which on
    /// AWS has a history of its own.
    pub unrecorded: bool,
    /// What it does in the state.
    pub phase: Phase,
    /// When its earliest timer fires. Kept in step with the machine's timers.
    pub timer: Option<Timestamp>,
}

/// What a thread belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parent {
    /// The thread in the Parallel or Map state.
    pub thread: ThreadId,
    /// The branch or item, from 0.
    pub index: u64,
}

/// `$$.Map.Item`
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MapItem {
    /// From 0.
    pub index: u64,
    /// Its name in the object that it is from, where it is from an object.
    pub key: Option<Arc<str>>,
    /// The item.
    pub value: Value,
    /// Where the items of a distributed Map are from.
    pub source: Option<Arc<str>>,
}

impl MapItem {
    /// What it is as an input.
    pub fn input(&self) -> Value {
        match &self.key {
            Some(key) => key_and_value(key.clone(), self.value.clone()),
            None => self.value.clone(),
        }
    }
}

/// When a state was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entered {
    /// The event.
    pub event: EventId,
    /// The event before it.
    pub previous: EventId,
    /// Its time (`$$.State.EnteredTime`).
    pub at: Timestamp,
}

impl Default for Entered {
    fn default() -> Self {
        Self {
            event: 0,
            previous: 0,
            at: Timestamp::UNIX_EPOCH,
        }
    }
}

/// How often a state was tried again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Retries {
    /// By Retrier, in order; empty until the first.
    pub by_retrier: Vec<u64>,
    /// `$$.State.RetryCount`
    pub total: u64,
}

/// What a thread does in its state.
#[derive(Debug)]
pub(crate) enum Phase {
    /// The state is still to be entered.
    Enter,
    /// The state's work failed; what follows from it is still to be done.
    Failed(Fault),
    /// A Wait state waits; the timer says until when.
    Wait,
    /// A Retrier's delay goes by; then the state's work begins again.
    Backoff,
    /// It ended without success or was cut off. Only a redrive has it go on, in this way.
    Halted(Resume),
    /// A task is out.
    Task(Box<RunningTask>),
    /// Branches run.
    Parallel(Box<ParallelRun>),
    /// Items are processed.
    Map(Box<MapRun>),
}

/// How a thread goes on that is redriven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Resume {
    /// Its state is entered.
    Enter,
    /// Its state's work begins again.
    Work,
}

/// A task that was started and has not ended.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RunningTask {
    /// What was asked for.
    pub request: TaskRequest,
    /// Whether the history has its started event.
    pub started: bool,
    /// Whether the history has its submitted event.
    pub submitted: bool,
    /// Seconds that it may take, until its time runs.
    pub timeout_seconds: Option<u64>,
    /// Seconds within which a heartbeat is due.
    pub heartbeat_seconds: Option<u64>,
    /// When the next heartbeat is due.
    pub heartbeat_due: Option<Timestamp>,
}

impl RunningTask {
    /// From now on its time runs, and that of its first heartbeat.
    pub fn begin_time(&mut self, now: Timestamp) {
        let timeout_seconds = self.timeout_seconds.take();
        self.request.deadline = timeout_seconds.map(|seconds| after(now, seconds));
        self.heartbeat_due = self.heartbeat_seconds.map(|seconds| after(now, seconds));
    }

    /// The earlier of its timeout and its next heartbeat.
    pub fn next_timer(&self) -> Option<Timestamp> {
        match (self.request.deadline, self.heartbeat_due) {
            (Some(deadline), Some(heartbeat)) => Some(deadline.min(heartbeat)),
            (deadline, heartbeat) => deadline.or(heartbeat),
        }
    }
}

/// A Parallel state whose branches run.
#[derive(Debug, Default)]
pub(crate) struct ParallelRun {
    /// Branches in progress.
    pub running: BTreeMap<u64, ThreadId>,
    /// Branches that failed or were cut off.
    pub halted: BTreeMap<u64, ThreadId>,
    /// Results by branch.
    pub results: Vec<Option<Value>>,
}

impl ParallelRun {
    /// Whether all branches ended well.
    pub fn is_over(&self) -> bool {
        self.running.is_empty() && self.halted.is_empty()
    }
}

/// How a thread ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// With an output.
    Succeeded(Value),
    /// With an error that nothing caught.
    Failed(Fault),
}

impl Thread {
    /// The task that is out, where there is one: a Task state's, or a Map state's item reader or
    /// result writer.
    pub fn running_task(&self) -> Option<&RunningTask> {
        match &self.phase {
            Phase::Task(task) => Some(task),
            Phase::Map(run) => run.task(),
            _ => None,
        }
    }

    /// Whether branches or items are in progress.
    pub fn has_children(&self) -> bool {
        match &self.phase {
            Phase::Parallel(run) => !run.running.is_empty(),
            Phase::Map(run) => !run.running.is_empty(),
            _ => false,
        }
    }

    /// Whether it and all that belongs to it are halted.
    pub fn is_halted(&self) -> bool {
        match &self.phase {
            Phase::Halted(_) => true,
            Phase::Parallel(run) => run.running.is_empty(),
            Phase::Map(run) => run.is_halted(),
            _ => false,
        }
    }

    /// Whether the thread of this branch or item stays halted.
    pub fn keeps(&self, index: u64) -> bool {
        match &self.phase {
            Phase::Parallel(run) => run.halted.contains_key(&index),
            Phase::Map(run) => run.halted.contains_key(&index),
            _ => false,
        }
    }

    /// The threads of branches or items in progress, in order.
    pub fn running_children(&self) -> Vec<ThreadId> {
        match &self.phase {
            Phase::Parallel(run) => run.running.values().copied().collect(),
            Phase::Map(run) => run.running.values().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// What the variables that it set take of its execution: the children of a distributed Map
    /// are executions of their own.
    fn stored_bytes(&self) -> usize {
        match self.unrecorded {
            true => 0,
            false => self.variables.own_bytes(),
        }
    }

    /// The threads of branches or items that are halted, in order.
    pub fn halted_children(&self) -> Vec<ThreadId> {
        match &self.phase {
            Phase::Parallel(run) => run.halted.values().copied().collect(),
            Phase::Map(run) => run.halted.values().copied().collect(),
            _ => Vec::new(),
        }
    }

    /// Takes the threads of all branches or items away from it.
    pub fn take_children(&mut self) -> Vec<ThreadId> {
        let taken = self.children().into_iter().map(std::mem::take);
        taken.flat_map(BTreeMap::into_values).collect()
    }

    /// The threads of its branches or items have other places now.
    pub fn renumber_children(&mut self, places: &BTreeMap<ThreadId, ThreadId>) {
        for child in self.children().into_iter().flat_map(BTreeMap::values_mut) {
            *child = places.get(child).copied().unwrap_or(*child);
        }
    }

    fn children(&mut self) -> Vec<&mut BTreeMap<u64, ThreadId>> {
        match &mut self.phase {
            Phase::Parallel(run) => vec![&mut run.running, &mut run.halted],
            Phase::Map(run) => vec![&mut run.running, &mut run.redriving, &mut run.halted],
            _ => Vec::new(),
        }
    }
}

/// All threads of an execution. Ids of ended ones are used again.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    slots: Vec<Option<Thread>>,
    free: Vec<ThreadId>,
    /// What the variables of all threads take.
    stored_bytes: usize,
}

impl Threads {
    /// Adds a thread.
    pub fn insert(&mut self, thread: Thread) -> ThreadId {
        if let Some(id) = self.free.pop()
            && let Some(slot) = self.slots.get_mut(id.0 as usize)
        {
            *slot = Some(thread);
            return id;
        }
        #[allow(clippy::cast_possible_truncation)]
        let id = ThreadId(self.slots.len() as u32);
        self.slots.push(Some(thread));
        id
    }

    /// Puts a thread at a given place, as a checkpoint says. Call [`Threads::seal`] afterwards.
    pub fn place(&mut self, id: ThreadId, thread: Thread) {
        self.stored_bytes += thread.stored_bytes();
        let at = id.0 as usize;
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, || None);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = Some(thread);
        }
    }

    /// The ids of all threads, in order.
    pub fn ids(&self) -> Vec<ThreadId> {
        self.iter().map(|(id, _)| id).collect()
    }

    /// Makes the gaps between placed threads usable.
    #[allow(clippy::cast_possible_truncation)]
    pub fn seal(&mut self) {
        self.free = (0..self.slots.len())
            .rev()
            .filter(|at| matches!(self.slots.get(*at), Some(None)))
            .map(|at| ThreadId(at as u32))
            .collect();
    }

    /// Takes a thread out to work on it; [`Threads::put_back`] returns it.
    pub fn take(&mut self, id: ThreadId) -> Option<Thread> {
        self.slots.get_mut(id.0 as usize)?.take()
    }

    /// Returns a thread that was taken out.
    pub fn put_back(&mut self, id: ThreadId, thread: Thread) {
        if let Some(slot) = self.slots.get_mut(id.0 as usize) {
            *slot = Some(thread);
        }
    }

    /// Gives the place of a thread that was taken out, and is over, back for use.
    pub fn release(&mut self, id: ThreadId, thread: &Thread) {
        self.stored_bytes -= thread.stored_bytes();
        self.free.push(id);
    }

    /// Sets variables of a thread that was taken out.
    pub fn assign(&mut self, thread: &mut Thread, assigned: &Object) {
        self.stored_bytes -= thread.stored_bytes();
        thread.variables.assign(assigned);
        self.stored_bytes += thread.stored_bytes();
    }

    /// What the variables of a thread's execution take. Of a child of a distributed Map it is
    /// what the thread itself sees.
    pub fn stored_bytes(&self, thread: &Thread) -> usize {
        match thread.unrecorded {
            true => thread.variables.bytes(),
            false => self.stored_bytes,
        }
    }

    /// A thread.
    pub fn get(&self, id: ThreadId) -> Option<&Thread> {
        self.slots.get(id.0 as usize)?.as_ref()
    }

    /// A thread, to change.
    pub fn get_mut(&mut self, id: ThreadId) -> Option<&mut Thread> {
        self.slots.get_mut(id.0 as usize)?.as_mut()
    }

    /// All threads with their ids, in order of the ids.
    #[allow(clippy::cast_possible_truncation)]
    pub fn iter(&self) -> impl Iterator<Item = (ThreadId, &Thread)> {
        self.slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((ThreadId(at as u32), slot.as_ref()?)))
    }
}
