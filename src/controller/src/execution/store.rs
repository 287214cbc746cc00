//! One execution's place in the Kubernetes API: its status, its pages, its finalizer.
//!
//! A status is written by PUT: one object in, one object out, nothing to merge, and fields that
//! ended are gone. The body has no spec, which the API server ignores on `/status` anyway. Of the
//! answer only the resourceVersion is read.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use crd::metadata::finalizers;
use crd::{Condition, Execution, ExecutionPage, ExecutionStatus, Lean, Time};
use engine::ports::{ExecutionKey, PageId, Revision, Snapshot, Store, StoreError, Stored};
use engine::record::Page;
use jiff::Timestamp;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::Request;
use kube::{Api, Client, Resource};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use super::pages;
use super::status::{Fixed, build_status};
use crate::admission::Admission;
use crate::error;
use crate::finalizer::{build_finalizers_patch, change_finalizers};

/// Who writes, for `metadata.managedFields`.
pub const FIELD_MANAGER: &str = "sfn-operator-executions";

/// Keeps one execution.
pub struct ExecutionStore {
    client: Client,
    writes: Arc<Semaphore>,
    admission: Arc<Admission>,
    fixed: Fixed,
    known: Mutex<Known>,
}

/// What the last read or write told.
#[derive(Debug, Clone, Default)]
struct Known {
    generation: Option<i64>,
    finalizers: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Deserialize)]
struct Written {
    metadata: ObjectMeta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusBody<'a> {
    api_version: Cow<'static, str>,
    kind: Cow<'static, str>,
    metadata: StatusMeta<'a>,
    status: &'a ExecutionStatus,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct StatusMeta<'a> {
    name: &'a str,
    namespace: &'a str,
    uid: &'a str,
    resource_version: &'a str,
}

impl ExecutionStore {
    /// The place of an execution that was just read. At most as many writes are under way as
    /// `writes` allows; `admission` is told once it has started.
    #[must_use]
    pub fn new(
        client: Client,
        writes: Arc<Semaphore>,
        admission: Arc<Admission>,
        fixed: Fixed,
        object: &Execution,
    ) -> Self {
        Self {
            client,
            writes,
            admission,
            fixed,
            known: Mutex::new(read_known(object)),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn executions(&self, key: &ExecutionKey) -> Api<Lean<Execution>> {
        Api::namespaced(self.client.clone(), &key.namespace)
    }

    fn pages(&self, key: &ExecutionKey) -> Api<ExecutionPage> {
        Api::namespaced(self.client.clone(), &key.namespace)
    }

    /// Puts a status in place, and says what the write is called.
    async fn put_status(
        &self,
        key: &ExecutionKey,
        status: &ExecutionStatus,
        after: &Revision,
    ) -> Result<Revision, StoreError> {
        let body = StatusBody {
            api_version: Execution::api_version(&()),
            kind: Execution::kind(&()),
            metadata: StatusMeta {
                name: &key.name,
                namespace: &key.namespace,
                uid: &key.uid,
                resource_version: &after.0,
            },
            status,
        };
        let body = serde_json::to_vec(&body).map_err(refused)?;
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let request = Request::new(Execution::url_path(&(), Some(&key.namespace)))
            .replace_subresource("status", &key.name, &params, body)
            .map_err(refused)?;
        self.written(self.client.request::<Written>(request).await)
    }

    fn written(&self, answer: Result<Written, kube::Error>) -> Result<Revision, StoreError> {
        let metadata = answer.map_err(store_error)?.metadata;
        let version = metadata.resource_version.unwrap_or_default();
        Ok(Revision(version.into()))
    }

    async fn create_page(&self, key: &ExecutionKey, page: &Page) -> Result<(), StoreError> {
        let object = pages::build_page(key, page);
        let params = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let _permit = self.writes.acquire().await;
        match self.pages(key).create(&params, &object).await {
            Ok(_) => Ok(()),
            // Its name holds a digest of its data: it is the same page.
            Err(error) if error::is_conflict(&error) => Ok(()),
            Err(error) if error::is_not_found(&error) => Err(self.why_no_place(key, &error).await),
            Err(error) => Err(store_error(error)),
        }
    }

    /// What it means that there is no place for a page: the Execution is gone with its namespace,
    /// or pages are not served at the moment.
    async fn why_no_place(&self, key: &ExecutionKey, error: &kube::Error) -> StoreError {
        match self.load(key).await {
            Err(StoreError::Gone) => StoreError::Gone,
            _ => StoreError::Transient {
                message: error.to_string(),
                retry_after: error::retry_after(error),
            },
        }
    }

    async fn set_finalizer(
        &self,
        key: &ExecutionKey,
        after: &Revision,
        present: bool,
    ) -> Result<Revision, StoreError> {
        let known = self.known().finalizers.clone();
        let wanted = change_finalizers(&known, finalizers::EXECUTION, present);
        let patch = build_finalizers_patch(Some(&key.uid), Some(&after.0), &wanted);
        let request = Request::new(Execution::url_path(&(), Some(&key.namespace)))
            .patch(
                &key.name,
                &PatchParams::apply(FIELD_MANAGER),
                &Patch::Merge(patch),
            )
            .map_err(refused)?;
        let revision = {
            let _permit = self.writes.acquire().await;
            self.written(self.client.request::<Written>(request).await)?
        };
        self.known().finalizers = wanted;
        Ok(revision)
    }
}

fn read_known(object: &Execution) -> Known {
    let status = object.status.as_ref();
    Known {
        generation: object.metadata.generation,
        finalizers: object.metadata.finalizers.clone().unwrap_or_default(),
        conditions: status
            .map(|status| status.conditions.clone())
            .unwrap_or_default(),
    }
}

/// Errors of requests, as the engine tells them apart.
pub(super) fn store_error(error: kube::Error) -> StoreError {
    match error::code(&error) {
        Some(404 | 410) => StoreError::Gone,
        Some(409) => StoreError::Conflict,
        Some(400 | 413 | 422) => refused(error),
        Some(403) if is_terminating(&error) => StoreError::Terminating,
        _ => StoreError::Transient {
            retry_after: error::retry_after(&error),
            message: error.to_string(),
        },
    }
}

/// Whether something cannot be created as its namespace is being deleted.
///
/// Source: `k8s.io/api/core/v1`, `NamespaceTerminatingCause`.
fn is_terminating(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else {
        return false;
    };
    let mut causes = status.details.iter().flat_map(|details| &details.causes);
    causes.any(|cause| cause.reason == "NamespaceTerminating")
}

fn refused(why: impl ToString) -> StoreError {
    StoreError::Refused(why.to_string())
}

#[async_trait]
impl Store for ExecutionStore {
    async fn load(&self, key: &ExecutionKey) -> Result<Stored, StoreError> {
        let Lean(object) = self
            .executions(key)
            .get(&key.name)
            .await
            .map_err(store_error)?;
        if object.metadata.uid.as_deref() != Some(&*key.uid) {
            return Err(StoreError::Gone);
        }
        *self.known() = read_known(&object);
        let version = object.metadata.resource_version.unwrap_or_default();
        let record = object.status.and_then(|status| status.checkpoint);
        Ok(Stored {
            record: record.map(Into::into),
            revision: Revision(version.into()),
        })
    }

    async fn save(
        &self,
        key: &ExecutionKey,
        snapshot: &Snapshot,
        after: &Revision,
    ) -> Result<Revision, StoreError> {
        let status = {
            let known = self.known();
            let (progress, record) = (&snapshot.progress, &snapshot.record);
            build_status(
                &self.fixed,
                known.generation,
                progress,
                record,
                &known.conditions,
                &Time(Timestamp::now()),
            )
        };
        let _permit = self.writes.acquire().await;
        let written = self.put_status(key, &status, after).await;
        // One that is refused again and again holds up no others.
        self.admission.started(&key.uid);
        let revision = written?;
        self.known().conditions = status.conditions;
        Ok(revision)
    }

    async fn save_page(&self, key: &ExecutionKey, page: &Page) -> Result<(), StoreError> {
        let written = self.create_page(key, page).await;
        written.inspect_err(|_| self.admission.started(&key.uid))
    }

    async fn load_page(&self, key: &ExecutionKey, id: &PageId) -> Result<Arc<str>, StoreError> {
        pages::load_page(&self.client, key, id).await
    }

    async fn delete_page(&self, key: &ExecutionKey, id: &PageId) -> Result<(), StoreError> {
        let name = pages::page_name(key, id);
        let params = DeleteParams::background();
        match self.pages(key).delete(&name, &params).await {
            Ok(_) => Ok(()),
            Err(error) if error::is_not_found(&error) => Ok(()),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn protect(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError> {
        let written = self.set_finalizer(key, after, true).await;
        written.inspect_err(|_| self.admission.started(&key.uid))
    }

    async fn release(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError> {
        self.set_finalizer(key, after, false).await
    }
}

#[cfg(test)]
mod tests;
