//! The sfn binary.
fn main() {}
