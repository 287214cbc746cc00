//! The results of a Map state's items, kept so that a checkpoint need not write finished ones
//! again and again.

use crate::machine::SEAL_FROM;
use crate::value::Value;

/// Results are put together to one value from this many bytes on; such a value is sealed.
const CHUNK_BYTES: usize = 32 * 1024;
/// So many results are put together as soon as that value is sealed: small results are written
/// with each checkpoint until then, and there is one for each of them.
const CHUNK_RESULTS: usize = 64;

/// Results by item.
#[derive(Debug, Default)]
pub(crate) struct Results {
    by_item: Vec<Option<Value>>,
    /// How many of them are there.
    count: u64,
    /// Finished results in lists of `[index, result]` that never change.
    chunks: Vec<Value>,
    /// Items whose results are in no chunk yet.
    fresh: Vec<u64>,
    fresh_bytes: usize,
}

impl Results {
    /// No results yet, of so many items.
    pub fn of(items: usize) -> Self {
        Self {
            by_item: vec![None; items],
            ..Self::default()
        }
    }

    /// Results as a checkpoint has them.
    pub fn restored(items: usize, chunks: Vec<Value>, fresh: Vec<(u64, Value)>) -> Self {
        let mut results = Self::of(items);
        for chunk in &chunks {
            for pair in chunk.as_array().unwrap_or_default() {
                if let Some([index, result]) = pair.as_array()
                    && let Some(index) = index.as_u64()
                {
                    results.put(index, result.clone());
                }
            }
        }
        results.chunks = chunks;
        for (index, result) in fresh {
            results.set(index, result);
        }
        results
    }

    /// Sets an item's result.
    #[allow(clippy::cast_possible_wrap)]
    pub fn set(&mut self, index: u64, result: Value) {
        self.fresh.push(index);
        // The brackets and the comma of `[index,result]`, and the comma after it.
        self.fresh_bytes += Value::from(index as i64).text_len() + result.text_len() + 4;
        self.put(index, result);
        let is_large = self.fresh_bytes >= CHUNK_BYTES;
        let are_many = self.fresh.len() >= CHUNK_RESULTS && self.fresh_bytes >= SEAL_FROM;
        if is_large || are_many {
            self.chunk();
        }
    }

    fn put(&mut self, index: u64, result: Value) {
        let slot = usize::try_from(index)
            .ok()
            .and_then(|index| self.by_item.get_mut(index));
        if let Some(slot) = slot {
            self.count += u64::from(slot.is_none());
            *slot = Some(result);
        }
    }

    #[allow(clippy::cast_possible_wrap)]
    fn chunk(&mut self) {
        let pairs: Vec<Value> = self
            .fresh()
            .map(|(index, result)| Value::from(vec![Value::from(index as i64), result.clone()]))
            .collect();
        self.chunks.push(pairs.into());
        self.fresh.clear();
        self.fresh_bytes = 0;
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.by_item.len()
    }

    /// How many of them have a result.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The results of this item and those after it.
    pub fn after(&self, index: u64) -> impl Iterator<Item = (u64, &Value)> {
        let from = usize::try_from(index).unwrap_or(usize::MAX);
        let rest = self.by_item.get(from..).unwrap_or_default();
        (index..)
            .zip(rest)
            .filter_map(|(index, result)| Some((index, result.as_ref()?)))
    }

    /// The lists of `[index, result]`.
    pub fn chunks(&self) -> &[Value] {
        &self.chunks
    }

    /// The results that are in none of them.
    pub fn fresh(&self) -> impl Iterator<Item = (u64, &Value)> {
        self.fresh.iter().filter_map(|index| {
            let at = usize::try_from(*index).ok()?;
            Some((*index, self.by_item.get(at)?.as_ref()?))
        })
    }

    /// The results in the order of the items.
    pub fn values(&self) -> Vec<Value> {
        self.by_item.iter().flatten().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{CHUNK_BYTES, Results, SEAL_FROM};
    use crate::value::Value;

    #[test]
    fn results_move_into_chunks_and_come_back_in_the_order_of_items() {
        let mut results = Results::of(4);
        results.set(2, Value::from("c".repeat(CHUNK_BYTES / 2)));
        results.set(0, Value::from("a".repeat(CHUNK_BYTES / 2)));
        results.set(1, Value::from("b"));
        assert_eq!(results.chunks().len(), 1);
        let fresh: Vec<(u64, Value)> = results.fresh().map(|(i, v)| (i, v.clone())).collect();
        assert_eq!(fresh, [(1, Value::from("b"))]);
        let restored = Results::restored(4, results.chunks().to_vec(), fresh);
        assert_eq!(restored.values(), results.values());
    }

    #[test]
    fn small_results_move_into_chunks_that_are_sealed() {
        let mut results = Results::of(5000);
        (0..5000).for_each(|index| results.set(index, Value::from("a")));
        let chunks = results.chunks().iter();
        let lengths: Vec<_> = chunks.map(Value::text_len).collect();
        assert!(
            lengths.iter().all(|length| *length >= SEAL_FROM),
            "{lengths:?}"
        );
        assert!(results.fresh().count() < 1000);
    }
}
