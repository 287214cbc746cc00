//! Reading JSON, with what serde_json passes over in silence: names that stand twice.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::{Read, Step, duplicate, unreadable, written};
use crate::definition::diagnostic::Diagnostic;
use crate::value::{Key, Number, ObjectBuilder, Value};

/// Reads JSON text. serde_json refuses nesting beyond 128 levels.
pub(super) fn read(text: &str) -> Result<Read, Diagnostic> {
    let text = text.trim_start_matches('\u{feff}');
    let reader = Reader::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = reader
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value))
        .map_err(|error| {
            let offset = offset_of(text, error.line(), error.column());
            let message = error.to_string();
            let end = message.rfind(" at line ").unwrap_or(message.len());
            let message = message.get(..end).unwrap_or(&message);
            unreadable(text, &format!("Invalid JSON: {message}"), offset)
        })?;
    Ok(Read {
        value,
        problems: reader.problems.take(),
    })
}

/// serde_json counts columns in bytes, from 1, and stands after the byte it stumbled over.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    line_start
        .saturating_add(column.saturating_sub(1))
        .min(text.len())
}

/// Builds values and remembers where it is.
#[derive(Default)]
struct Reader {
    steps: RefCell<Vec<Step>>,
    problems: RefCell<Vec<Diagnostic>>,
}

impl Reader {
    fn report_duplicates(&self, names: &[Key]) {
        let mut seen = HashSet::new();
        let object = written(&self.steps.borrow());
        for name in names {
            if !seen.insert(name) {
                self.problems.borrow_mut().push(duplicate(&object, name));
            }
        }
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

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(match i64::try_from(value) {
            Ok(value) => Value::from(value),
            Err(_) => Value::Number(Number::Float(value as f64)),
        })
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
        while let Some(name) = access.next_key::<std::borrow::Cow<'_, str>>()? {
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
