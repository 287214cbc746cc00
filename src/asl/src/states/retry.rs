//! Retriers: trying a state again after an error.
//!
//! Source: States Language, "Retrying after error".

use std::sync::Arc;

/// One of a state's `Retry` entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `IntervalSeconds`, 1 unless given.
    pub interval_seconds: u64,
    /// `MaxAttempts`, 3 unless given.
    pub max_attempts: u64,
    /// `BackoffRate`, 2.0 unless given.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy: FULL`
    pub full_jitter: bool,
}
