//! What is read of an object where a field of any content is large: all the rest.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, IntoDeserializer as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::cut::Cut;
use crate::{ExecutionSpec, ExecutionStatus};

/// What a field of any content that is small may take in memory, in bytes, roughly.
const SMALL: usize = 8 * 1024;
/// A part of an object whose field of any content reads as null where it is large. Whoever needs it
/// and finds null reads the object by itself.
#[derive(Debug, Clone)]
pub struct Brief<T>(pub T);

/// What has a field of any content.
trait AnyContent {
    /// The field's name.
    const NAME: &'static str;
    fn content(&mut self) -> &mut Option<Value>;
}

impl AnyContent for ExecutionSpec {
    const NAME: &'static str = "input";
    fn content(&mut self) -> &mut Option<Value> {
        &mut self.input
    }
}

impl AnyContent for ExecutionStatus {
    const NAME: &'static str = "output";
    fn content(&mut self) -> &mut Option<Value> {
        &mut self.output
    }
}

impl<'de, T: DeserializeOwned + AnyContent> Deserialize<'de> for Brief<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Part<T>(PhantomData<T>);

        impl<'de, T: DeserializeOwned + AnyContent> Visitor<'de> for Part<T> {
            type Value = Brief<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Brief<T>, A::Error> {
                let mut content = None;
                let others = Others {
                    members,
                    name: T::NAME,
                    content: &mut content,
                };
                let mut part = T::deserialize(MapAccessDeserializer::new(others))?;
                *part.content() = content;
                Ok(Brief(part))
            }
        }

        deserializer.deserialize_map(Part(PhantomData))
    }
}

/// The members of an object but for one of any content, which is read on the way.
struct Others<'c, A> {
    members: A,
    name: &'static str,
    content: &'c mut Option<Value>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Others<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(name) = self.members.next_key::<String>()? {
            if name != self.name {
                return seed.deserialize(name.into_deserializer()).map(Some);
            }
            let room = Cell::new(SMALL);
            let value = self.members.next_value_seed(Cut::within(&room))?;
            let is_whole = room.get() > 0;
            *self.content = Some(if is_whole { value } else { Value::Null });
        }
        Ok(None)
    }
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.members.next_value_seed(seed)
    }
}
