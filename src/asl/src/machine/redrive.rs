//! Redrive: an execution that ended without success goes on where it ended.
//!
//! So that it can, nothing of what ended without success is thrown away: a thread that failed or
//! was cut off is halted, and stays with the Parallel or Map state that it belongs to for as long
//! as that one may be redriven. Those whose failure a distributed Map tolerates are put away as
//! values, so that checkpoints need not tell of each of them again and again. A redrive begins the work of the states that did not end well
//! again, each as if it had just been entered; what succeeded stays as it is.
//!
//! Source: Step Functions API reference, `RedriveExecution`; developer guide, "Restarting state
//! machine executions with redrive" and "Redriving Map Runs".

use jiff::{SignedDuration, Timestamp};

use super::interface::Outcome;
use super::run::Work;
use super::step::Step;
use super::thread::{Phase, Resume, Retries, Thread, ThreadId};
use super::{Command, Machine, TaskId, timers};
use crate::errors::{DATA_LIMIT_EXCEEDED, Fault, RUNTIME};
use crate::history::EventKind;
use crate::states::{State, StateKind};

/// How often an execution may be redriven.
pub const MOST_REDRIVES: u64 = 1000;

/// For how long after its end an execution may be redriven.
pub const REDRIVABLE_PERIOD: SignedDuration = SignedDuration::from_hours(14 * 24);

/// How often an execution was redriven, and when last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Redrives {
    /// How often (`$$.Execution.RedriveCount`).
    pub count: u64,
    /// When last (`$$.Execution.RedriveTime`).
    pub last: Option<Timestamp>,
}

/// Why an execution cannot be redriven: the `redriveStatusReason` of `DescribeExecution`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotRedrivable {
    /// It has not ended.
    #[error("Execution is RUNNING and cannot be redriven")]
    Running,
    /// It ended well.
    #[error("Execution is SUCCEEDED and cannot be redriven")]
    Succeeded,
    /// It ended too long ago.
    #[error("Execution redrivable period exceeded.")]
    PeriodExceeded,
    /// It was redriven too often.
    #[error("Execution was redriven {MOST_REDRIVES} times, which is the most")]
    TooOften,
    /// It would fail again at once.
    #[error("Execution event history has as many events as it may have")]
    FullHistory,
    /// Its state machine is an Express one.
    #[error("Execution of an EXPRESS state machine cannot be redriven")]
    Express,
    /// It ended before it was known where executions end.
    #[error("Execution was ended by a version that did not keep where it ended")]
    NothingKept,
}

impl Machine {
    /// Whether [`super::Event::Redrive`] would have the execution go on.
    ///
    /// # Errors
    /// Why not.
    pub fn redrivable(&self, now: Timestamp) -> Result<(), NotRedrivable> {
        match &self.outcome {
            None => return Err(NotRedrivable::Running),
            Some(Outcome::Succeeded(_)) => return Err(NotRedrivable::Succeeded),
            Some(Outcome::Failed(_) | Outcome::TimedOut(_) | Outcome::Aborted(_)) => {}
        }
        if self.info.is_express() {
            return Err(NotRedrivable::Express);
        }
        let root = self.root.and_then(|root| self.threads.get(root));
        let (Some(stopped), Some(_)) = (self.stopped, root) else {
            return Err(NotRedrivable::NothingKept);
        };
        if now.duration_since(stopped) > REDRIVABLE_PERIOD {
            return Err(NotRedrivable::PeriodExceeded);
        }
        if self.redrives.count >= MOST_REDRIVES {
            return Err(NotRedrivable::TooOften);
        }
        match self.is_history_full() {
            true => Err(NotRedrivable::FullHistory),
            false => Ok(()),
        }
    }

    /// How often it was redriven.
    #[must_use]
    pub fn redrives(&self) -> Redrives {
        self.redrives
    }

    /// Has the execution go on where it ended. The state machine's timeout starts anew.
    pub(super) fn redrive(&mut self, step: &mut Step<'_>) {
        self.outcome = None;
        self.stopped = None;
        self.redrives.count += 1;
        self.redrives.last = Some(step.now);
        let redrive_count = self.redrives.count;
        let ended = self.recorder.last();
        let redriven = EventKind::ExecutionRedriven { redrive_count };
        self.recorder.record(ended, step.now, redriven);
        self.deadline = timers::deadline(step.definition, step.now);
        if let Some(root) = self.root {
            self.redrive_thread(root, step);
        }
    }

    /// Has a halted thread go on. What it does follows the event that its state was entered with,
    /// and Retriers count anew.
    pub(crate) fn redrive_thread(&mut self, id: ThreadId, step: &mut Step<'_>) {
        let Some(mut thread) = self.threads.take(id) else {
            return;
        };
        let mut children = Vec::new();
        match &mut thread.phase {
            Phase::Halted(Resume::Enter) => {
                thread.phase = Phase::Enter;
                self.ready.push_back(Work::Run(id));
            }
            Phase::Halted(Resume::Work) => {
                thread.phase = Phase::Backoff;
                thread.begin_anew();
                self.ready.push_back(Work::Run(id));
            }
            Phase::Parallel(run) => {
                run.running.append(&mut run.halted);
                children.extend(run.running.values().copied());
                thread.begin_anew();
                if children.is_empty() {
                    self.ready.push_back(Work::Run(id));
                }
            }
            Phase::Map(run) => {
                let map_run = run.redrive();
                thread.begin_anew();
                if let Some((map_run_arn, redrive_count)) = map_run {
                    let kind = EventKind::MapRunRedriven {
                        map_run_arn: map_run_arn.0,
                        redrive_count,
                    };
                    thread.previous = self.record(&thread, step, kind);
                }
                self.ready.push_back(Work::Run(id));
            }
            Phase::Enter | Phase::Failed(_) | Phase::Wait | Phase::Backoff | Phase::Task(_) => {}
        }
        self.threads.put_back(id, thread);
        for child in children {
            self.redrive_thread(child, step);
        }
    }

    /// Halts a thread whose state failed for good. A Parallel or Map state goes on with those of its
    /// branches or items that did not end well, and then with its output; else the whole state is
    /// begun again.
    pub(super) fn halt_failed(&mut self, thread: &mut Thread, state: &State, fault: &Fault) {
        if !begins_anew(state, fault) && thread.halt_children() {
            return;
        }
        self.drop_children(thread);
        thread.phase = Phase::Halted(match state.kind {
            StateKind::Fail(_) => Resume::Enter,
            _ => Resume::Work,
        });
    }

    /// The branches or items of a state are not wanted any more: it is tried again, or left.
    pub(crate) fn drop_children(&mut self, thread: &mut Thread) {
        for id in thread.take_children() {
            self.drop_thread(id);
        }
    }

    /// A thread and all that belongs to it are not wanted any more.
    pub(crate) fn drop_thread(&mut self, id: ThreadId) {
        if let Some(mut thread) = self.threads.take(id) {
            self.drop_children(&mut thread);
            self.threads.release(id, &thread);
        }
    }

    /// Halts every thread, without a trace in the history; their tasks are cancelled.
    pub(super) fn halt_everything(&mut self, step: &mut Step<'_>) {
        let mut tasks: Vec<TaskId> = self.tasks.drain().map(|(task, _)| task).collect();
        tasks.sort_unstable();
        let cancel = tasks.into_iter().map(|task| Command::CancelTask { task });
        step.commands.extend(cancel);
        for id in self.threads.ids() {
            if let Some(mut thread) = self.threads.take(id) {
                self.timers.set(id, &mut thread, None);
                thread.halt();
                self.threads.put_back(id, thread);
            }
        }
    }
}

/// Whether a state that failed so is redriven as a whole: what was too large would be so again
/// with the same parts, and a new Map Run is started after an error at runtime.
fn begins_anew(state: &State, fault: &Fault) -> bool {
    let distributed = matches!(&state.kind, StateKind::Map(map) if map.distributed);
    fault.name() == DATA_LIMIT_EXCEEDED || (distributed && fault.name() == RUNTIME)
}

impl Thread {
    /// Its state's work is to begin again as if it had just been entered.
    fn begin_anew(&mut self) {
        self.previous = self.entered.event;
        self.retries = Retries::default();
    }

    /// Halts a thread that was cut off in what it did.
    pub(super) fn halt(&mut self) {
        if self.halt_children() {
            return;
        }
        match self.phase {
            Phase::Halted(_) => {}
            Phase::Enter => self.phase = Phase::Halted(Resume::Enter),
            _ => self.phase = Phase::Halted(Resume::Work),
        }
    }

    /// Halts a Parallel or Map state; false for another, and for a Map that does not know its items.
    fn halt_children(&mut self) -> bool {
        match &mut self.phase {
            Phase::Parallel(run) => {
                run.halted.append(&mut run.running);
                true
            }
            Phase::Map(run) => run.halt(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
