//! Catchers: going on elsewhere after an error.
//!
//! Source: States Language, "Fallback states".

use std::sync::Arc;

use super::StateIndex;
use super::data_flow::ResultPath;
use crate::query::Template;

/// One of a state's `Catch` entries.
#[derive(Debug)]
pub struct Catcher {
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `Next`
    pub next: StateIndex,
    /// `ResultPath` (JSONPath)
    pub result_path: ResultPath,
    /// `Output` (JSONata)
    pub output: Option<Template>,
    /// `Assign`
    pub assign: Option<Template>,
}
