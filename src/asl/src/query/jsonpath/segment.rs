//! The compiled form of a path.

use super::filter::Filter;
use super::function::Function;
use crate::value::Key;

/// What a path starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// `$`
    Input,
    /// `$$`
    Context,
    /// `$name`
    Variable(Key),
}

/// One step of a path: from each value to some of its children or descendants.
#[derive(Debug)]
pub(super) enum Segment {
    /// `.name` or `['name']`
    Name(Key),
    /// `[2]`, or from the end `[-1]`
    Index(i64),
    /// Any other bracket, or `.*`
    Children(Vec<Selector>),
    /// `..`: what the selectors select in each value and all its descendants
    Descendants(Vec<Selector>),
}

/// What stands between brackets, separated by commas.
#[derive(Debug)]
pub(super) enum Selector {
    /// `'name'`
    Name(Key),
    /// `2`, `-1`
    Index(i64),
    /// `start:end:step`
    Slice(Slice),
    /// `*`
    Wildcard,
    /// `?(…)`
    Filter(Filter),
}

/// `start:end:step`, each optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: i64,
}

/// The steps of a path after its root.
#[derive(Debug, Default)]
pub(super) struct Steps {
    pub(super) segments: Vec<Segment>,
    /// `.length()` and the like, at the end.
    pub(super) function: Option<Function>,
}

impl Steps {
    /// Whether the steps can lead to one value at most.
    pub(super) fn are_definite(&self) -> bool {
        let last = self.segments.len().saturating_sub(1);
        self.segments
            .iter()
            .enumerate()
            .all(|(position, segment)| match segment {
                Segment::Name(_) | Segment::Index(_) => true,
                Segment::Children(selectors) => position == last && are_names(selectors),
                Segment::Descendants(_) => false,
            })
    }
}

/// Whether the selectors are several names, which at the end of a path make one object of these
/// members.
pub(super) fn are_names(selectors: &[Selector]) -> bool {
    selectors.len() > 1
        && selectors
            .iter()
            .all(|selector| matches!(selector, Selector::Name(_)))
}
