//! Threads that are put away: a halted thread and all that belongs to it as one value.
//!
//! It is written once, like the results of a Map: many threads that only a redrive has go on
//! would else be written with every checkpoint.

use std::collections::{BTreeMap, HashMap};

use super::table::{Reader, Vault, Writer};
use super::thread_record::ThreadRecord;
use crate::machine::Machine;
use crate::machine::thread::{Parent, Thread, ThreadId};
use crate::value::Value;

impl Machine {
    /// Puts a halted thread away. The value has the threads' records as text, and beside it the
    /// values that they refer to, which stay shared with those of other threads.
    pub(crate) fn park(&self, id: ThreadId, thread: &Thread) -> Value {
        let vault = Vault::default();
        let mut values = Writer::new(&vault);
        let mut records = Vec::new();
        self.write_tree(id, thread, &mut values, &mut records);
        // As in a checkpoint, there is nothing to fail on.
        let records = serde_json::to_string(&records).unwrap_or_default();
        Value::from(vec![Value::from(records), Value::from(values.finish())])
    }

    fn write_tree(
        &self,
        id: ThreadId,
        thread: &Thread,
        values: &mut Writer<'_>,
        records: &mut Vec<ThreadRecord>,
    ) {
        if let Some(state) = self.definition.state(thread.state) {
            records.push(ThreadRecord::write(id, thread, &state.name, values));
        }
        for child in thread.halted_children() {
            if let Some(thread) = self.threads.get(child) {
                self.write_tree(child, thread, values, records);
            }
        }
    }

    /// Brings a thread back as the branch or item of another; `None` where there is nothing that
    /// could be brought back.
    pub(crate) fn unpark(&mut self, parked: &Value, parent: Parent) -> Option<ThreadId> {
        let [Value::String(records), Value::Array(values)] = parked.as_array()? else {
            return None;
        };
        let records: Vec<ThreadRecord> = serde_json::from_str(records).ok()?;
        let sealed = HashMap::new();
        let values = Reader::new(values.items().to_vec(), &sealed);
        let mut places = BTreeMap::new();
        let mut ids = Vec::new();
        for record in records {
            let was = ThreadId(record.id);
            let state = *self.definition.by_name.get(record.state.as_str())?;
            let mut thread = record.read(state, &self.info, &values).ok()?;
            // What a thread belongs to comes before it; only the first belongs to none of these.
            thread.parent = thread
                .parent
                .map(|within| match places.get(&within.thread) {
                    Some(thread) => Parent {
                        thread: *thread,
                        ..within
                    },
                    None => parent,
                });
            let id = self.threads.insert(thread);
            places.insert(was, id);
            ids.push(id);
        }
        for id in &ids {
            if let Some(thread) = self.threads.get_mut(*id) {
                thread.renumber_children(&places);
            }
        }
        ids.first().copied()
    }
}
