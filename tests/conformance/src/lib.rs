//! Runs recorded cases of AWS Step Functions through the library and compares what comes out.
//!
//! A corpus is a folder of `*.jsonl` files, one case a line; the format is described in this
//! crate's `README.md`. Nothing outside the library is called: Lambda functions, queues and
//! buckets are stood in for by what the case itself says of them.

pub mod case;
pub mod clock;
pub mod corpus;
pub mod drive;
pub mod exceptions;
pub mod json;
pub mod kinds;
pub mod matching;
pub mod report;
pub mod stand_in;

pub use case::{Case, Kind};
pub use kinds::{Settings, Verdict, run_case};
