//! The task runners on a real cluster.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod call;
mod cut_connections;
mod describe_cluster;
mod identity;
mod job;
mod job_adoption;
mod job_cancel;
mod job_logs;
mod many_jobs;
