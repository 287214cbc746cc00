//! What the benchmark runs and what it is measured against.

pub mod goal;
pub mod table;
pub mod workload;
