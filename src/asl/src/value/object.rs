//! Objects that keep the order of their members.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use foldhash::fast::RandomState;

use super::{Value, cached, text};

/// A member's name.
pub type Key = Arc<str>;

/// From this many members on a hash index is kept beside them; below, a scan is faster.
const INDEX_FROM: usize = 12;

/// A shared, immutable JSON object.
#[derive(Clone, Default)]
pub struct Object(Arc<ObjectData>);

#[derive(Default)]
struct ObjectData {
    members: Vec<(Key, Value)>,
    index: Option<HashMap<Key, usize, RandomState>>,
    text_len: AtomicUsize,
    depth: AtomicUsize,
}

impl Object {
    /// The members in the order written.
    #[must_use]
    pub fn members(&self) -> &[(Key, Value)] {
        &self.0.members
    }

    /// The value of the member `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let position = position(&self.0.members, self.0.index.as_ref(), name)?;
        self.0.members.get(position).map(|(_, value)| value)
    }

    /// How many members there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.members.len()
    }

    /// Whether there are no members.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.members.is_empty()
    }

    /// An address that two values share exactly when they share this object.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    /// A copy with `name` set: replaced in its place, or appended. Members are shared.
    #[must_use]
    pub fn with(&self, name: &str, value: Value) -> Self {
        let mut builder = ObjectBuilder::from(self.clone());
        builder.set(name.into(), value);
        builder.build()
    }

    pub(super) fn text_len(&self) -> usize {
        cached(&self.0.text_len, || {
            let inner: usize = self
                .0
                .members
                .iter()
                .map(|(name, value)| text::string_len(name) + 1 + value.text_len())
                .sum();
            inner + 2 + self.0.members.len().saturating_sub(1)
        })
    }

    pub(super) fn depth(&self) -> usize {
        let deepest = || self.0.members.iter().map(|(_, value)| value.depth()).max();
        cached(&self.0.depth, || deepest().unwrap_or(0) + 1)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.members().iter().map(|(name, value)| (name, value)))
            .finish()
    }
}

impl PartialEq for Object {
    /// Equality of JSON objects: the order of members does not count.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || self.len() == other.len()
                && self
                    .members()
                    .iter()
                    .all(|(name, value)| other.get(name) == Some(value))
    }
}

impl FromIterator<(Key, Value)> for Object {
    fn from_iter<I: IntoIterator<Item = (Key, Value)>>(members: I) -> Self {
        let mut builder = ObjectBuilder::default();
        for (name, value) in members {
            builder.set(name, value);
        }
        builder.build()
    }
}

fn position(
    members: &[(Key, Value)],
    index: Option<&HashMap<Key, usize, RandomState>>,
    name: &str,
) -> Option<usize> {
    match index {
        Some(index) => index.get(name).copied(),
        None => members.iter().position(|(key, _)| &**key == name),
    }
}

/// Builds an [`Object`] member by member. Setting a name again replaces its value.
#[derive(Default)]
pub struct ObjectBuilder {
    members: Vec<(Key, Value)>,
    index: Option<HashMap<Key, usize, RandomState>>,
}

impl ObjectBuilder {
    /// A builder with room for `capacity` members.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            members: Vec::with_capacity(capacity),
            index: None,
        }
    }

    /// Sets the member `name`.
    pub fn set(&mut self, name: Key, value: Value) {
        if let Some(position) = position(&self.members, self.index.as_ref(), &name)
            && let Some(member) = self.members.get_mut(position)
        {
            member.1 = value;
            return;
        }
        if let Some(index) = &mut self.index {
            index.insert(name.clone(), self.members.len());
        }
        self.members.push((name, value));
        if self.index.is_none() && self.members.len() >= INDEX_FROM {
            self.index = Some(
                self.members
                    .iter()
                    .enumerate()
                    .map(|(position, (name, _))| (name.clone(), position))
                    .collect(),
            );
        }
    }

    /// Sets the member `name`, for use in chains.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(name.into(), value.into());
        self
    }

    /// Removes the member `name`, giving its value back.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let position = position(&self.members, self.index.as_ref(), name)?;
        let (_, value) = self.members.remove(position);
        if let Some(index) = &mut self.index {
            index.remove(name);
            for later in index.values_mut().filter(|at| **at > position) {
                *later -= 1;
            }
        }
        Some(value)
    }

    /// The finished object.
    #[must_use]
    pub fn build(self) -> Object {
        Object(Arc::new(ObjectData {
            members: self.members,
            index: self.index,
            text_len: AtomicUsize::new(0),
            depth: AtomicUsize::new(0),
        }))
    }
}

impl From<Object> for ObjectBuilder {
    fn from(object: Object) -> Self {
        match Arc::try_unwrap(object.0) {
            Ok(data) => Self {
                members: data.members,
                index: data.index,
            },
            Err(shared) => Self {
                members: shared.members.clone(),
                index: shared.index.clone(),
            },
        }
    }
}
