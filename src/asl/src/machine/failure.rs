//! Failures: Retriers, Catchers, and what is cut off when a thread fails.
//!
//! Source: States Language, "Errors": a Retrier comes before a Catcher, and what none of them takes
//! fails the scope around the state.

use super::run::Flow;
use super::step::Step;
use super::thread::{Ended, Phase, Thread, ThreadId};
use super::{Command, Machine};
use crate::errors::{Fault, QUERY_EVALUATION_ERROR};
use crate::history::{EventId, EventKind, StateType};
use crate::states::{Next, State, StateKind};

impl Machine {
    /// A state failed: a Retrier tries it again, a Catcher goes on elsewhere, or its thread ends.
    pub(crate) fn failed(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        fault: Fault,
        step: &mut Step<'_>,
    ) -> Flow {
        self.timers.set(id, thread, None);
        if fault.name() == QUERY_EVALUATION_ERROR && fault.location.is_some() {
            self.record_evaluation_failed(thread, state, &fault, step);
        }
        if let Some(delay) =
            crate::states::retry::decide(state, &mut thread.retries, &fault, &step.random)
        {
            self.drop_children(thread);
            let until = step.now.checked_add(delay).unwrap_or(jiff::Timestamp::MAX);
            self.wait_until(id, thread, Phase::Backoff, until, step.now);
            return Flow::Blocked;
        }
        self.record_children_failed(thread, state, &fault, step);
        let Some(catcher) = crate::states::catch::decide(state, &fault) else {
            return Flow::Ended(Ended::Failed(fault));
        };
        match catcher.run(&self.stage(thread, state, step), &fault) {
            Ok(handover) => {
                self.drop_children(thread);
                self.leave(thread, state, handover, Next::State(catcher.next), step)
            }
            Err(second) => {
                if second.location.is_some() {
                    self.record_evaluation_failed(thread, state, &second, step);
                }
                Flow::Ended(Ended::Failed(second))
            }
        }
    }

    fn record_evaluation_failed(
        &mut self,
        thread: &mut Thread,
        state: &State,
        fault: &Fault,
        step: &Step<'_>,
    ) {
        // Recorded as following what the state itself followed, while nothing came after its
        // entered event.
        let previous = if thread.previous == thread.entered.event {
            thread.entered.previous
        } else {
            thread.previous
        };
        thread.previous = self.record_after(
            thread,
            previous,
            step,
            EventKind::EvaluationFailed {
                fault: fault.clone(),
                state: state.name.clone(),
            },
        );
    }

    /// `ParallelStateFailed` and `MapStateFailed`. A fault of the state's own fields has none.
    fn record_children_failed(
        &mut self,
        thread: &mut Thread,
        state: &State,
        fault: &Fault,
        step: &Step<'_>,
    ) {
        let own_fault =
            matches!(thread.phase, Phase::Enter | Phase::Backoff) && fault.location.is_none();
        let kind = match &state.kind {
            StateKind::Parallel(_) if !own_fault => EventKind::ParallelStateFailed,
            StateKind::Map(_) if !own_fault => EventKind::MapStateFailed,
            _ => return,
        };
        thread.previous = self.record(thread, step, kind);
    }

    /// Cuts off a thread that was taken out: its tasks are cancelled, its children and it itself
    /// are halted. Events follow `previous`, the failure that is the reason.
    pub(crate) fn abort_thread(
        &mut self,
        id: ThreadId,
        mut thread: Thread,
        previous: EventId,
        step: &mut Step<'_>,
    ) {
        self.timers.set(id, &mut thread, None);
        for child in thread.running_children() {
            if let Some(taken) = self.threads.take(child) {
                self.abort_thread(child, taken, previous, step);
            }
        }
        if let Some(task) = thread.running_task() {
            let task = task.request.task;
            self.tasks.remove(&task);
            step.commands.push(Command::CancelTask { task });
        }
        if matches!(&thread.phase, Phase::Map(run) if run.map_run.is_some()) {
            self.record_after(&thread, previous, step, EventKind::MapRunAborted);
        }
        if let Some(state) = step.definition.state(thread.state) {
            self.record_aborted(&thread, state.state_type(), previous, step);
        }
        thread.halt();
        self.threads.put_back(id, thread);
    }

    /// `TaskStateAborted` and the like. States that end at once are never cut off.
    pub(crate) fn record_aborted(
        &mut self,
        thread: &Thread,
        state_type: StateType,
        previous: EventId,
        step: &Step<'_>,
    ) {
        let can_be_cut_off = matches!(
            state_type,
            StateType::Task | StateType::Wait | StateType::Parallel | StateType::Map
        );
        let is_in_it = !matches!(thread.phase, Phase::Enter) && thread.entered.event != 0;
        if can_be_cut_off && is_in_it {
            self.record_after(thread, previous, step, EventKind::StateAborted(state_type));
        }
    }
}
