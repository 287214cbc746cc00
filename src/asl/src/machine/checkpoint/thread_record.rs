//! The shape of a thread in a checkpoint.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::phase_record::PhaseRecord;
use super::table::{Reader, Slot, Writer};
use crate::machine::ExecutionInfo;
use crate::machine::thread::{Entered, MapItem, Parent, Retries, Thread, ThreadId};
use crate::query::Variables;
use crate::states::StateIndex;
use crate::value::Value;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ThreadRecord {
    pub id: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<(u32, u64)>,
    pub state: String,
    input: Slot,
    /// Scopes from the innermost outwards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    variables: Vec<Slot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<(u64, Slot)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item_key: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item_source: Option<Arc<str>>,
    previous: u64,
    entered: (u64, u64, Timestamp),
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    retries: Vec<u64>,
    #[serde(default)]
    retry_count: u64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unrecorded: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    execution: Option<(Timestamp, Slot)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    execution_id: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    timer: Option<Timestamp>,
    phase: PhaseRecord,
}

impl ThreadRecord {
    pub fn write(id: ThreadId, thread: &Thread, state: &str, values: &mut Writer<'_>) -> Self {
        let mut variables = Vec::new();
        let mut scope = Some(&thread.variables);
        while let Some(variables_of) = scope.filter(|scope| !scope.is_empty()) {
            variables.push(values.slot(&Value::Object(variables_of.own().clone())));
            scope = variables_of.outer().map(|outer| &**outer);
        }
        let item = thread.item.as_deref();
        Self {
            id: id.0,
            parent: thread.parent.map(|parent| (parent.thread.0, parent.index)),
            state: state.to_owned(),
            input: values.slot(&thread.input),
            variables,
            item: item.map(|item| (item.index, values.slot(&item.value))),
            item_key: item.and_then(|item| item.key.clone()),
            item_source: item.and_then(|item| item.source.clone()),
            previous: thread.previous,
            entered: (
                thread.entered.event,
                thread.entered.previous,
                thread.entered.at,
            ),
            retries: thread.retries.by_retrier.clone(),
            retry_count: thread.retries.total,
            unrecorded: thread.unrecorded,
            execution: thread
                .execution
                .as_ref()
                .map(|execution| (execution.start_time, values.slot(&execution.input))),
            execution_id: thread
                .execution
                .as_ref()
                .map(|execution| execution.id.clone()),
            timer: thread.timer,
            phase: PhaseRecord::write(&thread.phase, values),
        }
    }

    /// The thread, of the execution `parent` or a child of it.
    pub fn read(
        self,
        state: StateIndex,
        parent: &ExecutionInfo,
        values: &Reader<'_>,
    ) -> Result<Thread, CheckpointError> {
        let variables = self.variables.into_iter().rev().fold(None, |outer, own| {
            let own = values.value(own).as_object().cloned().unwrap_or_default();
            Some(Arc::new(Variables::restored(own, outer)))
        });
        let (event, previous, at) = self.entered;
        Ok(Thread {
            parent: self.parent.map(|(thread, index)| Parent {
                thread: ThreadId(thread),
                index,
            }),
            state,
            input: values.value(self.input),
            variables: variables.map_or_else(Variables::default, Arc::unwrap_or_clone),
            item: self.item.map(|(index, value)| {
                Arc::new(MapItem {
                    index,
                    key: self.item_key,
                    value: values.value(value),
                    source: self.item_source,
                })
            }),
            previous: self.previous,
            entered: Entered {
                event,
                previous,
                at,
            },
            retries: Retries {
                by_retrier: self.retries,
                total: self.retry_count,
            },
            unrecorded: self.unrecorded,
            execution: self.execution.map(|(started, input)| {
                // One that an older version started has no name: it goes by its parent's.
                let id = self.execution_id.unwrap_or_else(|| parent.id.clone());
                Arc::new(parent.child(id, values.value(input), started))
            }),
            timer: self.timer,
            phase: self.phase.read(values)?,
        })
    }
}
