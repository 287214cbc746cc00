//! Building values from any serde format, with what formats pass over in silence: names that
//! stand twice.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::definition::diagnostic::{Diagnostic, Severity, code};
use crate::definition::place::Place;
use crate::value::{Key, Number, ObjectBuilder, Value};

/// Builds values, and remembers where it is.
#[derive(Default)]
pub(super) struct Reader {
    steps: RefCell<Vec<Step>>,
    problems: RefCell<Vec<Diagnostic>>,
}

/// A step into a value.
enum Step {
    Member(Arc<str>),
    Item(usize),
}

impl Reader {
    /// The names that stood twice.
    pub(super) fn problems(self) -> Vec<Diagnostic> {
        self.problems.into_inner()
    }

    fn report_duplicates(&self, names: &[Key]) {
        let mut seen = HashSet::new();
        let steps = self.steps.borrow();
        let is_states = matches!(steps.last(), Some(Step::Member(name)) if &**name == "States");
        let twice = names.iter().filter(|name| !seen.insert(Arc::clone(name)));
        let found = twice.map(|name| duplicate(place(&steps, name, &Place::ROOT), name, is_states));
        self.problems.borrow_mut().extend(found);
    }
}

/// The place `name` below the steps.
fn place(steps: &[Step], name: &str, outer: &Place<'_>) -> String {
    match steps.split_first() {
        None => outer.member(name).to_string(),
        Some((Step::Member(step), rest)) => place(rest, name, &outer.member(step)),
        Some((Step::Item(index), rest)) => place(rest, name, &outer.item(*index)),
    }
}

/// A name that stands twice in one object: an error among states, else a warning.
fn duplicate(location: String, name: &str, is_states: bool) -> Diagnostic {
    let (severity, code, message) = if is_states {
        let message = format!("Duplicate State name: {name}");
        (Severity::Error, code::DUPLICATE_STATE_NAME, message)
    } else {
        let message = format!("Field '{name}' is given more than once; the last one counts");
        (Severity::Warning, code::DUPLICATE_FIELD, message)
    };
    Diagnostic {
        severity,
        code: code.to_owned(),
        message,
        location,
        offset: None,
    }
}

impl<'de> DeserializeSeed<'de> for &Reader {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &Reader {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "JSON numbers beyond 64 bits are doubles"
    )]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(match i64::try_from(value) {
            Ok(value) => Value::from(value),
            Err(_) => Value::Number(Number::Float(value as f64)),
        })
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "JSON numbers beyond 64 bits are doubles"
    )]
    fn visit_i128<E>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Number(Number::Float(value as f64)))
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "JSON numbers beyond 64 bits are doubles"
    )]
    fn visit_u128<E>(self, value: u128) -> Result<Value, E> {
        Ok(Value::Number(Number::Float(value as f64)))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            self.steps.borrow_mut().push(Step::Item(items.len()));
            let item = access.next_element_seed(self);
            self.steps.borrow_mut().pop();
            match item? {
                Some(item) => items.push(item),
                None => return Ok(Value::from(items)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut builder = ObjectBuilder::default();
        let mut names: Vec<Key> = Vec::new();
        while let Some(name) = access.next_key::<Cow<'_, str>>()? {
            let name: Key = name.as_ref().into();
            self.steps.borrow_mut().push(Step::Member(name.clone()));
            let value = access.next_value_seed(self);
            self.steps.borrow_mut().pop();
            builder.set(name.clone(), value?);
            names.push(name);
        }
        let object = builder.build();
        if object.len() < names.len() {
            self.report_duplicates(&names);
        }
        Ok(Value::Object(object))
    }
}
