//! The history of an execution, event by event as `GetExecutionHistory` gives it.
//!
//! Source: Step Functions API reference, `HistoryEvent` and its `…EventDetails`.

mod event;
mod json;

pub use event::{EventKind, HistoryEvent, StateType};

/// An event's number within its execution, counted from 1. Zero stands for "none".
pub type EventId = u64;
