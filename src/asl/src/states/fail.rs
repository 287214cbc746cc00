//! The Fail state: ends its scope with an error.
//!
//! Source: States Language, "Fail State".

use std::sync::Arc;

use crate::query::Dynamic;

/// The fields of a Fail state.
#[derive(Debug, Default)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<Dynamic<Arc<str>>>,
    /// `Cause` or `CausePath`
    pub cause: Option<Dynamic<Arc<str>>>,
}
