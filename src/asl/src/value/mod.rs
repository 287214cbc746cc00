//! JSON values that are shared, not copied.
//!
//! Arrays, objects and strings sit behind reference counts, so that handing a large input to a
//! thousand Map iterations, or keeping it in the history, copies nothing. Objects keep the order
//! in which their members were written, as Step Functions does.

mod number;
mod object;
mod text;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use number::Number;
pub use object::{Key, Object, ObjectBuilder};
pub use text::{ParseError, parse, parse_bytes};

/// A JSON value. Cloning is cheap: containers and strings are shared.
#[derive(Clone, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number.
    Number(Number),
    /// A string.
    String(Arc<str>),
    /// An array.
    Array(Array),
    /// An object, its members in the order written.
    Object(Object),
}

/// A shared, immutable JSON array.
#[derive(Clone)]
pub struct Array(Arc<ArrayData>);

struct ArrayData {
    items: Vec<Value>,
    text_len: AtomicUsize,
    depth: AtomicUsize,
}

/// How deep a payload may be nested. Readers of JSON stop at 128 levels, serde_json among them,
/// and a payload stands some levels deep in what holds it: an object of the API, a checkpoint.
pub const MAX_DEPTH: usize = 100;

impl Array {
    /// The items.
    #[must_use]
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }

    /// An address that two values share exactly when they share this array.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0) as usize
    }

    fn text_len(&self) -> usize {
        cached(&self.0.text_len, || {
            let inner: usize = self.0.items.iter().map(Value::text_len).sum();
            inner + 2 + self.0.items.len().saturating_sub(1)
        })
    }

    fn depth(&self) -> usize {
        let deepest = || self.0.items.iter().map(Value::depth).max();
        cached(&self.0.depth, || deepest().unwrap_or(0) + 1)
    }
}

impl Default for Array {
    fn default() -> Self {
        Self::from(Vec::new())
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.items()).finish()
    }
}

impl From<Vec<Value>> for Array {
    fn from(items: Vec<Value>) -> Self {
        Self(Arc::new(ArrayData {
            items,
            text_len: AtomicUsize::new(0),
            depth: AtomicUsize::new(0),
        }))
    }
}

impl PartialEq for Array {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.items == other.0.items
    }
}

/// Reads a length or depth that is computed once; zero stands for "not yet", which none is.
fn cached(slot: &AtomicUsize, compute: impl FnOnce() -> usize) -> usize {
    match slot.load(Ordering::Relaxed) {
        0 => {
            let length = compute();
            slot.store(length, Ordering::Relaxed);
            length
        }
        length => length,
    }
}

impl Value {
    /// An empty object, the input of an execution that was started without one.
    #[must_use]
    pub fn empty_object() -> Self {
        Self::Object(Object::default())
    }

    /// The bytes of this value's compact JSON text in UTF-8. Containers remember theirs, so that
    /// checking the payload limit at each state costs nothing for data that only passes through.
    #[must_use]
    pub fn text_len(&self) -> usize {
        match self {
            Self::Null | Self::Bool(true) => 4,
            Self::Bool(false) => 5,
            Self::Number(number) => number.text_len(),
            Self::String(string) => text::string_len(string),
            Self::Array(array) => array.text_len(),
            Self::Object(object) => object.text_len(),
        }
    }

    /// How many arrays and objects stand around the innermost value, this one included; zero for
    /// what is neither. Remembered like [`Value::text_len`].
    #[must_use]
    pub fn depth(&self) -> usize {
        match self {
            Self::Array(array) => array.depth(),
            Self::Object(object) => object.depth(),
            _ => 0,
        }
    }

    /// The member `name` of an object; `None` for other kinds of values.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.get(name),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            _ => None,
        }
    }

    /// The items of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(array) => Some(array.items()),
            _ => None,
        }
    }

    /// The object.
    #[must_use]
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub fn as_number(&self) -> Option<Number> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The integer, when this is a number without a fraction that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        self.as_number().and_then(|number| number.as_i64())
    }

    /// The same, when it is not below zero.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        self.as_i64().and_then(|number| u64::try_from(number).ok())
    }

    /// The truth value.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The States Language's word for this kind of value.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Number(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Object(_) => "object",
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(Number::from(value))
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.into())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(value: Arc<str>) -> Self {
        Self::String(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::Array(items.into())
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

#[cfg(test)]
mod tests;
