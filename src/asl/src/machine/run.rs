//! Running threads: entering states, leaving them, and what a thread's end means.

use std::sync::Arc;

use jiff::Timestamp;

use super::Machine;
use super::stage::Stage;
use super::step::Step;
use super::thread::{Ended, Entered, Phase, Retries, Thread, ThreadId};
use crate::errors::{Fault, RUNTIME};
use crate::history::EventKind;
use crate::states::data_flow::Handover;
use crate::states::{Next, State, StateKind};

/// Entering a state with a payload of so many bytes is as much work as entering another one: all
/// events of a step are in memory until they are stored, and a loop over a large payload would
/// exhaust it.
const PAYLOAD_BYTES_PER_STATE: usize = 2048;

/// What can be run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A thread.
    Run(ThreadId),
    /// A task was handed over: its started event is due. AWS records it after the scheduled
    /// events of everything that began at the same time.
    TaskStarted(ThreadId),
}

/// Where a thread is after some work.
#[derive(Debug)]
pub(crate) enum Flow {
    /// In another state, or about to begin its state's work again: go on.
    Moved,
    /// It waits for something outside, or for its children.
    Blocked,
    /// At its end.
    Ended(Ended),
}

impl Machine {
    /// Runs until every thread waits or the step's budget is used up.
    pub(super) fn run(&mut self, step: &mut Step<'_>) {
        while self.outcome.is_none()
            && let Some(work) = self.ready.pop_front()
        {
            match work {
                Work::Run(id) => self.run_thread(id, step),
                Work::TaskStarted(id) => self.task_started(id, step),
            }
            if self.has_full_history() {
                self.fail_with_full_history(step);
            }
            if step.is_used_up() {
                return;
            }
        }
    }

    fn run_thread(&mut self, id: ThreadId, step: &mut Step<'_>) {
        let Some(mut thread) = self.threads.take(id) else {
            return;
        };
        loop {
            let flow = self.advance(id, &mut thread, step);
            match flow {
                Flow::Moved if !step.is_used_up() && !self.has_full_history() => {}
                Flow::Moved => {
                    self.threads.put_back(id, thread);
                    self.ready.push_front(Work::Run(id));
                    return;
                }
                Flow::Blocked => {
                    self.threads.put_back(id, thread);
                    return;
                }
                Flow::Ended(ended) => {
                    self.thread_ended(id, thread, ended, step);
                    return;
                }
            }
            if self.outcome.is_some() {
                return;
            }
        }
    }

    fn advance(&mut self, id: ThreadId, thread: &mut Thread, step: &mut Step<'_>) -> Flow {
        let Some(state) = step.definition.state(thread.state) else {
            let fault = Fault::new(RUNTIME, "The state does not exist.");
            return Flow::Ended(Ended::Failed(fault));
        };
        match thread.phase {
            Phase::Enter => {
                self.enter(thread, state, step);
                self.begin(id, thread, state, step)
            }
            // Its place may have been another thread's, which was to run when it was cut off.
            Phase::Backoff | Phase::Wait if thread.timer.is_some() => Flow::Blocked,
            Phase::Backoff => self.begin(id, thread, state, step),
            Phase::Wait => self.wait_is_over(id, thread, state, step),
            Phase::Failed(_) => match std::mem::replace(&mut thread.phase, Phase::Backoff) {
                Phase::Failed(fault) => self.failed(id, thread, state, fault, step),
                _ => Flow::Blocked,
            },
            Phase::Map(_) if thread.running_task().is_none() => match &state.kind {
                StateKind::Map(map) => self.continue_map(id, thread, state, map, step),
                _ => Flow::Blocked,
            },
            Phase::Parallel(ref run) if run.is_over() => {
                self.branches_succeeded(id, thread, state, step)
            }
            Phase::Halted(_) | Phase::Task(_) | Phase::Parallel(_) | Phase::Map(_) => Flow::Blocked,
        }
    }

    fn enter(&mut self, thread: &mut Thread, state: &State, step: &mut Step<'_>) {
        let payload = thread.input.text_len() / PAYLOAD_BYTES_PER_STATE;
        step.spend(1 + payload);
        let previous = thread.previous;
        let event = self.record(
            thread,
            step,
            EventKind::StateEntered {
                state_type: state.state_type(),
                name: state.name.clone(),
                input: thread.input.clone(),
            },
        );
        thread.previous = event;
        thread.retries = Retries::default();
        thread.entered = Entered {
            event,
            previous,
            at: step.now,
        };
    }

    /// Does a state's work, for the first time or again after a Retrier's delay.
    fn begin(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        step: &mut Step<'_>,
    ) -> Flow {
        let result = match &state.kind {
            StateKind::Pass(pass) => pass
                .run(&self.stage(thread, state, step))
                .map(|handover| self.leave(thread, state, handover, pass.next, step)),
            StateKind::Choice(choice) => choice
                .run(&self.stage(thread, state, step))
                .map(|(handover, next)| self.leave(thread, state, handover, next, step)),
            StateKind::Succeed => crate::states::succeed::run(&self.stage(thread, state, step))
                .map(|handover| self.leave(thread, state, handover, Next::End, step)),
            StateKind::Fail(fail) => fail
                .run(&self.stage(thread, state, step))
                .map(|fault| Flow::Ended(Ended::Failed(fault))),
            StateKind::Wait(wait) => self.begin_wait(id, thread, state, wait, step),
            StateKind::Task(task) => self.begin_task(id, thread, state, task, step),
            StateKind::Parallel(parallel) => self.begin_parallel(id, thread, state, parallel, step),
            StateKind::Map(map) => self.begin_map(id, thread, state, map, step),
        };
        match result {
            Ok(flow) => flow,
            Err(fault) => self.failed(id, thread, state, fault, step),
        }
    }

    /// What the state's behaviour works with.
    pub(crate) fn stage<'a>(
        &'a self,
        thread: &'a Thread,
        state: &'a State,
        step: &'a Step<'_>,
    ) -> Stage<'a> {
        Stage {
            info: thread.execution.as_deref().unwrap_or(&self.info),
            limits: self.limits,
            stored_bytes: self.threads.stored_bytes(thread),
            redrives: self.redrives,
            state,
            thread,
            token: None,
            context: None,
            now: step.now,
            random: &step.random,
            query_deadline: step.query_deadline(),
        }
    }

    /// Leaves a state for the next, or ends the thread.
    pub(crate) fn leave(
        &mut self,
        thread: &mut Thread,
        state: &State,
        handover: Handover,
        next: Next,
        step: &Step<'_>,
    ) -> Flow {
        let Handover { output, assigned } = handover;
        let unassigned = assigned.as_ref().is_none_or(crate::value::Object::is_empty);
        if let (false, Some(assigned)) = (unassigned, &assigned) {
            self.threads.assign(thread, assigned);
        }
        thread.previous = self.record(
            thread,
            step,
            EventKind::StateExited {
                state_type: state.state_type(),
                name: state.name.clone(),
                output: output.clone(),
                assigned: assigned.filter(|_| !unassigned),
            },
        );
        thread.phase = Phase::Enter;
        match next {
            Next::State(index) => {
                thread.input = output;
                thread.state = index;
                Flow::Moved
            }
            Next::End => Flow::Ended(Ended::Succeeded(output)),
        }
    }

    /// A thread is over: tell what it belongs to.
    pub(super) fn thread_ended(
        &mut self,
        id: ThreadId,
        mut thread: Thread,
        ended: Ended,
        step: &mut Step<'_>,
    ) {
        let previous = thread.previous;
        if let (Ended::Failed(fault), Some(state)) = (&ended, step.definition.state(thread.state)) {
            self.halt_failed(&mut thread, state, fault);
        }
        // The child of a distributed Map is an execution of its own: its failure is one of those
        // that the Map tolerates or not.
        if let Ended::Failed(fault) = &ended
            && fault.name() == RUNTIME
            && !thread.unrecorded
        {
            self.threads.put_back(id, thread);
            self.fail_execution(fault.clone(), previous, step);
            return;
        }
        let Some(parent) = thread.parent else {
            match &ended {
                Ended::Succeeded(_) => self.threads.release(id, &thread),
                Ended::Failed(_) => self.threads.put_back(id, thread),
            }
            self.root_ended(ended, previous, step);
            return;
        };
        let Some(mut owner) = self.threads.take(parent.thread) else {
            self.threads.release(id, &thread);
            return;
        };
        // Which field failed is recorded where it failed, once.
        let ended = match ended {
            Ended::Failed(fault) => Ended::Failed(Fault {
                location: None,
                ..fault
            }),
            succeeded => succeeded,
        };
        let flow = match &owner.phase {
            Phase::Parallel(_) => self.branch_ended(parent, &mut owner, &thread, id, ended, step),
            Phase::Map(_) => self.iteration_ended(parent, &mut owner, &thread, id, ended, step),
            _ => Flow::Blocked,
        };
        match owner.keeps(parent.index) {
            true => self.threads.put_back(id, thread),
            false => {
                self.drop_children(&mut thread);
                self.threads.release(id, &thread);
            }
        }
        self.settle(parent.thread, owner, flow, step);
    }

    /// Puts a thread where its flow says it is, after work that was not its own run.
    pub(crate) fn settle(&mut self, id: ThreadId, thread: Thread, flow: Flow, step: &mut Step<'_>) {
        match flow {
            Flow::Moved => {
                self.threads.put_back(id, thread);
                self.ready.push_front(Work::Run(id));
            }
            Flow::Blocked => self.threads.put_back(id, thread),
            Flow::Ended(ended) => self.thread_ended(id, thread, ended, step),
        }
    }

    /// Ends a state well from outside its thread's own run: its output is made and handed over.
    pub(crate) fn complete(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        handover: Result<Handover, Fault>,
        next: Next,
        step: &mut Step<'_>,
    ) -> Flow {
        let Some(state) = step.definition.state(thread.state) else {
            return Flow::Blocked;
        };
        match handover {
            Ok(handover) => self.leave(thread, state, handover, next, step),
            Err(fault) => self.failed(id, thread, state, fault, step),
        }
    }

    /// Lets a thread wait until an instant; an instant that is past does not wait.
    pub(crate) fn wait_until(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        phase: Phase,
        until: Timestamp,
        now: Timestamp,
    ) {
        thread.phase = phase;
        if until <= now {
            self.ready.push_back(Work::Run(id));
        } else {
            self.timers.set(id, thread, Some(until));
        }
    }

    /// A new thread that belongs to `owner`.
    pub(crate) fn child(
        owner: &Thread,
        owner_id: ThreadId,
        index: u64,
        state: crate::states::StateIndex,
        input: crate::value::Value,
    ) -> Thread {
        let variables = if owner.variables.is_empty() {
            crate::query::Variables::default()
        } else {
            crate::query::Variables::inside(Arc::new(owner.variables.clone()))
        };
        Thread {
            parent: Some(super::thread::Parent {
                thread: owner_id,
                index,
            }),
            state,
            input,
            variables,
            item: owner.item.clone(),
            previous: owner.previous,
            entered: Entered::default(),
            retries: Retries::default(),
            execution: owner.execution.clone(),
            unrecorded: owner.unrecorded,
            phase: Phase::Enter,
            timer: None,
        }
    }
}
