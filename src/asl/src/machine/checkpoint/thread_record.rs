//! The shape of a thread in a checkpoint.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::CheckpointError;
use super::phase_record::PhaseRecord;
use super::table::{Reader, Slot, Writer};
use crate::machine::thread::{Entered, MapItem, Parent, Retries, Thread, ThreadId};
use crate::query::Variables;
use crate::states::StateIndex;
use crate::states::map::ChildExecution;
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
                .map(|execution| (execution.started, values.slot(&execution.input))),
            timer: thread.timer,
            phase: PhaseRecord::write(&thread.phase, values),
        }
    }

    pub fn read(self, state: StateIndex, values: &Reader<'_>) -> Result<Thread, CheckpointError> {
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
                    value: values.value(value),
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
                Arc::new(ChildExecution {
                    started,
                    input: values.value(input),
                })
            }),
            timer: self.timer,
            phase: self.phase.read(values)?,
        })
    }
}
