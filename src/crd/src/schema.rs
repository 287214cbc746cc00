//! The CustomResourceDefinitions, generated from the types.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

use crate::{Execution, ExecutionPage, StateMachine};

/// The definitions of all kinds, in the order in which they are to be installed.
///
/// # Errors
/// The schema of a kind is not what Kubernetes takes, which is a mistake in this crate.
pub fn custom_resource_definitions() -> Result<Vec<CustomResourceDefinition>, serde_json::Error> {
    [StateMachine::crd(), Execution::crd(), ExecutionPage::crd()]
        .into_iter()
        .map(tidied)
        .collect()
}

/// Kubernetes warns of formats it does not know (`uint32`), and a field that is nullable keeps an
/// explicit null as if it were set, which rules such as "exactly one of" must not see.
fn tidied(crd: CustomResourceDefinition) -> Result<CustomResourceDefinition, serde_json::Error> {
    let mut json = serde_json::to_value(crd)?;
    if let Some(versions) = json
        .pointer_mut("/spec/versions")
        .and_then(Value::as_array_mut)
    {
        for version in versions {
            if let Some(schema) = version.pointer_mut("/schema/openAPIV3Schema") {
                tidy_schema(schema);
            }
        }
    }
    serde_json::from_value(json)
}

fn tidy_schema(schema: &mut Value) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    if schema
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| format.starts_with("uint"))
    {
        schema.remove("format");
    }
    if schema.contains_key("type") {
        schema.remove("nullable");
    }
    for (_, property) in schema
        .get_mut("properties")
        .and_then(Value::as_object_mut)
        .into_iter()
        .flatten()
    {
        tidy_schema(property);
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(keyword) {
            tidy_schema(inner);
        }
    }
}

/// The schema of a field that holds any JSON value, null included.
pub(crate) fn any_json(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-preserve-unknown-fields": true, "nullable": true })
}

/// The schema of a field that holds any JSON object.
pub(crate) fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}
