//! Fields of any content, read as far as they are not too deep and not too large.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as _, Deserializer};
use serde_json::{Map, Number, Value};

/// So many levels of a field of any content are read; arrays and objects below them read as null.
/// It is more than a payload may have, so that one that was cut is told by its depth.
pub const MAX_READ_DEPTH: usize = 110;

/// What a value takes beside its text.
const VALUE: usize = 32;

/// How many arrays and objects stand around the innermost value, this one included.
#[must_use]
pub fn depth(value: &Value) -> usize {
    let inner = match value {
        Value::Array(items) => items.iter().map(depth).max(),
        Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    inner.unwrap_or(0) + 1
}

/// Reads a field of any content, cut below [`MAX_READ_DEPTH`]. A null is told from an absent field.
pub(crate) fn cut<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    let room = Cell::new(usize::MAX);
    Cut::within(&room).deserialize(deserializer).map(Some)
}

/// As [`cut`], where null is the same as absent.
pub(crate) fn cut_unless_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Ok(cut(deserializer)?.filter(|value| !value.is_null()))
}

/// Reads so many levels, and as much as there is room for, in bytes; nothing is left of that once
/// something did not fit.
#[derive(Clone, Copy)]
pub(super) struct Cut<'r> {
    levels: usize,
    room: &'r Cell<usize>,
}

impl<'r> Cut<'r> {
    pub(super) fn within(room: &'r Cell<usize>) -> Self {
        Self {
            levels: MAX_READ_DEPTH,
            room,
        }
    }

    fn inner(self) -> Self {
        Self {
            levels: self.levels - 1,
            ..self
        }
    }

    /// Whether so much fits.
    fn take(self, bytes: usize) -> bool {
        let left = self.room.get().saturating_sub(bytes);
        self.room.set(left);
        left > 0
    }
}

impl<'de> DeserializeSeed<'de> for Cut<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        match self.levels > 0 && self.take(VALUE) {
            false => ignore(deserializer),
            true => deserializer.deserialize_any(self),
        }
    }
}

/// Skips a value, which `serde_json` does without recursion.
fn ignore<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| Value::Null)
}

impl<'de> Visitor<'de> for Cut<'_> {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.deserialize(deserializer)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(match self.take(value.len()) {
            true => value.into(),
            false => Value::Null,
        })
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            read.push(item);
        }
        Ok(Value::Array(read))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let fits = self.take(name.len());
            let value = members.next_value_seed(self.inner())?;
            if fits {
                read.insert(name, value);
            }
        }
        Ok(Value::Object(read))
    }
}
