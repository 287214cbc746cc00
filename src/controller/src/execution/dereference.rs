//! What an Execution refers to, read from the API. Client required.

use std::sync::Arc;

use crd::{Execution, Lean, RunStatus};
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::{Api, ResourceExt as _};

use super::status::read_task;
use crate::context::Context;
use crate::error::{ReconcileError, is_not_found};
use crate::revision::{self, Revision};
use engine::progress::TaskView;

/// What it takes to continue an execution.
#[derive(Debug)]
pub struct Resumable {
    /// The object, with the resourceVersion that the record has.
    pub execution: Execution,
    /// The record.
    pub record: String,
    /// What people saw of its tasks.
    pub tasks: Vec<TaskView>,
}

/// Reads the object and its record, unless the watch brought both; `None` if it is not running
/// any more.
///
/// # Errors
/// The object cannot be read, or has no record.
pub async fn dereference_record(
    context: &Context,
    execution: &Execution,
) -> Result<Option<Resumable>, ReconcileError> {
    let uid = execution.uid().unwrap_or_default();
    let version = execution.resource_version().unwrap_or_default();
    if let Some(stash) = context.live.take_stash(&uid, &version) {
        return Ok(Some(Resumable {
            execution: execution.clone(),
            record: stash.record,
            tasks: stash.tasks.iter().map(read_task).collect(),
        }));
    }
    let Some(found) = read_again(context, execution).await? else {
        return Ok(None);
    };
    if !has_status(&found.execution, |status| status == RunStatus::Running) {
        return Ok(None);
    }
    if found.record.is_empty() {
        let why = "it runs, but status.checkpoint is empty";
        return Err(ReconcileError::Resume(why.to_owned()));
    }
    Ok(Some(found))
}

/// Reads the object and its record; `None` if it has not ended, or is gone. The record of one that
/// never started is empty.
///
/// # Errors
/// The object cannot be read.
pub async fn dereference_ended(
    context: &Context,
    execution: &Execution,
) -> Result<Option<Resumable>, ReconcileError> {
    let found = read_again(context, execution).await?;
    Ok(found.filter(|found| has_status(&found.execution, RunStatus::is_finished)))
}

fn has_status(execution: &Execution, is: impl Fn(RunStatus) -> bool) -> bool {
    let status = execution.status.as_ref().and_then(|status| status.status);
    status.is_some_and(is)
}

async fn read_again(
    context: &Context,
    execution: &Execution,
) -> Result<Option<Resumable>, ReconcileError> {
    let namespace = execution.namespace().unwrap_or_default();
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), &namespace);
    let found = executions
        .get_opt(&execution.name_any())
        .await
        .map_err(ReconcileError::request("read the Execution"))?;
    let found = found.map(|Lean(found)| found);
    let Some(mut found) = found.filter(|found| found.uid() == execution.uid()) else {
        return Ok(None);
    };
    let status = found.status.as_mut();
    let (tasks, record) = status.map_or_else(Default::default, |status| {
        let tasks = status.tasks.iter().map(read_task).collect();
        (tasks, status.checkpoint.take().unwrap_or_default())
    });
    Ok(Some(Resumable {
        execution: found,
        record,
        tasks,
    }))
}

/// The revision that an execution is pinned to.
///
/// # Errors
/// It is not there, or cannot be used.
pub async fn dereference_revision(
    context: &Context,
    execution: &Execution,
) -> Result<Arc<Revision>, ReconcileError> {
    let namespace = execution.namespace().unwrap_or_default();
    let id = execution
        .status
        .as_ref()
        .and_then(|status| status.revision_id.as_deref());
    let id = id.ok_or(ReconcileError::Incomplete("status.revisionId"))?;
    if let Some(revision) = context.definitions.revision(&namespace, id) {
        return Ok(revision);
    }
    let revisions: Api<ControllerRevision> = Api::namespaced(context.client.clone(), &namespace);
    let object = match revisions.get(id).await {
        Ok(object) => object,
        Err(error) if is_not_found(&error) => {
            let (name, why) = (id.to_owned(), "it is not there".to_owned());
            return Err(ReconcileError::Revision { name, why });
        }
        Err(error) => return Err(ReconcileError::request("read the revision")(error)),
    };
    let revision = revision::read_object(&object, &*context.runner)?;
    Ok(context.definitions.share(&namespace, revision))
}
