//! How much the values may take that a query makes.

use std::cell::Cell;

use super::QueryError;
use crate::errors;
use crate::value::Value;

/// So many payloads at most are in the hands of one query: what a payload is made from may be
/// larger than what is handed on.
const PAYLOADS: usize = 16;

/// What the values take that a query and its parts have made and still need, in bytes of JSON text.
#[derive(Debug)]
pub struct Memory {
    most: usize,
    used: Cell<usize>,
}

impl Memory {
    /// Of a query that makes payloads of at most so many bytes.
    #[must_use]
    pub fn of(payload_bytes: usize) -> Self {
        Self {
            most: payload_bytes.saturating_mul(PAYLOADS),
            used: Cell::new(0),
        }
    }

    /// Counts a value that was made, and gives it back.
    pub(super) fn kept(&self, value: Value) -> Result<Value, QueryError> {
        let used = self.used.get().saturating_add(value.text_len());
        self.used.set(used);
        if used <= self.most {
            return Ok(value);
        }
        Err(QueryError::new(
            errors::DATA_LIMIT_EXCEEDED,
            format!(
                "The values that are made together take {used} bytes, more than {}.",
                self.most
            ),
        ))
    }

    /// Does work of which nothing is needed afterwards but its answer, which is not counted yet.
    pub(super) fn lent<T>(&self, work: impl FnOnce() -> T) -> T {
        let before = self.used.get();
        let answer = work();
        self.used.set(before);
        answer
    }
}
