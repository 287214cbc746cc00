//! The Wait state: delays its scope.
//!
//! Source: States Language, "Wait State".

use jiff::Timestamp;

use super::Next;
use crate::query::Dynamic;

/// The fields of a Wait state.
#[derive(Debug)]
pub struct Wait {
    /// For how long, or until when.
    pub until: WaitUntil,
    /// `Next` or `End`
    pub next: Next,
}

/// For how long, or until when.
#[derive(Debug)]
pub enum WaitUntil {
    /// `Seconds` or `SecondsPath`
    Seconds(Dynamic<u64>),
    /// `Timestamp` or `TimestampPath`
    Timestamp(Dynamic<Timestamp>),
}
