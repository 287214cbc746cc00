//! The table of shared values, and the values that are sealed outside of checkpoints.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::value::Value;

/// From this many bytes of JSON text on a value is sealed: written once, beside the checkpoints
/// that refer to it, and not again with each of them.
pub(crate) const SEAL_FROM: usize = 8 * 1024;

/// A value that checkpoints refer to by number.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// Its number, never used again within its execution.
    pub id: u64,
    /// The value.
    pub value: Value,
}

/// A value's place in the record: in the table, sealed, or small and written in place.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum Slot {
    /// An entry of the table.
    #[serde(rename = "r")]
    Shared(u32),
    /// A sealed value.
    #[serde(rename = "s")]
    Sealed(u64),
    /// The value itself.
    #[serde(rename = "v")]
    Inline(Value),
}

/// The sealed values that the execution still uses.
#[derive(Debug, Default)]
pub(crate) struct Vault {
    last: u64,
    // The values are kept so that their addresses stay theirs.
    by_address: HashMap<usize, Sealed>,
}

impl Vault {
    /// Continues with what a checkpoint referred to.
    pub fn restored(last: u64, sealed: &HashMap<u64, Value>) -> Self {
        let entries = sealed.iter().filter_map(|(id, value)| {
            let value = value.clone();
            Some((address(&value)?, Sealed { id: *id, value }))
        });
        Self {
            last,
            by_address: entries.collect(),
        }
    }

    /// The last number given.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Seals what is large among the values in use, forgets what is no longer in use, and gives
    /// what is new.
    pub fn renew(&mut self, in_use: Vec<Value>) -> Vec<Sealed> {
        let mut used = HashSet::new();
        let mut new = Vec::new();
        for value in in_use {
            let Some(address) = address(&value) else {
                continue;
            };
            if !used.insert(address) || self.by_address.contains_key(&address) {
                continue;
            }
            self.last += 1;
            let sealed = Sealed {
                id: self.last,
                value,
            };
            new.push(sealed.clone());
            self.by_address.insert(address, sealed);
        }
        self.by_address.retain(|address, _| used.contains(address));
        new
    }
}

fn address(value: &Value) -> Option<usize> {
    match value {
        Value::Array(array) => Some(array.address()),
        Value::Object(object) => Some(object.address()),
        Value::String(text) => Some(Arc::as_ptr(text).cast::<u8>() as usize),
        _ => None,
    }
}

/// Collects values; the same array or object is entered once.
#[derive(Debug)]
pub(super) struct Writer<'v> {
    vault: &'v Vault,
    values: Vec<Value>,
    by_address: HashMap<usize, u32>,
    large: Vec<Value>,
}

impl<'v> Writer<'v> {
    /// A table beside sealed values.
    pub fn new(vault: &'v Vault) -> Self {
        Self {
            vault,
            values: Vec::new(),
            by_address: HashMap::new(),
            large: Vec::new(),
        }
    }

    /// Enters a value.
    pub fn slot(&mut self, value: &Value) -> Slot {
        let Some(address) = address(value) else {
            return Slot::Inline(value.clone());
        };
        if value.text_len() >= SEAL_FROM {
            self.large.push(value.clone());
            if let Some(sealed) = self.vault.by_address.get(&address) {
                return Slot::Sealed(sealed.id);
            }
        }
        if let Value::String(_) = value {
            return Slot::Inline(value.clone());
        }
        let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        let at = *self.by_address.entry(address).or_insert(next);
        if at == next {
            self.values.push(value.clone());
        }
        Slot::Shared(at)
    }

    /// The numbers of the sealed values that were referred to, in order.
    pub fn refers(&self) -> Vec<u64> {
        let ids = self.large.iter().filter_map(address);
        let ids = ids.filter_map(|address| self.vault.by_address.get(&address));
        ids.map(|sealed| sealed.id)
            .collect::<BTreeSet<u64>>()
            .into_iter()
            .collect()
    }

    /// The table.
    pub fn finish(self) -> Vec<Value> {
        self.values
    }

    /// The values that are large enough to be sealed.
    pub fn large(self) -> Vec<Value> {
        self.large
    }
}

/// The table, to read from.
#[derive(Debug)]
pub(super) struct Reader<'s> {
    values: Vec<Value>,
    sealed: &'s HashMap<u64, Value>,
}

impl<'s> Reader<'s> {
    /// A table that was read, and the sealed values beside it.
    pub fn new(values: Vec<Value>, sealed: &'s HashMap<u64, Value>) -> Self {
        Self { values, sealed }
    }

    /// The value at a slot; `null` for one that a damaged record names.
    pub fn value(&self, slot: Slot) -> Value {
        match slot {
            Slot::Inline(value) => value,
            Slot::Shared(at) => self.values.get(at as usize).cloned().unwrap_or_default(),
            Slot::Sealed(id) => self.sealed.get(&id).cloned().unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SEAL_FROM, Slot, Vault, Writer};
    use crate::value::Value;

    #[test]
    fn a_large_value_is_sealed_once_and_referred_to_while_it_is_used() {
        let large = Value::from(vec![Value::from("x".repeat(SEAL_FROM))]);
        let mut vault = Vault::default();
        let new = vault.renew(vec![large.clone(), large.clone()]);
        assert_eq!(new.len(), 1);
        assert_eq!(vault.renew(vec![large.clone()]), Vec::new());
        let slot = Writer::new(&vault).slot(&large);
        assert!(matches!(slot, Slot::Sealed(1)));
        assert_eq!(vault.renew(Vec::new()), Vec::new());
        assert!(vault.by_address.is_empty());
        assert_eq!(
            vault.renew(vec![large]).first().map(|sealed| sealed.id),
            Some(2)
        );
    }
}
