//! What bounds the requests.

use std::time::Duration;

/// What bounds reading and writing, in size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageLimits {
    /// The largest object that is read, in bytes.
    pub object_bytes: usize,
    /// How many objects a listing may have.
    pub listed_objects: usize,
    /// How many tasks are at work at the same time, of all executions together; others wait.
    pub requests_at_once: usize,
    /// How long the answer to one request may take, to its last byte.
    pub answer_time: Duration,
    /// How long a request is tried again while the server cannot be reached or is too busy.
    pub retry_time: Duration,
}

impl Default for StorageLimits {
    fn default() -> Self {
        Self {
            object_bytes: 4 * 1024 * 1024,
            listed_objects: 100_000,
            requests_at_once: 4,
            answer_time: Duration::from_mins(1),
            retry_time: Duration::from_mins(2),
        }
    }
}
