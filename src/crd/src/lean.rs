//! Objects as the operator reads them: whatever somebody wrote into one of them, all the others
//! can still be read.
//!
//! JSON nested in more than 128 levels cannot be read by `serde_json`, and one such object would
//! make every list that it is in unreadable. The API server takes about 10,000 levels, in fields
//! of any content and, a level for each of theirs, in `metadata.managedFields`. The first are cut
//! (see [`MAX_READ_DEPTH`]), the second are left out; nothing here needs them.
//!
//! JSON also takes up to a hundred times its length in memory once it is read. Of Executions many
//! are read at a time, so their fields of any content are kept where they are small (see
//! [`Brief`]).

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Resource;
use kube::api::ObjectMeta;
use serde::de::value::MapAccessDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, IgnoredAny, IntoDeserializer as _, MapAccess, SeqAccess,
    Visitor,
};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

use crate::{Execution, ExecutionSpec, ExecutionStatus, StateMachine, Time};

/// So many levels of a field of any content are read; arrays and objects below them read as null.
/// It is more than a payload may have, so that one that was cut is told by its depth.
pub const MAX_READ_DEPTH: usize = 110;

/// What a field of any content that is small may take in memory, in bytes, roughly.
const SMALL: usize = 8 * 1024;
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

/// An object, read without what would make it unreadable.
#[derive(Debug, Clone)]
pub struct Lean<K>(pub K);

/// A kind that can be read so.
pub trait LeanRead: Resource<DynamicType = ()> {
    /// Its `spec`.
    type Spec: DeserializeOwned;
    /// Its `status`.
    type Status: DeserializeOwned;
    /// The object.
    fn assemble(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self;
}

impl LeanRead for Execution {
    type Spec = Brief<ExecutionSpec>;
    type Status = Brief<ExecutionStatus>;
    fn assemble(
        metadata: ObjectMeta,
        Brief(spec): Brief<ExecutionSpec>,
        status: Option<Brief<ExecutionStatus>>,
    ) -> Self {
        Self {
            metadata,
            spec,
            status: status.map(|Brief(status)| status),
        }
    }
}

impl LeanRead for StateMachine {
    type Spec = crate::StateMachineSpec;
    type Status = crate::StateMachineStatus;
    fn assemble(
        metadata: ObjectMeta,
        spec: crate::StateMachineSpec,
        status: Option<crate::StateMachineStatus>,
    ) -> Self {
        Self {
            metadata,
            spec,
            status,
        }
    }
}

impl<K: Resource> Resource for Lean<K> {
    type DynamicType = K::DynamicType;
    type Scope = K::Scope;

    fn kind(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::kind(dynamic)
    }
    fn group(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::group(dynamic)
    }
    fn version(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::version(dynamic)
    }
    fn plural(dynamic: &Self::DynamicType) -> Cow<'_, str> {
        K::plural(dynamic)
    }
    fn meta(&self) -> &ObjectMeta {
        self.0.meta()
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        self.0.meta_mut()
    }
}

impl<'de, K: LeanRead> Deserialize<'de> for Lean<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(bound = "")]
        struct Whole<K: LeanRead> {
            metadata: Metadata,
            spec: K::Spec,
            #[serde(default = "Option::default")]
            status: Option<K::Status>,
        }
        let whole = Whole::<K>::deserialize(deserializer)?;
        let metadata = whole.metadata.into();
        Ok(Self(K::assemble(metadata, whole.spec, whole.status)))
    }
}

/// The metadata of an object of any kind, read in the same way.
#[derive(Debug, Clone)]
pub struct LeanMetadata(pub ObjectMeta);

impl<'de> Deserialize<'de> for LeanMetadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Whole {
            metadata: Metadata,
        }
        let whole = Whole::deserialize(deserializer)?;
        Ok(Self(whole.metadata.into()))
    }
}

/// `metadata` without `managedFields`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    annotations: Option<std::collections::BTreeMap<String, String>>,
    creation_timestamp: Option<Time>,
    deletion_grace_period_seconds: Option<i64>,
    deletion_timestamp: Option<Time>,
    finalizers: Option<Vec<String>>,
    generate_name: Option<String>,
    generation: Option<i64>,
    labels: Option<std::collections::BTreeMap<String, String>>,
    name: Option<String>,
    namespace: Option<String>,
    owner_references: Option<Vec<OwnerReference>>,
    resource_version: Option<String>,
    uid: Option<String>,
}

impl From<Metadata> for ObjectMeta {
    fn from(metadata: Metadata) -> Self {
        Self {
            annotations: metadata.annotations,
            creation_timestamp: metadata.creation_timestamp,
            deletion_grace_period_seconds: metadata.deletion_grace_period_seconds,
            deletion_timestamp: metadata.deletion_timestamp,
            finalizers: metadata.finalizers,
            generate_name: metadata.generate_name,
            generation: metadata.generation,
            labels: metadata.labels,
            name: metadata.name,
            namespace: metadata.namespace,
            owner_references: metadata.owner_references,
            resource_version: metadata.resource_version,
            uid: metadata.uid,
            ..Self::default()
        }
    }
}

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
struct Cut<'r> {
    levels: usize,
    room: &'r Cell<usize>,
}

impl<'r> Cut<'r> {
    fn within(room: &'r Cell<usize>) -> Self {
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

#[cfg(test)]
mod tests {
    use kube::ResourceExt as _;
    use rstest::rstest;

    use super::*;

    /// An Execution whose input, and the record of who set it, are nested so deep.
    fn execution(levels: usize) -> String {
        let nested = |open: &str, close: &str| open.repeat(levels) + "{}" + &close.repeat(levels);
        let fields = nested(r#"{"f:a":"#, "}");
        let input = nested(r#"{"a":["#, "]}");
        format!(
            r#"{{"apiVersion":"sfn.services.k8s.aws/v1alpha1","kind":"Execution","metadata":{{"name":"e","uid":"u","managedFields":[{{"fieldsV1":{fields}}}]}},"spec":{{"stateMachineRef":{{"from":{{"name":"m"}}}},"input":{input}}}}}"#
        )
    }

    #[rstest]
    #[case(1, 3)]
    #[case(54, 109)]
    #[case(55, MAX_READ_DEPTH)]
    #[case(4_000, MAX_READ_DEPTH)]
    fn an_object_is_read_however_deep_its_fields_are(
        #[case] levels: usize,
        #[case] expected: usize,
    ) {
        let LeanMetadata(metadata) = serde_json::from_str(&execution(levels)).unwrap();
        assert_eq!(metadata.uid.as_deref(), Some("u"));
        let Lean(read) = serde_json::from_str::<Lean<Execution>>(&execution(levels)).unwrap();
        assert_eq!(read.name_any(), "e");
        assert_eq!(read.metadata.managed_fields, None);
        assert_eq!(depth(&read.spec.input.unwrap()), expected);
    }

    #[rstest]
    #[case::small(40, 100, true)]
    #[case::many_values(2_000, 1, false)]
    #[case::much_text(1, 20_000, false)]
    fn an_input_is_kept_where_it_is_small(
        #[case] items: usize,
        #[case] text: usize,
        #[case] is_kept: bool,
    ) {
        let input = Value::from(vec!["x".repeat(text); items]);
        let text = format!(
            r#"{{"metadata":{{"name":"e"}},"spec":{{"name":"e","input":{input},"redriveCount":3}},"status":{{"output":{input},"cause":"c"}}}}"#
        );
        let Lean(read) = serde_json::from_str::<Lean<Execution>>(&text).unwrap();
        let status = read.status.unwrap();
        let expected = if is_kept { input } else { Value::Null };
        assert_eq!(read.spec.input.as_ref(), Some(&expected));
        assert_eq!(status.output, Some(expected));
        assert_eq!(read.spec.redrive_count, Some(3), "what follows is read");
        assert_eq!(status.cause.as_deref(), Some("c"));
    }

    #[test]
    fn an_absent_input_stays_absent() {
        let text = r#"{"metadata":{"name":"e"},"spec":{}}"#;
        let Lean(read) = serde_json::from_str::<Lean<Execution>>(text).unwrap();
        assert_eq!(read.spec.input, None);
    }

    #[test]
    fn null_is_told_from_absent_and_what_is_not_deep_stays_as_it_is() {
        let read = |text: &str| {
            serde_json::from_str::<crate::ExecutionSpec>(text)
                .unwrap()
                .input
        };
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"input":null}"#), Some(Value::Null));
        let input = r#"{"a":[1,-2,2.5,18446744073709551615,"ä",true,null,{}]}"#;
        let expected = serde_json::from_str(input).unwrap();
        assert_eq!(read(&format!(r#"{{"input":{input}}}"#)), Some(expected));
    }
}
