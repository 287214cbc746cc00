//! A world in which the process that carries an execution can die, or meet trouble, at every
//! request that it sends: a write to the store, a task's start, a task's cancellation.
//!
//! Each life of the process is a runtime of its own with paused time; a crash drops it with all
//! that it did. What lives on is the [`World`]: the store, what tasks made, the time.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a failure here is a failed test"
)]

pub mod life;
pub mod mishap;
pub mod workflow;
pub mod world;

pub use life::{Ended, Subject, go_on_to_the_end, live_to_the_end};
pub use mishap::{CRASHES, Kind, Mishap, TROUBLES, everywhere};
pub use workflow::Workflow;
pub use world::World;
