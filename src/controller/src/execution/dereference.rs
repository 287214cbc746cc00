//! What an Execution refers to, read from the API. Client required.

use std::borrow::Cow;
use std::sync::Arc;

use crd::{Execution, Lean, RunStatus, StateMachine};
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::api::ObjectMeta;
use kube::{Api, Resource, ResourceExt as _};
use serde_json::Value;

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

/// The object with its whole input; `None` if it is gone. A watch brings a large input as null.
///
/// # Errors
/// It cannot be read.
pub async fn dereference_input<'a>(
    context: &Context,
    execution: &'a Execution,
) -> Result<Option<Cow<'a, Execution>>, ReconcileError> {
    if execution.spec.input != Some(Value::Null) {
        return Ok(Some(Cow::Borrowed(execution)));
    }
    let namespace = execution.namespace().unwrap_or_default();
    let executions: Api<Execution> = Api::namespaced(context.client.clone(), &namespace);
    let found = executions
        .get_opt(&execution.name_any())
        .await
        .map_err(ReconcileError::request("read the Execution's input"))?;
    let found = found.filter(|found| found.uid() == execution.uid());
    Ok(found.map(Cow::Owned))
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
    if found.execution.run_status() != Some(RunStatus::Running) {
        return Ok(None);
    }
    if found.record.is_empty() {
        let why = "it runs, but status.checkpoint is empty";
        return Err(ReconcileError::Lost(why.to_owned()));
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
    Ok(found.filter(|found| found.execution.has_ended()))
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

/// How the StateMachine of an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StateMachineState {
    /// It is there.
    Active,
    /// It is being deleted.
    Deleting,
    /// It is not there.
    Missing,
}

impl StateMachineState {
    fn of(metadata: Option<&ObjectMeta>) -> Self {
        match metadata.map(|metadata| &metadata.deletion_timestamp) {
            Some(None) => Self::Active,
            Some(Some(_)) => Self::Deleting,
            None => Self::Missing,
        }
    }

    /// Why its executions are not redriven. Source: API reference, `RedriveExecution`.
    #[must_use]
    pub fn refusal(self) -> Option<&'static str> {
        match self {
            Self::Active => None,
            Self::Deleting => Some("State machine is in DELETING status."),
            Self::Missing => Some("the StateMachine is not there any more"),
        }
    }
}

/// How the StateMachine of an execution that was started is.
///
/// # Errors
/// It cannot be read, or is named by an ARN that is not known.
pub async fn dereference_state_machine(
    context: &Context,
    execution: &Execution,
) -> Result<StateMachineState, ReconcileError> {
    let namespace = execution.namespace().unwrap_or_default();
    let spec = &execution.spec;
    let name = match (&spec.state_machine_ref, &spec.state_machine_arn) {
        (Some(named), _) => Some(named.from.name.clone()),
        (None, Some(arn)) => context.definitions.name_of(&namespace, arn),
        (None, None) => None,
    };
    // Soon it is, or the revision that it had is gone too.
    let name = name.ok_or_else(|| {
        let why = "its StateMachine is not known".to_owned();
        ReconcileError::Resume(why)
    })?;
    let state_machines: Api<Lean<StateMachine>> =
        Api::namespaced(context.client.clone(), &namespace);
    let found = state_machines
        .get_opt(&name)
        .await
        .map_err(ReconcileError::request("read the StateMachine"))?;
    Ok(StateMachineState::of(found.as_ref().map(Resource::meta)))
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
    let runner = context.runner.clone();
    // A definition of 1 MiB takes a while.
    let reading = tokio::task::spawn_blocking(move || revision::read_object(&object, &*runner));
    let revision = reading.await.map_err(|_| {
        let why = format!("reading the revision {id} ended unexpectedly");
        ReconcileError::Resume(why)
    })??;
    Ok(context.definitions.share(&namespace, revision))
}

#[cfg(test)]
mod tests {
    use crd::Time;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::there(Some(None), None)]
    #[case::leaving(Some(Some(0)), Some("State machine is in DELETING status."))]
    #[case::gone(None, Some("the StateMachine is not there any more"))]
    fn executions_of_a_state_machine_that_leaves_are_not_redriven(
        #[case] deleted: Option<Option<i64>>,
        #[case] expected: Option<&str>,
    ) {
        let metadata = deleted.map(|at| ObjectMeta {
            deletion_timestamp: at.map(|_| Time(jiff::Timestamp::UNIX_EPOCH)),
            ..ObjectMeta::default()
        });
        let state = StateMachineState::of(metadata.as_ref());
        assert_eq!(state.refusal(), expected);
    }
}
