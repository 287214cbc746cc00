//! The binary as people meet it: what it prints, and its exit status.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod cluster;
mod controller;
mod crds;
mod graph;
mod help;
mod hostile;
mod object_storage;
mod run;
mod sfn;
mod stderr;
mod test_state;
mod validate;
