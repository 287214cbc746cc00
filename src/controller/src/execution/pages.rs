//! The pages of an execution in the Kubernetes API: their names, their objects, what is in them.

use std::sync::Arc;

use crd::{Execution, ExecutionPage, ExecutionPageContent};
use engine::ports::{ExecutionKey, PageId, PageKind, StoreError};
use engine::record::Page;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Api, Client, Resource};

use super::store::store_error;

/// Reads a page's data. A page of that name that belongs to another execution counts as none.
///
/// # Errors
/// See [`StoreError`]; [`StoreError::Gone`] when there is no such page.
pub async fn load_page(
    client: &Client,
    key: &ExecutionKey,
    id: &PageId,
) -> Result<Arc<str>, StoreError> {
    let pages: Api<ExecutionPage> = Api::namespaced(client.clone(), &key.namespace);
    let page = pages.get(&page_name(key, id)).await.map_err(store_error)?;
    if page.spec.execution_uid != *key.uid {
        return Err(StoreError::Gone);
    }
    Ok(page.spec.data.into())
}

/// A page's object's name.
pub(super) fn page_name(key: &ExecutionKey, id: &PageId) -> String {
    let kind = match id.kind {
        PageKind::History => 'h',
        PageKind::Checkpoint => 'c',
        PageKind::Values => 'v',
    };
    let uid: String = key.uid.chars().take(5).collect();
    format!("{}-{uid}-{kind}{}-{}", key.name, id.sequence, id.digest)
}

/// A page's object, owned by the Execution.
pub(super) fn build_page(key: &ExecutionKey, page: &Page) -> ExecutionPage {
    let format = match page.id.kind {
        PageKind::History => "history.v1+zstd+base64",
        PageKind::Checkpoint => "checkpoint.v1+zstd+base64",
        PageKind::Values => "values.v1+zstd+base64",
    };
    let owner = OwnerReference {
        api_version: Execution::api_version(&()).into_owned(),
        kind: Execution::kind(&()).into_owned(),
        name: key.name.to_string(),
        uid: key.uid.to_string(),
        controller: Some(true),
        block_owner_deletion: None,
    };
    let content = ExecutionPageContent {
        execution_uid: key.uid.to_string(),
        sequence: i64::try_from(page.id.sequence).unwrap_or(i64::MAX),
        format: format.to_owned(),
        data: page.data.to_string(),
    };
    let mut object = ExecutionPage::new(&page_name(key, &page.id), content);
    object.metadata.owner_references = Some(vec![owner]);
    object
}
