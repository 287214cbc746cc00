//! The Parallel state: runs branches side by side.
//!
//! Source: States Language, "Parallel State".

use super::{Catcher, Next, Retrier, StateIndex};

/// The fields of a Parallel state.
#[derive(Debug)]
pub struct Parallel {
    /// Where each of the `Branches` starts.
    pub branches: Vec<StateIndex>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`
    pub next: Next,
}
