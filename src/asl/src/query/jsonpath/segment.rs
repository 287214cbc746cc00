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
#[derive(Debug)]
pub(super) struct Steps {
    pub(super) segments: Vec<Segment>,
    /// `.length()` and the like, at the end.
    pub(super) function: Option<Function>,
    /// Whether they are names and indexes alone.
    pub(super) single: bool,
    /// Whether they end in several names, which make one object of these members.
    pub(super) ends_in_names: bool,
    /// Whether they can lead to one value at most.
    pub(super) definite: bool,
}

impl Steps {
    /// What is asked of the segments for each value that they are followed from is found out here,
    /// once: there may be as many segments as a definition has room for.
    pub(super) fn new(segments: Vec<Segment>, function: Option<Function>) -> Self {
        let (ends_in_names, before) = match segments.split_last() {
            Some((Segment::Children(last), before)) if are_names(last) => (true, before),
            _ => (false, &*segments),
        };
        let definite = before.iter().all(is_single);
        Self {
            single: definite && !ends_in_names,
            ends_in_names,
            definite,
            function,
            segments,
        }
    }
}

fn is_single(segment: &Segment) -> bool {
    matches!(segment, Segment::Name(_) | Segment::Index(_))
}

fn are_names(selectors: &[Selector]) -> bool {
    selectors.len() > 1
        && selectors
            .iter()
            .all(|selector| matches!(selector, Selector::Name(_)))
}
