//! Where each value of a text stands.

use std::ops::Range;

/// A value's place in the text, and those of the values in it.
#[derive(Debug)]
pub(super) struct Node {
    /// Bytes of the text, quotes included.
    pub(super) span: Range<usize>,
    pub(super) children: Children,
}

#[derive(Debug)]
pub(super) enum Children {
    None,
    Members(Vec<Member>),
    Items(Vec<Node>),
}

#[derive(Debug)]
pub(super) struct Member {
    pub(super) name: String,
    /// The name's bytes in the text, quotes included.
    pub(super) name_span: Range<usize>,
    pub(super) value: Node,
}
