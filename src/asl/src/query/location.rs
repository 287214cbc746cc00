//! The place of a value within a field, for messages: `Output/a/b[2]`.

use std::fmt;

/// A place, kept on the stack while a template is evaluated and written out only on failure.
#[derive(Debug, Clone, Copy)]
pub(in crate::query) enum Location<'a> {
    /// A field of a state.
    Field(&'a str),
    /// A member of an object.
    Member(&'a Location<'a>, &'a str),
    /// An item of an array.
    Item(&'a Location<'a>, usize),
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field(name) => f.write_str(name),
            Self::Member(outer, name) => write!(f, "{outer}/{name}"),
            Self::Item(outer, position) => write!(f, "{outer}[{position}]"),
        }
    }
}
