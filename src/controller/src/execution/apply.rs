//! Starting, continuing and letting go of executions. Client required.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use asl::machine::ExecutionInfo;
use crd::metadata::finalizers;
use crd::{Execution, ExecutionStatus, Lean};
use engine::driver::{Driver, End, Handle, Known, Ports, ResumeError, Settings};
use engine::ports::{ExecutionKey, Revision as Written, StoreError};
use futures::FutureExt as _;
use kube::api::{Patch, PatchParams};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};

use super::dereference::Resumable;
use super::status::{Fixed, build_advised};
use super::store::{ExecutionStore, FIELD_MANAGER};
use super::validate::Request;
use crate::backoff::Pace;
use crate::context::Context;
use crate::error::{ReconcileError, is_not_found};
use crate::finalizer::{build_finalizers_patch, change_finalizers};
use crate::revision::Revision;

/// Starts an execution.
///
/// # Errors
/// The object is incomplete.
pub fn apply_start(
    context: &Arc<Context>,
    execution: &Execution,
    revision: Arc<Revision>,
    request: Request,
) -> Result<(), ReconcileError> {
    let settings = settings(context, execution, &revision)?;
    let place = &revision.content.place;
    let name = &revision.content.name;
    let fixed = fixed(execution, &revision);
    let info = ExecutionInfo {
        id: fixed.arn.as_str().into(),
        name: settings.key.name.clone(),
        role_arn: revision
            .content
            .role_arn
            .as_deref()
            .unwrap_or_default()
            .into(),
        start_time: context.clock.now(),
        input: request.input,
        state_machine_id: place.state_machine_arn(name).into(),
        state_machine_name: name.as_str().into(),
        region: place.region.as_str().into(),
    };
    let ports = ports(context, execution, fixed);
    let definition = revision.definition.clone();
    let key = settings.key.clone();
    let (driver, handle) = Driver::start(ports, settings, definition, info, known(execution)?);
    carry(context, execution, key, revision, driver, handle);
    Ok(())
}

/// How an execution is taken up from its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakeUp {
    /// It runs, and is continued.
    Resume,
    /// It ended, and is to go on from there.
    Redrive,
}

/// Has a driver take an execution up from its record.
///
/// # Errors
/// Its record cannot be continued, or a page of it not be read; or it may not be redriven.
pub async fn apply_take_up(
    context: &Arc<Context>,
    resumable: Resumable,
    revision: Arc<Revision>,
    how: TakeUp,
) -> Result<(), ReconcileError> {
    let Resumable {
        execution,
        record,
        tasks,
    } = resumable;
    let settings = settings(context, &execution, &revision)?;
    let ports = ports(context, &execution, fixed(&execution, &revision));
    let definition = revision.definition.clone();
    let known = known(&execution)?;
    let key = settings.key.clone();
    let taken_up = match how {
        TakeUp::Resume => Driver::resume(ports, settings, definition, &record, tasks, known).await,
        TakeUp::Redrive => {
            Driver::redrive(ports, settings, definition, &record, tasks, known).await
        }
    };
    let (driver, handle) = taken_up.map_err(read_failure)?;
    carry(context, &execution, key, revision, driver, handle);
    Ok(())
}

fn read_failure(error: ResumeError) -> ReconcileError {
    let why = error.to_string();
    match error {
        ResumeError::Page(error) if error != StoreError::Gone => ReconcileError::Resume(why),
        _ => ReconcileError::Lost(why),
    }
}

/// Has a driver carry an execution to its end.
fn carry(
    context: &Arc<Context>,
    execution: &Execution,
    key: ExecutionKey,
    revision: Arc<Revision>,
    driver: Driver,
    handle: Handle,
) {
    let ends = Ends {
        context: context.clone(),
        object: ObjectRef::from_obj(execution),
        uid: (*key.uid).to_owned(),
        state_machine: execution
            .spec
            .state_machine_ref
            .clone()
            .map(|named| named.from.name),
        ttl: execution.spec.ttl_seconds_after_finished,
    };
    let state_machine = &revision.content.name;
    let version = execution.resource_version().unwrap_or_default();
    // Its place is taken only while it is carried: else whoever sees it deleted gives it away.
    context.live.insert(key, &version, handle, revision.clone());
    context.admission.occupy(execution, state_machine);
    context.metrics.live(1);
    context.drivers.spawn(async move {
        match AssertUnwindSafe(driver.run()).catch_unwind().await {
            Ok(end) => ends.driver_ended(end),
            Err(_) => ends.driver_panicked(),
        }
    });
}

/// What is needed once a driver ended.
struct Ends {
    context: Arc<Context>,
    object: ObjectRef<Execution>,
    uid: String,
    state_machine: Option<String>,
    ttl: Option<i32>,
}

impl Ends {
    /// One that is taken up again from here on counts again.
    fn leave(&self) {
        self.context.metrics.live(-1);
        self.context.admission.remove(&self.uid);
    }

    /// It is taken up again from what is stored, after a pause.
    fn driver_panicked(self) {
        self.leave();
        let context = self.context;
        context.live.forget(&self.uid);
        let object = self.object;
        let pause = context
            .driver_backoffs
            .failed(object.clone(), Pace::Slow, None);
        let milliseconds = pause.as_millis();
        tracing::error!(%object, milliseconds, "its driver panicked; reading it again after a pause");
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            context.wake_execution(object);
        });
    }

    fn driver_ended(self, end: End) {
        self.leave();
        let context = &self.context;
        context.driver_backoffs.succeeded(&self.object);
        let namespace = self.object.namespace.clone().unwrap_or_default();
        let state_machine = self.state_machine.as_deref();
        match end {
            End::Finished(_) => {
                context.live.end(&self.uid);
                context.execution_finished(&self.object, &self.uid, state_machine, self.ttl);
            }
            End::Gone => context.live.end(&self.uid),
            End::Superseded => {
                tracing::warn!(object = %self.object, "written by someone else; reading it again");
                context.live.forget(&self.uid);
                context.wake_execution(self.object);
            }
            End::ShutDown => context.live.forget(&self.uid),
        }
        if let Some(name) = state_machine {
            context.execution_ended(&namespace, name);
        }
    }
}

fn settings(
    context: &Context,
    execution: &Execution,
    revision: &Revision,
) -> Result<Settings, ReconcileError> {
    Ok(Settings {
        key: execution_key(execution)?,
        identity: revision.identity(),
        retain_jobs: execution.spec.retain_jobs.unwrap_or_default(),
        limits: context.limits,
    })
}

/// What the engine calls it.
///
/// # Errors
/// It has no uid.
pub fn execution_key(execution: &Execution) -> Result<ExecutionKey, ReconcileError> {
    let uid = execution.uid().ok_or(ReconcileError::Incomplete("uid"))?;
    Ok(ExecutionKey {
        namespace: execution.namespace().unwrap_or_default().into(),
        name: execution.name_any().into(),
        uid: uid.into(),
    })
}

fn fixed(execution: &Execution, revision: &Revision) -> Fixed {
    let content = &revision.content;
    let uid = execution.uid().unwrap_or_default();
    Fixed {
        arn: content.execution_arn(&execution.name_any(), &uid),
        place: content.place.clone(),
        revision_id: revision.id.to_string(),
    }
}

fn known(execution: &Execution) -> Result<Known, ReconcileError> {
    let version = execution.resource_version();
    let version = version.ok_or(ReconcileError::Incomplete("resourceVersion"))?;
    let finalizers = execution.finalizers();
    Ok(Known {
        revision: Written(version.into()),
        protected: finalizers.iter().any(|name| name == finalizers::EXECUTION),
    })
}

fn ports(context: &Arc<Context>, execution: &Execution, fixed: Fixed) -> Ports {
    let (client, writes) = (context.client.clone(), context.writes.clone());
    let admission = context.admission.clone();
    let store = ExecutionStore::new(client, writes, admission, fixed, execution);
    Ports {
        store: Arc::new(store),
        runner: context.runner.clone(),
        clock: context.clock.clone(),
        entropy: context.entropy.clone(),
        observer: context.observer.clone(),
        shutdown: context.shutdown.clone(),
    }
}

/// Writes the status of an execution that ended without a driver.
///
/// # Errors
/// It could not be written.
pub async fn apply_ended(
    context: &Context,
    execution: &Execution,
    status: &ExecutionStatus,
) -> Result<(), ReconcileError> {
    let mut body = serde_json::to_value(status).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        // A merge patch removes only what it names.
        let gone = ["progress", "currentStates", "tasks"];
        fields.extend(gone.map(|field| (field.to_owned(), serde_json::Value::Null)));
    }
    patch_status(context, execution, body).await
}

/// Writes the status of an execution that no driver carries, if it says something new.
///
/// # Errors
/// It could not be written.
pub async fn apply_status(
    context: &Context,
    execution: &Execution,
    status: ExecutionStatus,
) -> Result<(), ReconcileError> {
    if execution.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let status = serde_json::to_value(status).unwrap_or_default();
    patch_status(context, execution, status).await
}

/// Changes what `status` names, unless the object was changed since it was read.
async fn patch_status(
    context: &Context,
    execution: &Execution,
    status: serde_json::Value,
) -> Result<(), ReconcileError> {
    let patch = serde_json::json!({
        "metadata": {
            "resourceVersion": execution.metadata.resource_version,
            "uid": execution.metadata.uid,
        },
        "status": status,
    });
    let params = PatchParams::apply(FIELD_MANAGER);
    let executions = executions(context, execution);
    executions
        .patch_status(&execution.name_any(), &params, &Patch::Merge(patch))
        .await
        .map_err(ReconcileError::request("write the Execution's status"))?;
    Ok(())
}

/// Says of an execution that ended and is asked to go on why it does not, or not yet; false if it
/// says so already. Nothing else is written: of an output a merge patch would lose the nulls.
///
/// # Errors
/// It could not be written.
pub async fn apply_advised(
    context: &Context,
    execution: &Execution,
    reason: &str,
    message: &str,
) -> Result<bool, ReconcileError> {
    let Some(current) = &execution.status else {
        return Ok(false);
    };
    let conditions = build_advised(current, reason, message, &context.now());
    let generation = execution.metadata.generation;
    if conditions == current.conditions && generation == current.observed_generation {
        return Ok(false);
    }
    let status = serde_json::json!({"conditions": conditions, "observedGeneration": generation});
    patch_status(context, execution, status).await?;
    Ok(true)
}

/// Removes the finalizer.
///
/// # Errors
/// It could not be removed.
pub async fn apply_let_go(context: &Context, execution: &Execution) -> Result<(), ReconcileError> {
    let left = change_finalizers(execution.finalizers(), finalizers::EXECUTION, false);
    let metadata = &execution.metadata;
    let (uid, version) = (&metadata.uid, &metadata.resource_version);
    let patch = build_finalizers_patch(uid.as_deref(), version.as_deref(), &left);
    let params = PatchParams::apply(FIELD_MANAGER);
    let executions = executions(context, execution);
    match executions
        .patch(&execution.name_any(), &params, &Patch::Merge(patch))
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if is_not_found(&error) => Ok(()),
        Err(error) => Err(ReconcileError::request("remove the finalizer")(error)),
    }
}

fn executions(context: &Context, execution: &Execution) -> Api<Lean<Execution>> {
    let namespace = execution.namespace().unwrap_or_default();
    Api::namespaced(context.client.clone(), &namespace)
}

#[cfg(test)]
mod tests;
