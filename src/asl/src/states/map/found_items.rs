//! The items that a Map state found, and where.

use std::sync::Arc;

use super::ItemReader;
use crate::value::{Array, Object, ObjectBuilder, Value};

/// The items in the order in which they are processed.
#[derive(Debug, Default)]
pub(crate) struct FoundItems {
    /// What each is as an input.
    pub values: Array,
    /// Whether they are the members of an object, each as `{"Key": …, "Value": …}`.
    pub keyed: bool,
}

impl FoundItems {
    /// The members of an object.
    pub(super) fn members(object: &Object) -> Self {
        let members = object.members().iter();
        let pairs = members.map(|(key, value)| key_and_value(key.clone(), value.clone()));
        Self {
            values: pairs.collect::<Vec<Value>>().into(),
            keyed: true,
        }
    }
}

impl From<Array> for FoundItems {
    fn from(values: Array) -> Self {
        Self {
            values,
            keyed: false,
        }
    }
}

/// A member of an object as an item.
pub(crate) fn key_and_value(key: Arc<str>, value: Value) -> Value {
    let pair = ObjectBuilder::with_capacity(2).with("Key", key);
    Value::Object(pair.with("Value", value).build())
}

/// `$$.Map.Item.Source` of items in the state's input.
pub(crate) const STATE_DATA: &str = "STATE_DATA";

impl ItemReader {
    /// `$$.Map.Item.Source` of what it reads: the object, or the bucket whose objects it lists.
    pub(super) fn source(&self, parameters: &Value) -> Arc<str> {
        let text = |name| parameters.get(name).and_then(Value::as_str);
        let bucket = text("Bucket").unwrap_or_default();
        match text("Key").filter(|_| self.resource.is("s3", "getObject")) {
            Some(key) => format!("S3://{bucket}/{key}").into(),
            None => format!("S3://{bucket}").into(),
        }
    }
}
