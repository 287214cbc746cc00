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
    /// What `own` takes, kept so that nothing is counted again when a variable is set.
    own_bytes: usize,
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
        let members = own.members().iter();
        let own_bytes = members.map(|(name, value)| bytes(name, value)).sum();
        Self {
            own,
            own_bytes,
            outer,
        }
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

    /// What the variables of this scope take, in bytes of JSON text.
    #[must_use]
    pub fn own_bytes(&self) -> usize {
        self.own_bytes
    }

    /// What all its variables take, those that inner scopes hide included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.own_bytes + self.outer.as_ref().map_or(0, |outer| outer.bytes())
    }

    /// What the variables of this scope take once these are set.
    #[must_use]
    pub fn own_bytes_with(&self, assigned: &Object) -> usize {
        let mut total = self.own_bytes;
        for (name, value) in assigned.members() {
            total += bytes(name, value);
            total -= self.own.get(name).map_or(0, |old| bytes(name, old));
        }
        total
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
        self.own_bytes = self.own_bytes_with(assigned);
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

fn bytes(name: &str, value: &Value) -> usize {
    name.len() + value.text_len()
}

#[cfg(test)]
mod tests {
    use super::Variables;
    use crate::value::{Object, parse};

    fn object(text: &str) -> Object {
        parse(text).unwrap().as_object().unwrap().clone()
    }

    #[test]
    fn what_variables_take_is_kept_as_they_are_set() {
        let mut variables = Variables::default();
        for assigned in [
            r#"{"a": "long text", "b": [1, 2]}"#,
            r#"{"a": 1, "c": true}"#,
        ] {
            variables.assign(&object(assigned));
        }
        let counted = Variables::restored(variables.own().clone(), None);
        assert_eq!(variables.own_bytes(), counted.own_bytes());
        assert_eq!(variables.own_bytes(), "a1b[1,2]ctrue".len());
    }
}
