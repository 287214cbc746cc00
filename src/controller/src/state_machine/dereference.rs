//! What a StateMachine refers to, read from the API. Client required.

use std::collections::BTreeMap;

use crd::{NamespacedReference, StateMachine};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::core::{ApiResource, DynamicObject, GroupVersionKind};
use kube::{Api, ResourceExt as _};

use crate::context::Context;
use crate::error::ReconcileError;

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dereferenced {
    /// The text that `definitionFrom` names.
    pub definition: Found,
    /// The ARN of the Role that `roleRef` names.
    pub role_arn: Found,
}

/// What became of a reference.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Found {
    /// There is none.
    #[default]
    NotAsked,
    /// It leads to this.
    Text(String),
    /// It leads nowhere, and why.
    Nothing(String),
}

/// Follows the references of a StateMachine.
///
/// # Errors
/// The API cannot be asked.
pub async fn dereference(
    context: &Context,
    state_machine: &StateMachine,
) -> Result<Dereferenced, ReconcileError> {
    let namespace = state_machine.namespace().unwrap_or_default();
    Ok(Dereferenced {
        definition: dereference_definition(context, state_machine, &namespace).await?,
        role_arn: dereference_role(context, state_machine, &namespace).await?,
    })
}

async fn dereference_definition(
    context: &Context,
    state_machine: &StateMachine,
    namespace: &str,
) -> Result<Found, ReconcileError> {
    let Some(source) = &state_machine.spec.definition_from else {
        return Ok(Found::NotAsked);
    };
    let key = &source.config_map_key_ref;
    let config_maps: Api<ConfigMap> = Api::namespaced(context.client.clone(), namespace);
    let config_map = config_maps
        .get_opt(&key.name)
        .await
        .map_err(ReconcileError::request(
            "read the ConfigMap of spec.definitionFrom",
        ))?;
    let Some(config_map) = config_map else {
        return Ok(Found::Nothing(format!(
            "there is no ConfigMap '{}'",
            key.name
        )));
    };
    let texts: BTreeMap<_, _> = config_map.data.unwrap_or_default();
    Ok(match texts.get(&key.key) {
        Some(text) => Found::Text(text.clone()),
        None => Found::Nothing(format!(
            "the ConfigMap '{}' has no key '{}'",
            key.name, key.key
        )),
    })
}

/// ACK's IAM controller keeps Roles; of one that it made, status has the ARN.
async fn dereference_role(
    context: &Context,
    state_machine: &StateMachine,
    namespace: &str,
) -> Result<Found, ReconcileError> {
    let from = state_machine
        .spec
        .role_ref
        .as_ref()
        .and_then(|role| role.from.as_ref());
    let Some(NamespacedReference {
        name: Some(name),
        namespace: other,
    }) = from
    else {
        return Ok(Found::NotAsked);
    };
    if other.as_deref().is_some_and(|other| other != namespace) {
        let why = "roles of other namespaces cannot be used".to_owned();
        return Ok(Found::Nothing(why));
    }
    let kind = GroupVersionKind::gvk("iam.services.k8s.aws", "v1alpha1", "Role");
    let resource = ApiResource::from_gvk_with_plural(&kind, "roles");
    let roles: Api<DynamicObject> =
        Api::namespaced_with(context.client.clone(), namespace, &resource);
    let role = roles
        .get_opt(name)
        .await
        .map_err(ReconcileError::request("read the Role of spec.roleRef"))?;
    let arn = role.as_ref().and_then(|role| {
        role.data
            .pointer("/status/ackResourceMetadata/arn")?
            .as_str()
    });
    Ok(match (arn, role.is_some()) {
        (Some(arn), _) => Found::Text(arn.to_owned()),
        (None, true) => Found::Nothing(format!("the Role '{name}' has no ARN yet")),
        (None, false) => Found::Nothing(format!("there is no Role '{name}'")),
    })
}
