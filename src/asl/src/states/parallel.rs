//! The Parallel state: runs branches side by side.
//!
//! Source: States Language, "Parallel State".

use std::collections::BTreeMap;

use super::{Catcher, Next, Retrier, State, StateIndex, StateKind};
use crate::errors::Fault;
use crate::history::{EventKind, StateType};
use crate::machine::thread::{Ended, ParallelRun, Parent, Phase, Thread, ThreadId};
use crate::machine::{Flow, Machine, Step};
use crate::value::Value;

/// The fields of a Parallel state.
#[derive(Debug)]
pub struct Parallel {
    /// Where each of the `Branches` starts.
    pub branches: Vec<StateIndex>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`
    pub next: Next,
}

impl Machine {
    /// Starts the branches.
    pub(crate) fn begin_parallel(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        parallel: &Parallel,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let stage = self.stage(thread, state, step);
        let input = state.data_flow.effective_input(&stage)?;
        let argument = state.data_flow.arguments(&stage, &input)?;
        stage.check_size(&argument, &state.name)?;
        thread.previous = self.record(thread, step, EventKind::ParallelStateStarted);
        let mut run = ParallelRun {
            results: vec![None; parallel.branches.len()],
            ..ParallelRun::default()
        };
        for (index, start) in (0..).zip(&parallel.branches) {
            let branch = Self::child(thread, id, index, *start, argument.clone());
            run.running.insert(index, self.spawn(branch));
        }
        thread.phase = Phase::Parallel(Box::new(run));
        Ok(Flow::Blocked)
    }

    /// A branch ended: with the last of them the state succeeds, with a failed one it fails.
    pub(crate) fn branch_ended(
        &mut self,
        parent: Parent,
        thread: &mut Thread,
        branch: &Thread,
        branch_id: ThreadId,
        ended: Ended,
        step: &mut Step<'_>,
    ) -> Flow {
        let (Phase::Parallel(run), Some(state)) =
            (&mut thread.phase, step.definition.state(thread.state))
        else {
            return Flow::Blocked;
        };
        run.running.remove(&parent.index);
        thread.previous = branch.previous;
        match ended {
            Ended::Succeeded(output) => {
                if let Some(slot) = usize::try_from(parent.index)
                    .ok()
                    .and_then(|index| run.results.get_mut(index))
                {
                    *slot = Some(output);
                }
                match run.is_over() {
                    true => self.branches_succeeded(parent.thread, thread, state, step),
                    false => Flow::Blocked,
                }
            }
            Ended::Failed(fault) => {
                let running = std::mem::take(&mut run.running);
                run.halted.insert(parent.index, branch_id);
                run.halted.extend(&running);
                self.abort_branches(branch, running, step);
                self.failed(parent.thread, thread, state, fault, step)
            }
        }
    }

    /// All branches ended well: the state's output is made. They stay for as long as that may fail,
    /// so that a redrive need not run them again.
    pub(crate) fn branches_succeeded(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        step: &mut Step<'_>,
    ) -> Flow {
        let (Phase::Parallel(run), StateKind::Parallel(parallel)) = (&thread.phase, &state.kind)
        else {
            return Flow::Blocked;
        };
        let results: Vec<Value> = run.results.iter().flatten().cloned().collect();
        // Nothing follows this event: the state's exit, too, follows the last branch's end.
        self.record(thread, step, EventKind::ParallelStateSucceeded);
        let stage = self.stage(thread, state, step);
        let handover = state
            .data_flow
            .effective_input(&stage)
            .and_then(|input| state.data_flow.hand_over(&stage, &input, results.into()));
        self.complete(id, thread, handover, parallel.next, step)
    }

    /// Cuts the other branches off. The failed branch's own state counts as cut off too.
    fn abort_branches(
        &mut self,
        failed: &Thread,
        running: BTreeMap<u64, ThreadId>,
        step: &mut Step<'_>,
    ) {
        self.record_failed_state_aborted(failed, step);
        for id in running.into_values() {
            if let Some(branch) = self.take_thread(id) {
                self.abort_thread(id, branch, failed.previous, step);
            }
        }
    }

    /// The state in which a branch or item failed is recorded as aborted where its work was done
    /// outside, as that of a Task is.
    pub(crate) fn record_failed_state_aborted(&mut self, failed: &Thread, step: &Step<'_>) {
        let state_type = step.definition.state(failed.state).map(State::state_type);
        if state_type == Some(StateType::Task) {
            self.record_aborted(failed, StateType::Task, failed.previous, step);
        }
    }
}
