//! How an execution ends.

use super::step::Step;
use super::thread::Ended;
use super::{Machine, Outcome};
use crate::errors::{Fault, RUNTIME};
use crate::history::{EventId, EventKind};

impl Machine {
    /// Ends the whole execution from outside: everything in progress is aborted.
    pub(super) fn stop(&mut self, outcome: Outcome, step: &mut Step<'_>) {
        let mut previous = self.recorder.last();
        if let Some(root) = self.root
            && let Some(thread) = self.threads.take(root)
        {
            previous = thread.previous;
            self.abort_thread(root, thread, previous, step);
        }
        self.finish(outcome, previous, step);
    }

    /// The outermost scope ended.
    pub(super) fn root_ended(&mut self, ended: Ended, previous: EventId, step: &mut Step<'_>) {
        let outcome = match ended {
            Ended::Succeeded(output) => Outcome::Succeeded(output),
            Ended::Failed(fault) => Outcome::Failed(fault),
        };
        self.finish(outcome, previous, step);
    }

    fn finish(&mut self, outcome: Outcome, previous: EventId, step: &Step<'_>) {
        let kind = match &outcome {
            Outcome::Succeeded(output) => EventKind::ExecutionSucceeded {
                output: output.clone(),
            },
            Outcome::Failed(fault) => EventKind::ExecutionFailed(fault.clone()),
            Outcome::TimedOut(fault) => EventKind::ExecutionTimedOut(fault.clone()),
            Outcome::Aborted(fault) => EventKind::ExecutionAborted(fault.clone()),
        };
        self.recorder.record(previous, step.now, kind);
        if let Outcome::Succeeded(_) = outcome {
            self.root = None;
        }
        self.outcome = Some(outcome);
        self.stopped = Some(step.now);
        self.deadline = None;
        self.ready.clear();
    }

    /// Whether the history has as many events as it may have, and the execution goes on.
    pub(super) fn has_full_history(&self) -> bool {
        self.outcome.is_none() && self.is_history_full()
    }

    pub(super) fn is_history_full(&self) -> bool {
        self.recorder.last() >= self.limits.history_events
    }

    /// Ends an execution with a full history, in AWS's words.
    pub(super) fn fail_with_full_history(&mut self, step: &mut Step<'_>) {
        let cause = format!(
            "The execution reached the maximum number of history events ({}).",
            self.limits.history_events
        );
        let previous = self.recorder.last();
        self.fail_execution(Fault::new(RUNTIME, cause), previous, step);
    }

    /// The whole execution fails, whatever its threads could catch: `States.Runtime`.
    pub(super) fn fail_execution(&mut self, fault: Fault, previous: EventId, step: &mut Step<'_>) {
        self.halt_everything(step);
        self.finish(Outcome::Failed(fault), previous, step);
    }
}
