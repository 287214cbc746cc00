//! What workflows do, on a real cluster. These tests run side by side; those that disturb the
//! operator are in `operator_restarts`.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not there fails the test, as it should"
)]

mod call;
mod concurrency;
mod definitions;
mod failures;
mod flow;
mod history;
mod hostile;
mod identity;
mod lifecycle;
mod logs;
mod pi;
mod redrive;
mod resources;
mod run_job;
mod run_job_refused;
mod schema;
mod seed_000;
mod seed_001;
mod stop;
