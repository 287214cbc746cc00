//! The table of shared values.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// A value's place in the record: in the table, or small and written in place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Slot {
    /// An entry of the table.
    #[serde(rename = "r")]
    Shared(u32),
    /// The value itself.
    #[serde(rename = "v")]
    Inline(Value),
}

/// Collects values; the same array or object is entered once.
#[derive(Debug, Default)]
pub(super) struct Writer {
    values: Vec<Value>,
    by_address: HashMap<usize, u32>,
}

impl Writer {
    /// Enters a value.
    pub fn slot(&mut self, value: &Value) -> Slot {
        let address = match value {
            Value::Array(array) => array.address(),
            Value::Object(object) => object.address(),
            _ => return Slot::Inline(value.clone()),
        };
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let at = *self.by_address.entry(address).or_insert(next);
        if at == next {
            self.values.push(value.clone());
        }
        Slot::Shared(at)
    }

    /// The table.
    pub fn finish(self) -> Vec<Value> {
        self.values
    }
}

/// The table, to read from.
#[derive(Debug)]
pub(super) struct Reader(Vec<Value>);

impl Reader {
    /// A table that was read.
    pub fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// The value at a slot; `null` for one that a damaged record names.
    pub fn value(&self, slot: Slot) -> Value {
        match slot {
            Slot::Inline(value) => value,
            Slot::Shared(at) => self.0.get(at as usize).cloned().unwrap_or_default(),
        }
    }
}
