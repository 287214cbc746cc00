//! Variables that `Assign` sets, and their scopes.
//!
//! Source: States Language, "Variables"; Step Functions developer guide, "Passing data between
//! states with variables": an inner scope (a branch, an item) reads its outer scopes and assigns
//! its own; nothing it assigns is seen outside.

use std::sync::Arc;

use crate::value::{Object, ObjectBuilder, Value};

/// The variables of one scope and, behind it, those of its outer scopes. Cloning is cheap.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    own: Object,
    outer: Option<Arc<Variables>>,
}

impl Variables {
    /// An empty scope inside `outer`.
    #[must_use]
    pub fn inside(outer: Arc<Self>) -> Self {
        Self::restored(Object::default(), Some(outer))
    }

    /// A scope with these variables inside `outer`, as a checkpoint gives it.
    #[must_use]
    pub fn restored(own: Object, outer: Option<Arc<Self>>) -> Self {
        Self { own, outer }
    }

    /// The variables of this scope alone.
    #[must_use]
    pub fn own(&self) -> &Object {
        &self.own
    }

    /// The scope around this one.
    #[must_use]
    pub fn outer(&self) -> Option<&Arc<Self>> {
        self.outer.as_ref()
    }

    /// The value of `$name`, from the innermost scope that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut scope = self;
        loop {
            if let Some(value) = scope.own.get(name) {
                return Some(value);
            }
            scope = scope.outer.as_deref()?;
        }
    }

    /// Sets variables of this scope.
    pub fn assign(&mut self, assigned: &Object) {
        let mut own = ObjectBuilder::from(std::mem::take(&mut self.own));
        for (name, value) in assigned.members() {
            own.set(name.clone(), value.clone());
        }
        self.own = own.build();
    }

    /// Whether no variable is visible.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.outer.as_ref().is_none_or(|outer| outer.is_empty())
    }

    /// All visible variables, inner ones hiding outer ones.
    #[must_use]
    pub fn visible(&self) -> Object {
        let Some(outer) = &self.outer else {
            return self.own.clone();
        };
        let mut all = ObjectBuilder::from(outer.visible());
        for (name, value) in self.own.members() {
            all.set(name.clone(), value.clone());
        }
        all.build()
    }
}
