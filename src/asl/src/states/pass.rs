//! The Pass state: passes its input on, or a fixed result.
//!
//! Source: States Language, "Pass State".

use super::Next;
use crate::value::Value;

/// The fields of a Pass state.
#[derive(Debug)]
pub struct Pass {
    /// `Result` (JSONPath)
    pub result: Option<Value>,
    /// `Next` or `End`
    pub next: Next,
}
