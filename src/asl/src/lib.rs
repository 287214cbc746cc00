//! The Amazon States Language, pure: definitions, validation, interpreter and history.
//!
//! Nothing here reads a clock, draws a random number or does I/O. Time, entropy and results of
//! tasks arrive as [`machine::Event`]s; what is to be done leaves as [`machine::Command`]s. The
//! same core therefore runs in the controller, on the command line, in tests and in benchmarks.

pub mod definition;
pub mod errors;
pub mod history;
pub mod machine;
pub mod query;
pub mod resource;
pub mod states;
pub mod test_state;
pub mod value;

pub use value::Value;
