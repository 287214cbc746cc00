//! What the end-to-end tests have in common: a namespace for each test, executions to start and
//! to wait for, and what is left to look at afterwards.
//!
//! The tests need a cluster (`KUBECONFIG`) with the operator installed by `tests/e2e/install`;
//! `make e2e` does all of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

pub mod audit;
pub mod aws_auth;
pub mod definition;
pub mod history;
pub mod kubectl;
pub mod operator;
pub mod run;
pub mod scenario;
pub mod watch;

pub use run::{Failure, Run};
pub use scenario::Scenario;
