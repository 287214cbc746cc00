//! What the fuzz targets share: how their bytes are read, what a query sees, how a machine is
//! driven.

mod drive;
mod world;

pub use drive::{Drive, execution, limits};
pub use world::World;

/// Between the parts of an input, on a line of its own, so that seeds can be read and written.
const SEPARATOR: &str = "\n---\n";

/// What stands before the first separator.
#[must_use]
pub fn text(input: &str) -> &str {
    input.split_once(SEPARATOR).map_or(input, |(text, _)| text)
}

/// A text and the JSON value behind it; `null` where there is none.
#[must_use]
pub fn text_and_value(input: &str) -> Option<(&str, asl::Value)> {
    let (text, value) = input.split_once(SEPARATOR).unwrap_or((input, "null"));
    Some((text, asl::value::parse(value).ok()?))
}
