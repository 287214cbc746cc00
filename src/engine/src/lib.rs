//! Durable execution: drives the interpreter through ports.
//!
//! An execution is an actor ([`driver::Driver`]): it collects what happened, lets the
//! [`execution::Execution`] decide, stores the decision, and only then acts on it. Whatever
//! point a process dies at, another one continues from the record: tasks that were decided are
//! run again with `resumed` set, and their runner recognizes what they already made.

pub mod backoff;
pub mod clock;
pub mod driver;
pub mod entropy;
pub mod execution;
pub mod history;
pub mod memory;
pub mod ports;
pub mod progress;
pub mod record;
pub mod values;
