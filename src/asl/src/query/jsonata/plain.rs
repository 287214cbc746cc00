//! Expressions that only name a value, such as `$states.input.order.id`: most are. They need no
//! engine, and what they name is shared instead of copied.

use super::states::{NAME, States};
use crate::query::Scope;
use crate::value::{Key, Value};

/// A variable and the names that follow it.
#[derive(Debug)]
pub(super) struct Plain {
    variable: Key,
    names: Vec<Key>,
}

impl Plain {
    pub(super) fn recognize(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('.');
        let variable = parts.next().filter(|name| is_name(name))?;
        let names = parts
            .map(|name| (is_name(name) && !is_keyword(name)).then(|| name.into()))
            .collect::<Option<Vec<Key>>>()?;
        Some(Self {
            variable: variable.into(),
            names,
        })
    }

    /// The value, or `None` within where there is none. `None` around it where the engine must
    /// decide: an array on the way makes the path select from each of its items.
    pub(super) fn evaluate(&self, scope: &Scope<'_>) -> Option<Option<Value>> {
        let mut names = self.names.iter();
        let mut value = if *self.variable == *NAME {
            match States::member(scope, names.next()?) {
                Some(member) => member,
                None => return Some(None),
            }
        } else {
            scope.variables.get(&self.variable)?
        };
        for name in names {
            value = match value {
                Value::Array(_) => return None,
                Value::Object(object) => match object.get(name) {
                    Some(member) => member,
                    None => return Some(None),
                },
                _ => return Some(None),
            };
        }
        Some(Some(value.clone()))
    }
}

fn is_name(text: &str) -> bool {
    let mut characters = text.chars();
    characters
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && characters.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_keyword(text: &str) -> bool {
    matches!(
        text,
        "and" | "or" | "in" | "true" | "false" | "null" | "function"
    )
}
