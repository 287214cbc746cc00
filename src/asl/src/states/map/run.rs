//! What a Map state at work knows: its items, which of them run, and how the others ended.

use std::collections::BTreeMap;
use std::collections::btree_map::OccupiedEntry;
use std::sync::Arc;

use super::child_execution::EndedChild;
use super::results::Results;
use super::tolerance::Tolerance;
use super::{Map, MapRunArn};
use crate::errors::{EXCEED_TOLERATED_FAILURE_THRESHOLD, Fault};
use crate::machine::Step;
use crate::machine::thread::{Ended, MapItem, Phase, RunningTask, Thread, ThreadId};
use crate::value::{Array, Value};

/// How many iterations run at once where the definition sets no limit, as on AWS.
const INLINE_CONCURRENCY: usize = 40;

/// The same for the children of a distributed Map. On AWS it is 10,000; here every checkpoint tells
/// of all that run, and one of so many would be some megabytes, again and again. A definition that
/// asks for more gets it.
const DISTRIBUTED_CONCURRENCY: usize = 1_000;

/// A Map state whose items are read, processed or written.
#[derive(Debug, Default)]
pub(crate) struct MapRun {
    /// The effective input, against which `ItemSelector` is evaluated.
    pub input: Value,
    /// The items, or the batches of a distributed Map.
    pub items: Array,
    /// Whether the items are the members of an object.
    pub keyed: bool,
    /// Where the items of a distributed Map are from.
    pub source: Option<Arc<str>>,
    /// What became of the items that are to be put into batches, until all are selected.
    pub selected: Option<Results>,
    /// Whether the items are batches: they were selected when they were put together.
    pub batched: bool,
    /// Results by item.
    pub results: Results,
    /// The next item to start, or to select.
    pub next: u64,
    /// Items in progress.
    pub running: BTreeMap<u64, ThreadId>,
    /// Items that were cut off, and the one whose failure was not tolerated.
    pub halted: BTreeMap<u64, ThreadId>,
    /// Items that are to be redriven as soon as there is room for them.
    pub redriving: BTreeMap<u64, ThreadId>,
    /// Items whose failure was tolerated, each with what a redrive goes on with.
    pub parked: Results,
    /// What was parked when it was redriven.
    pub reviving: Results,
    /// Up to which item that was done.
    pub revived: u64,
    /// How many may be in progress; 0 is no limit.
    pub max_concurrency: u64,
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

impl Thread {
    /// The Map state at work that it is in.
    pub(super) fn map_run(&self) -> Option<&MapRun> {
        match &self.phase {
            Phase::Map(run) => Some(run),
            _ => None,
        }
    }

    /// The same, to change.
    pub(super) fn map_run_mut(&mut self) -> Option<&mut MapRun> {
        match &mut self.phase {
            Phase::Map(run) => Some(run),
            _ => None,
        }
    }
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

    fn has_room(&self) -> bool {
        self.running.len() < self.capacity()
    }

    /// The next item to be selected for a batch.
    pub(super) fn next_unselected(&self) -> Option<MapItem> {
        self.item(self.next).filter(|_| self.selected.is_some())
    }

    /// It is selected.
    pub(super) fn select(&mut self, value: Value) {
        if let Some(selected) = &mut self.selected {
            selected.set(self.next, value);
            self.next += 1;
        }
    }

    /// The items or batches are known: they are to be processed.
    pub(super) fn process(&mut self, items: Array) {
        let of = items.items().len();
        self.items = items;
        self.next = 0;
        self.results = Results::of(of);
        self.parked = Results::of(of);
    }

    /// Takes the next item that was never begun, if there is room for it.
    pub(super) fn next_item(&mut self) -> Option<MapItem> {
        let item = self.item(self.next).filter(|_| self.has_room())?;
        self.next += 1;
        Some(item)
    }

    /// An item.
    pub fn item(&self, index: u64) -> Option<MapItem> {
        let value = self.items.items().get(usize::try_from(index).ok()?)?;
        let (key, value) = match self.keyed {
            true => (
                value.get("Key").and_then(Value::as_str),
                value.get("Value")?,
            ),
            false => (None, value),
        };
        Some(MapItem {
            index,
            key: key.map(Into::into),
            value: value.clone(),
            source: self.source.clone(),
        })
    }

    /// What a result writer keeps of a child execution.
    pub(super) fn keep(map: &Map, child: &Thread, ended: &Ended, step: &Step<'_>) -> Option<Value> {
        let child = EndedChild {
            execution: child.execution.as_deref()?,
            stopped: step.now,
        };
        Some(map.result_writer.as_ref()?.keep(&child, ended))
    }

    /// Whether all items ended well, or were tolerated not to.
    pub(super) fn is_over(&self) -> bool {
        self.running.is_empty()
            && self.redriving.is_empty()
            && self.reviving.after(self.revived).next().is_none()
            && usize::try_from(self.next).is_ok_and(|n| n >= self.results.len())
    }

    /// Halts it; false if its items are not known, and the state is to begin again. One whose items
    /// are over has only its result to be made again.
    pub fn halt(&mut self) -> bool {
        let reading = self.pending.take().is_some() && !self.writing;
        let selecting = self.selected.take().is_some();
        self.halted.append(&mut self.running);
        self.halted.append(&mut self.redriving);
        !reading && !selecting && (self.writing || self.results.len() > 0)
    }

    /// Whether nothing goes on in it: it waits for a redrive.
    pub fn is_halted(&self) -> bool {
        self.running.is_empty()
            && self.redriving.is_empty()
            && self.selected.is_none()
            && self.task().is_none()
    }

    /// How many items ended, in whatever way, and are not to be processed again.
    pub fn ended(&self) -> u64 {
        if self.selected.is_some() {
            return 0;
        }
        let begun = self.running.len() + self.redriving.len();
        let parked = self.reviving.after(self.revived).count();
        self.next.saturating_sub((begun + parked) as u64)
    }

    /// What ended without success is to be redriven. Gives the Map Run of a distributed Map, and how
    /// often that was redriven.
    pub fn redrive(&mut self) -> Option<(MapRunArn, u64)> {
        self.redriving.append(&mut self.halted);
        for (index, parked) in self.reviving.after(self.revived) {
            self.parked.set(index, parked.clone());
        }
        self.reviving = std::mem::replace(&mut self.parked, Results::of(self.results.len()));
        self.revived = 0;
        self.writing = false;
        self.redrive_count += 1;
        Some((self.map_run.clone()?, self.redrive_count))
    }

    /// Takes the next item to be redriven, if there is room for it.
    pub(super) fn next_redriven(&mut self) -> Option<Redriven> {
        if !self.has_room() {
            return None;
        }
        let parked = self.next_parked();
        let halted = self.redriving.first_entry();
        let halted = halted.filter(|halted| {
            parked
                .as_ref()
                .is_none_or(|(index, _)| halted.key() < index)
        });
        if let Some((index, thread)) = halted.map(OccupiedEntry::remove_entry) {
            return Some(Redriven::Halted(index, thread));
        }
        let (index, parked) = parked?;
        self.revived = index + 1;
        Some(Redriven::Parked(index, parked))
    }

    /// The next item that was parked. What was looked through is not looked through again.
    fn next_parked(&mut self) -> Option<(u64, Value)> {
        let parked = self.reviving.after(self.revived).next();
        let parked = parked.map(|(index, parked)| (index, parked.clone()));
        self.revived = match &parked {
            Some((index, _)) => *index,
            None => self.reviving.len() as u64,
        };
        parked
    }

    /// The result of a child of a distributed Map that failed: what its failure is told as, while
    /// it is tolerated.
    pub(super) fn tolerate(&self, fault: &Fault) -> Result<Value, Fault> {
        let (failed, of) = (self.parked.count() + 1, self.results.len() as u64);
        match self.tolerance.allows(failed, of) {
            true => Ok(fault.to_output()),
            false => Err(Fault::new(
                EXCEED_TOLERATED_FAILURE_THRESHOLD,
                "The specified tolerated failure threshold was exceeded",
            )),
        }
    }
}

/// An item that is to be redriven.
pub(super) enum Redriven {
    /// Its thread was halted.
    Halted(u64, ThreadId),
    /// Its failure was tolerated, and its thread put away.
    Parked(u64, Value),
}

#[cfg(test)]
mod tests {
    use super::{MapRun, Results};
    use crate::value::Value;

    #[test]
    fn items_that_were_parked_are_looked_for_once() {
        let mut run = MapRun {
            results: Results::of(9),
            parked: Results::of(9),
            ..MapRun::default()
        };
        run.parked.set(2, Value::Null);
        run.parked.set(5, Value::Null);
        run.redrive();
        let mut looked_through = Vec::new();
        while run.next_redriven().is_some() {
            looked_through.push(run.revived);
        }
        assert_eq!((looked_through, run.revived), (vec![3, 6], 9));
        assert!(run.reviving.after(run.revived).next().is_none());
    }
}
