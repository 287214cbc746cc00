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

mod brief;
mod cut;

use std::borrow::Cow;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Resource;
use kube::api::ObjectMeta;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

pub use brief::Brief;
pub use cut::{MAX_READ_DEPTH, depth};
pub(crate) use cut::{cut, cut_unless_null};

use crate::{Execution, ExecutionSpec, ExecutionStatus, StateMachine, Time};

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

#[cfg(test)]
mod tests {
    use kube::ResourceExt as _;
    use rstest::rstest;

    use serde_json::Value;

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
