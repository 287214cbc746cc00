//! A Map state at work: starting iterations, taking their results, ending.

use std::sync::Arc;

use super::Map;
use super::run::{MapRun, Redriven};
use crate::errors::Fault;
use crate::history::{EventId, EventKind};
use crate::machine::thread::{Ended, MapItem, Parent, Phase, Thread, ThreadId};
use crate::machine::{ExecutionInfo, Flow, Machine, Step};
use crate::query::Variables;
use crate::states::{State, StateKind};
use crate::value::Value;

impl Thread {
    /// An item that was taken to be processed was not begun.
    fn return_item(&mut self, index: u64) {
        if let Phase::Map(run) = &mut self.phase {
            run.next = index;
        }
    }

    /// An item that was taken to be redriven was not begun: it is as before its first time.
    fn return_redriven(&mut self, index: u64) {
        if let Phase::Map(run) = &mut self.phase {
            run.parked.set(index, Value::Null);
        }
    }
}

impl Machine {
    /// Goes on with a Map state: with the items that are redriven, then with those that were never
    /// begun.
    pub(crate) fn continue_map(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Flow {
        let redriven = self.redrive_iterations(id, thread, state, map, step);
        match redriven.and_then(|()| self.start_iterations(id, thread, state, map, step)) {
            Ok(flow) => flow,
            Err(fault) => self.map_failed(id, thread, state, fault, thread.previous, step),
        }
    }

    fn redrive_iterations(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Result<(), Fault> {
        while let Phase::Map(run) = &mut thread.phase
            && let Some(redriven) = run.next_redriven()
        {
            let (index, child) = match redriven {
                Redriven::Halted(index, child) if map.express => {
                    self.drop_thread(child);
                    (index, None)
                }
                Redriven::Halted(index, child) => (index, Some(child)),
                Redriven::Parked(index, parked) => {
                    (index, self.unpark(&parked, Parent { thread: id, index }))
                }
            };
            if let Some(child) = child {
                run.running.insert(index, child);
                self.redrive_thread(child, step);
                continue;
            }
            let Some(item) = run.item(index) else {
                continue;
            };
            let begun = self.start_iteration(id, thread, state, map, item, step);
            begun.inspect_err(|_| thread.return_redriven(index))?;
        }
        Ok(())
    }

    /// Starts as many iterations as may run.
    pub(crate) fn start_iterations(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        while let Phase::Map(run) = &mut thread.phase
            && let Some(item) = run.next_item()
        {
            let index = item.index;
            let begun = self.start_iteration(id, thread, state, map, item, step);
            begun.inspect_err(|_| thread.return_item(index))?;
        }
        match &thread.phase {
            Phase::Map(run) if run.is_over() => {
                Ok(self.items_succeeded(id, thread, state, map, step))
            }
            _ => Ok(Flow::Blocked),
        }
    }

    /// Starts an iteration from its first state.
    pub(super) fn start_iteration(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        item: MapItem,
        step: &mut Step<'_>,
    ) -> Result<(), Fault> {
        let item = Arc::new(item);
        let input = match &thread.phase {
            Phase::Map(run) if run.batched => item.value.clone(),
            _ => self.select_item(thread, state, map, &item, step)?,
        };
        self.stage(thread, state, step)
            .check_size(&input, &state.name)?;
        let index = item.index;
        let mut child = Self::child(thread, id, index, map.processor, input);
        if map.distributed {
            child.unrecorded = true;
            child.variables = Variables::default();
            child.execution = self.child_execution(thread, map, &child.input, step);
        }
        child.previous = self.record(
            &child,
            step,
            EventKind::MapIterationStarted {
                name: state.name.clone(),
                index,
            },
        );
        child.item = Some(item);
        let child = self.spawn(child);
        if let Phase::Map(run) = &mut thread.phase {
            run.running.insert(index, child);
        }
        Ok(())
    }

    fn child_execution(
        &self,
        thread: &Thread,
        map: &Map,
        input: &Value,
        step: &Step<'_>,
    ) -> Option<Arc<ExecutionInfo>> {
        let Phase::Map(run) = &thread.phase else {
            return None;
        };
        let (parent, input) = (self.info(), input.clone());
        let map_run = run.map_run.as_ref()?;
        let child = map_run.child(parent, map.express, input, step.now, &step.random);
        Some(Arc::new(child))
    }

    /// An iteration ended: its place is free for the next, or the state is at its end.
    pub(crate) fn iteration_ended(
        &mut self,
        parent: Parent,
        thread: &mut Thread,
        child: &Thread,
        child_id: ThreadId,
        ended: Ended,
        step: &mut Step<'_>,
    ) -> Flow {
        let Some(state) = step.definition.state(thread.state) else {
            return Flow::Blocked;
        };
        let (Phase::Map(run), StateKind::Map(map)) = (&mut thread.phase, &state.kind) else {
            return Flow::Blocked;
        };
        run.running.remove(&parent.index);
        let kept = MapRun::keep(map, child, &ended, step);
        let failed = matches!(ended, Ended::Failed(_));
        let result = match ended {
            Ended::Succeeded(output) => Ok(output),
            Ended::Failed(fault) if map.distributed => run.tolerate(&fault),
            Ended::Failed(fault) => Err(fault),
        };
        match result {
            Ok(output) => {
                run.results.set(parent.index, kept.unwrap_or(output));
                if failed {
                    run.parked
                        .set(parent.index, self.put_away(map, child_id, child));
                }
                self.iteration_succeeded(parent, thread, child, state, map, step)
            }
            Err(fault) => {
                run.halted.insert(parent.index, child_id);
                self.record_iteration_failed(parent, thread, child, state, step);
                self.map_failed(parent.thread, thread, state, fault, child.previous, step)
            }
        }
    }

    /// What is kept of a child that failed and was tolerated. An Express one begins anew when it
    /// is redriven.
    fn put_away(&self, map: &Map, id: ThreadId, child: &Thread) -> Value {
        match map.express {
            true => Value::Null,
            false => self.park(id, child),
        }
    }

    fn iteration_succeeded(
        &mut self,
        parent: Parent,
        thread: &mut Thread,
        child: &Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Flow {
        let event = self.record(
            child,
            step,
            EventKind::MapIterationSucceeded {
                name: state.name.clone(),
                index: parent.index,
            },
        );
        // What follows an iteration follows its last state; only the state's own end follows
        // the event that the last iteration succeeded.
        let over = matches!(&thread.phase, Phase::Map(run) if run.is_over());
        if !map.distributed {
            thread.previous = if over { event } else { child.previous };
        }
        self.continue_map(parent.thread, thread, state, map, step)
    }

    fn record_iteration_failed(
        &mut self,
        parent: Parent,
        thread: &mut Thread,
        child: &Thread,
        state: &State,
        step: &Step<'_>,
    ) {
        self.record(
            child,
            step,
            EventKind::MapIterationFailed {
                name: state.name.clone(),
                index: parent.index,
            },
        );
        if !child.unrecorded {
            thread.previous = child.previous;
        }
        self.record_failed_state_aborted(child, step);
    }

    fn abort_iterations(
        &mut self,
        thread: &mut Thread,
        state: &State,
        previous: EventId,
        step: &mut Step<'_>,
    ) {
        let Phase::Map(run) = &mut thread.phase else {
            return;
        };
        let running = std::mem::take(&mut run.running);
        run.halted.extend(&running);
        for (index, id) in running {
            let Some(child) = self.take_thread(id) else {
                continue;
            };
            self.record_after(
                &child,
                previous,
                step,
                EventKind::MapIterationAborted {
                    name: state.name.clone(),
                    index,
                },
            );
            self.abort_thread(id, child, previous, step);
        }
    }

    /// The state fails: items in progress are cut off, after the event `previous`; a distributed
    /// Map's run is recorded as failed first.
    pub(crate) fn map_failed(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        fault: Fault,
        previous: EventId,
        step: &mut Step<'_>,
    ) -> Flow {
        self.abort_iterations(thread, state, previous, step);
        if matches!(&thread.phase, Phase::Map(run) if run.map_run.is_some()) {
            thread.previous = self.record(thread, step, EventKind::MapRunFailed(fault.clone()));
        }
        self.failed(id, thread, state, fault, step)
    }

    fn items_succeeded(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Flow {
        let Phase::Map(run) = &mut thread.phase else {
            return Flow::Blocked;
        };
        let results = run.results.values();
        match &map.result_writer {
            Some(writer) => {
                match self.begin_result_writer(id, thread, state, writer, results, step) {
                    Ok(flow) => flow,
                    Err(fault) => self.map_failed(id, thread, state, fault, thread.previous, step),
                }
            }
            None => self.map_succeeded(id, thread, state, map, results.into(), step),
        }
    }

    /// The state succeeds with its result.
    pub(crate) fn map_succeeded(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        result: Value,
        step: &mut Step<'_>,
    ) -> Flow {
        // The state's exit does not follow these events but what was before them.
        let before = match map.distributed {
            true => self.record(thread, step, EventKind::MapRunSucceeded),
            false => thread.previous,
        };
        self.record_after(thread, before, step, EventKind::MapStateSucceeded);
        let stage = self.stage(thread, state, step);
        let handover = state
            .data_flow
            .effective_input(&stage)
            .and_then(|input| state.data_flow.hand_over(&stage, &input, result));
        self.complete(id, thread, handover, map.next, step)
    }
}
