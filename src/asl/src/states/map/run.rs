//! A Map state at work: starting iterations, taking their results, ending.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::child_execution::{ChildExecution, EndedChild};
use super::results::Results;
use super::tolerance::Tolerance;
use super::{Map, MapRunArn};
use crate::errors::{EXCEED_TOLERATED_FAILURE_THRESHOLD, Fault};
use crate::history::{EventId, EventKind};
use crate::machine::thread::{Ended, MapItem, Parent, Phase, RunningTask, Thread, ThreadId};
use crate::machine::{Flow, Machine, Step};
use crate::query::Variables;
use crate::states::{State, StateKind};
use crate::value::{Array, Value};

/// How many iterations run at once where the definition sets no limit, as on AWS.
const INLINE_CONCURRENCY: usize = 40;

/// The same for the children of a distributed Map.
const DISTRIBUTED_CONCURRENCY: usize = 1_000;

/// A Map state whose items are read, processed or written.
#[derive(Debug, Default)]
pub(crate) struct MapRun {
    /// The effective input, against which `ItemSelector` is evaluated.
    pub input: Value,
    /// The items, or the batches of a distributed Map.
    pub items: Array,
    /// Whether the items are batches: they were selected when they were put together.
    pub batched: bool,
    /// Results by item.
    pub results: Results,
    /// The next item to start.
    pub next: u64,
    /// Items in progress.
    pub running: BTreeMap<u64, ThreadId>,
    /// Items that failed or were cut off.
    pub halted: BTreeMap<u64, ThreadId>,
    /// Items that are to be redriven as soon as there is room for them.
    pub redriving: BTreeMap<u64, ThreadId>,
    /// How many may be in progress; 0 is no limit.
    pub max_concurrency: u64,
    /// Items that failed and were tolerated.
    pub failed: Vec<u64>,
    /// How many may fail.
    pub tolerance: Tolerance,
    /// The Map Run of a distributed Map.
    pub map_run: Option<MapRunArn>,
    /// How often that was redriven.
    pub redrive_count: u64,
    /// The item reader or result writer that is out.
    pub pending: Option<RunningTask>,
    /// Whether all items were processed and only the result writer is out.
    pub writing: bool,
}

impl MapRun {
    /// The item reader or result writer that is out.
    pub fn task(&self) -> Option<&RunningTask> {
        self.pending.as_ref()
    }

    fn capacity(&self) -> usize {
        match (self.max_concurrency, &self.map_run) {
            (0, None) => INLINE_CONCURRENCY,
            (0, Some(_)) => DISTRIBUTED_CONCURRENCY,
            (limit, _) => usize::try_from(limit).unwrap_or(usize::MAX),
        }
    }

    fn next_item(&mut self) -> Option<MapItem> {
        if self.running.len() >= self.capacity() {
            return None;
        }
        let index = self.next;
        let value = self
            .items
            .items()
            .get(usize::try_from(index).ok()?)?
            .clone();
        self.next += 1;
        Some(MapItem { index, value })
    }

    /// What a result writer keeps of a child execution.
    fn keep(&self, map: &Map, child: &Thread, ended: &Ended, step: &Step<'_>) -> Option<Value> {
        let child = EndedChild {
            execution: child.execution.as_deref()?,
            map_run: self.map_run.as_ref()?,
            stopped: step.now,
        };
        Some(
            map.result_writer
                .as_ref()?
                .keep(&child, ended, &step.random),
        )
    }

    fn is_over(&self) -> bool {
        self.running.is_empty()
            && self.redriving.is_empty()
            && usize::try_from(self.next).is_ok_and(|n| n >= self.results.len())
    }

    /// Halts it; false if there is nothing of it to go on with, and the state is to begin again.
    pub fn halt(&mut self) -> bool {
        let reading = self.pending.take().is_some() && !self.writing;
        let left = self.writing || !self.is_over() || !self.halted.is_empty();
        self.halted.append(&mut self.running);
        self.halted.append(&mut self.redriving);
        left && !reading
    }

    /// Whether nothing goes on in it: it waits for a redrive.
    pub fn is_halted(&self) -> bool {
        let goes_on =
            !self.running.is_empty() || !self.redriving.is_empty() || self.task().is_some();
        !goes_on && !self.halted.is_empty()
    }

    /// How many items ended, in whatever way, and are not to be processed again.
    pub fn ended(&self) -> u64 {
        let begun = self.running.len() + self.redriving.len();
        self.next.saturating_sub(begun as u64)
    }

    /// What was halted is to be redriven. Gives the Map Run of a distributed Map, and how often
    /// that was redriven.
    pub fn redrive(&mut self) -> Option<(MapRunArn, u64)> {
        self.redriving.append(&mut self.halted);
        self.failed.clear();
        self.writing = false;
        self.redrive_count += 1;
        Some((self.map_run.clone()?, self.redrive_count))
    }

    /// The next item to be redriven, if there is room for it.
    pub fn next_redriven(&mut self) -> Option<ThreadId> {
        if self.running.len() >= self.capacity() {
            return None;
        }
        let (index, id) = self.redriving.pop_first()?;
        self.running.insert(index, id);
        Some(id)
    }

    fn tolerates_its_failures(&self) -> bool {
        let (failed, of) = (self.failed.len() as u64, self.results.len() as u64);
        self.tolerance.allows(failed, of)
    }
}

impl Thread {
    /// An item that was taken to be processed was not begun.
    fn return_item(&mut self, index: u64) {
        if let Phase::Map(run) = &mut self.phase {
            run.next = index;
        }
    }
}

impl Machine {
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
            let item = Arc::new(item);
            let input = match run.batched {
                true => Ok(item.value.clone()),
                false => self.select_item(thread, state, map, &item, step),
            };
            let input = input.and_then(|input| {
                let stage = self.stage(thread, state, step);
                stage.check_size(&input, &state.name)?;
                Ok(input)
            });
            let input = input.inspect_err(|_| thread.return_item(item.index))?;
            let mut child = Self::child(thread, id, item.index, map.processor, input);
            if map.distributed {
                child.unrecorded = true;
                child.variables = Variables::default();
                child.execution = map.result_writer.as_ref().map(|_| {
                    Arc::new(ChildExecution {
                        started: step.now,
                        input: child.input.clone(),
                    })
                });
            }
            child.previous = self.record(
                &child,
                step,
                EventKind::MapIterationStarted {
                    name: state.name.clone(),
                    index: item.index,
                },
            );
            let index = item.index;
            child.item = Some(item);
            let child = self.spawn(child);
            if let Phase::Map(run) = &mut thread.phase {
                run.running.insert(index, child);
            }
        }
        match &thread.phase {
            Phase::Map(run) if run.is_over() => {
                Ok(self.items_succeeded(id, thread, state, map, step))
            }
            _ => Ok(Flow::Blocked),
        }
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
        let kept = run.keep(map, child, &ended, step);
        if let Ended::Failed(_) = ended {
            run.halted.insert(parent.index, child_id);
        }
        let result = match ended {
            Ended::Succeeded(output) => Ok(output),
            Ended::Failed(fault) if map.distributed => {
                run.failed.push(parent.index);
                match run.tolerates_its_failures() {
                    true => Ok(fault.to_output()),
                    false => Err(Fault::new(
                        EXCEED_TOLERATED_FAILURE_THRESHOLD,
                        "The specified tolerated failure threshold was exceeded",
                    )),
                }
            }
            Ended::Failed(fault) => Err(fault),
        };
        match result {
            Ok(output) => {
                run.results.set(parent.index, kept.unwrap_or(output));
                self.iteration_succeeded(parent, thread, child, state, map, step)
            }
            Err(fault) => {
                self.record_iteration_failed(parent, thread, child, state, step);
                self.map_failed(parent.thread, thread, state, fault, child.previous, step)
            }
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
        self.drop_children(thread);
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
