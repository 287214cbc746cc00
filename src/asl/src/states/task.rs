//! The Task state: has work done outside.
//!
//! Source: States Language, "Task State".

use std::sync::Arc;

use super::{Catcher, Next, Retrier};
use crate::query::{Dynamic, Template};
use crate::resource::Resource;

/// The fields of a Task state.
#[derive(Debug)]
pub struct Task {
    /// `Resource`
    pub resource: Arc<Resource>,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout_seconds: Option<Dynamic<u64>>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat_seconds: Option<Dynamic<u64>>,
    /// `Credentials`: a template that gives `RoleArn`.
    pub credentials: Option<Template>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`
    pub next: Next,
}
