//! A Job as the watch reads it: whole, in its own order and with fields that we do not know,
//! since the finished Job is a task's result.

use std::borrow::Cow;

use asl::Value;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::{Deserialize, Deserializer};

use super::view::task_label_of;

/// A Job of the API. Of its metadata only what a watch needs is kept apart.
#[derive(Debug, Clone)]
pub(super) struct WatchedJob {
    metadata: ObjectMeta,
    object: Value,
}

impl WatchedJob {
    /// The Job.
    pub(super) fn object(&self) -> &Value {
        &self.object
    }

    /// The task that it is marked with.
    pub(super) fn label(&self) -> Option<&str> {
        task_label_of(&self.object)
    }
}

impl<'de> Deserialize<'de> for WatchedJob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let object = Value::deserialize(deserializer)?;
        let text = |field: &str| {
            let text = object.get("metadata")?.get(field)?.as_str()?;
            Some(text.to_owned())
        };
        let metadata = ObjectMeta {
            name: text("name"),
            namespace: text("namespace"),
            uid: text("uid"),
            resource_version: text("resourceVersion"),
            ..ObjectMeta::default()
        };
        Ok(Self { metadata, object })
    }
}

impl Resource for WatchedJob {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Job".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "batch".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "jobs".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}
