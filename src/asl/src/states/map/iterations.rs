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
        if let Some(run) = self.map_run_mut() {
            run.next = index;
        }
    }

    /// An item that was taken to be redriven was not begun: it is as before its first time.
    fn return_redriven(&mut self, index: u64) {
        if let Some(run) = self.map_run_mut() {
            run.parked.set(index, Value::Null);
        }
    }
}

impl Machine {
    /// Goes on with a Map state: with the items that are to be selected for batches, or with those
    /// that are redriven, then with those that were never begun.
    pub(crate) fn continue_map(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Flow {
        let selecting = thread.map_run().is_some_and(|run| run.selected.is_some());
        let flow = match &map.item_batcher {
            Some(batcher) if selecting => self.select_items(id, thread, state, map, batcher, step),
            _ => self.continue_iterations(id, thread, state, map, step),
        };
        match flow {
            Ok(flow) => flow,
            Err(fault) => self.map_failed(id, thread, state, fault, thread.previous, step),
        }
    }

    fn continue_iterations(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        while let Some(redriven) = thread.map_run_mut().and_then(MapRun::next_redriven) {
            self.redrive_iteration(id, thread, state, map, redriven, step)?;
            step.spend(1);
            if step.is_used_up() {
                return Ok(Flow::Moved);
            }
        }
        self.start_iterations(id, thread, state, map, step)
    }

    fn redrive_iteration(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        redriven: Redriven,
        step: &mut Step<'_>,
    ) -> Result<(), Fault> {
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
        let Some(run) = thread.map_run_mut() else {
            return Ok(());
        };
        if let Some(child) = child {
            run.running.insert(index, child);
            self.redrive_thread(child, step);
            return Ok(());
        }
        let Some(item) = run.item(index) else {
            return Ok(());
        };
        let begun = self.start_iteration(id, thread, state, map, item, step);
        begun.inspect_err(|_| thread.return_redriven(index))
    }

    /// Starts as many iterations as may run, or as many of them as fit into this step.
    pub(crate) fn start_iterations(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        map: &Map,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        while let Some(item) = thread.map_run_mut().and_then(MapRun::next_item) {
            let index = item.index;
            let begun = self.start_iteration(id, thread, state, map, item, step);
            begun.inspect_err(|_| thread.return_item(index))?;
            step.spend(1);
            if step.is_used_up() {
                return Ok(Flow::Moved);
            }
        }
        match thread.map_run() {
            Some(run) if run.is_over() => Ok(self.items_succeeded(id, thread, state, map, step)),
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
        let input = match thread.map_run() {
            Some(run) if run.batched => item.value.clone(),
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
        if let Some(run) = thread.map_run_mut() {
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
        let (parent, input) = (self.info(), input.clone());
        let map_run = thread.map_run()?.map_run.as_ref()?;
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
        let over = thread.map_run().is_some_and(MapRun::is_over);
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
        let Some(run) = thread.map_run_mut() else {
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
        if thread.map_run().is_some_and(|run| run.map_run.is_some()) {
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
        let Some(run) = thread.map_run() else {
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
