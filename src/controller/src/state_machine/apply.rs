//! Pinning a StateMachine, and letting go of it. Client required.

use asl::machine::REDRIVABLE_PERIOD;
use crd::metadata::finalizers;
use crd::{Execution, Lean, RunStatus, StateMachine, StateMachineStatus};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::ControllerRevision;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt as _};

use super::decide::has_name_of;
use crate::context::Context;
use crate::error::{ReconcileError, is_not_found};
use crate::finalizer::{build_finalizers_patch, change_finalizers};
use crate::paging::next_page;
use crate::revision::{Content, OWNER_LABEL, build_object, decide_superfluous};

/// Who writes, for `metadata.managedFields`.
const FIELD_MANAGER: &str = "sfn-operator-statemachines";
/// How many Executions are listed at a time: mostly the first tells that a revision is needed.
const PAGE: u32 = 10;

/// Makes sure that the revision is kept, and removes those that nobody needs.
///
/// # Errors
/// A request failed.
pub async fn apply_revision(
    context: &Context,
    state_machine: &StateMachine,
    id: &str,
    content: &Content,
) -> Result<(), ReconcileError> {
    let namespace = state_machine.namespace().unwrap_or_default();
    let revisions: Api<ControllerRevision> = Api::namespaced(context.client.clone(), &namespace);
    let found = revisions
        .get_metadata_opt(id)
        .await
        .map_err(ReconcileError::request("look for the revision"))?;
    if let Some(found) = found {
        if found.labels().get(OWNER_LABEL) == state_machine.metadata.uid.as_ref() {
            return Ok(());
        }
        // It was left behind by one of the same name and content.
        delete_revision(&revisions, id).await?;
    }
    let others = list_owned(&revisions, state_machine).await?;
    let number = others
        .iter()
        .map(|revision| revision.revision)
        .max()
        .unwrap_or(0)
        + 1;
    let object = build_object(state_machine, id, content, number)?;
    revisions
        .create(&PostParams::default(), &object)
        .await
        .map_err(ReconcileError::request(
            "pin the definition as a ControllerRevision",
        ))?;
    prune(context, &revisions, others, &namespace, id).await
}

async fn list_owned(
    revisions: &Api<ControllerRevision>,
    state_machine: &StateMachine,
) -> Result<Vec<ControllerRevision>, ReconcileError> {
    let uid = state_machine.uid().unwrap_or_default();
    let list = revisions
        .list(&ListParams::default().labels(&format!("{OWNER_LABEL}={uid}")))
        .await
        .map_err(ReconcileError::request("list revisions"))?;
    Ok(list.items)
}

async fn prune(
    context: &Context,
    revisions: &Api<ControllerRevision>,
    owned: Vec<ControllerRevision>,
    namespace: &str,
    current: &str,
) -> Result<(), ReconcileError> {
    // Executions that are not taken up yet need their revisions too.
    context.synced.cancelled().await;
    let in_use = |id: &str| {
        context.definitions.is_in_use(namespace, id) || is_pinned(context, namespace, id)
    };
    let keep = context.options.revision_history_limit;
    for name in decide_superfluous(&owned, current, &in_use, keep) {
        if may_be_redriven(context, namespace, name).await? {
            continue;
        }
        delete_revision(revisions, name).await?;
    }
    Ok(())
}

/// Removes all revisions of a StateMachine that goes.
///
/// # Errors
/// A request failed.
pub async fn remove_revisions(
    context: &Context,
    state_machine: &StateMachine,
) -> Result<(), ReconcileError> {
    let namespace = state_machine.namespace().unwrap_or_default();
    let revisions: Api<ControllerRevision> = Api::namespaced(context.client.clone(), &namespace);
    for revision in list_owned(&revisions, state_machine).await? {
        delete_revision(&revisions, &revision.name_any()).await?;
    }
    Ok(())
}

async fn delete_revision(
    revisions: &Api<ControllerRevision>,
    name: &str,
) -> Result<(), ReconcileError> {
    match revisions.delete(name, &DeleteParams::background()).await {
        Ok(_) => Ok(()),
        Err(error) if is_not_found(&error) => Ok(()),
        Err(error) => Err(ReconcileError::request("delete a revision")(error)),
    }
}

fn is_pinned(context: &Context, namespace: &str, id: &str) -> bool {
    let pinned = |execution: &Execution| {
        let status = execution.status.as_ref();
        execution.metadata.namespace.as_deref() == Some(namespace)
            && status.and_then(|status| status.revision_id.as_deref()) == Some(id)
    };
    context.executions.find(pinned).is_some()
}

/// Whether an execution that ended may go on with this revision.
async fn may_be_redriven(
    context: &Context,
    namespace: &str,
    id: &str,
) -> Result<bool, ReconcileError> {
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), namespace);
    let selector = format!("status.revisionId={id},status.redriveStatus=REDRIVABLE");
    let mut params = ListParams::default().fields(&selector).limit(PAGE);
    loop {
        let page = executions
            .list(&params)
            .await
            .map_err(ReconcileError::request("list redrivable Executions"))?;
        let now = context.clock.now();
        let mut items = page.items.iter();
        if items.any(|Lean(execution)| ended_lately(execution, now)) {
            return Ok(true);
        }
        match next_page(&params, &page.metadata) {
            Some(next) => params = next,
            None => return Ok(false),
        }
    }
}

fn ended_lately(execution: &Execution, now: Timestamp) -> bool {
    let status = execution.status.as_ref();
    let stopped = status.and_then(|status| status.stop_date.as_ref());
    stopped.is_some_and(|stopped| now.duration_since(stopped.0) <= REDRIVABLE_PERIOD)
}

/// How many executions of a StateMachine are in progress, as far as they are known yet.
pub async fn count_running(context: &Context, state_machine: &StateMachine, arn: &str) -> usize {
    context.synced.cancelled().await;
    let name = state_machine.name_any();
    let has_its_name = |other: &StateMachine| has_name_of(other, state_machine);
    let is_anothers_arn = context.state_machines.find(has_its_name).is_some();
    let running = |execution: &Execution| {
        let spec = &execution.spec;
        let named = spec
            .state_machine_ref
            .as_ref()
            .map(|named| named.from.name.as_str());
        let by_arn = !is_anothers_arn && spec.state_machine_arn.as_deref() == Some(arn);
        execution.metadata.namespace == state_machine.metadata.namespace
            && (named == Some(name.as_str()) || by_arn)
            && execution.run_status() == Some(RunStatus::Running)
    };
    let seen = context.executions.state_filter(running).len();
    // One that was just started may not have been seen running yet.
    let carried = context
        .live
        .count_of(&state_machine.uid().unwrap_or_default());
    seen.max(carried)
}

/// Adds or removes the finalizer.
///
/// # Errors
/// The request failed.
pub async fn apply_finalizer(
    context: &Context,
    state_machine: &StateMachine,
    present: bool,
) -> Result<(), ReconcileError> {
    let finalizers = state_machine.finalizers();
    let wanted = change_finalizers(finalizers, finalizers::STATE_MACHINE, present);
    let metadata = &state_machine.metadata;
    let (uid, version) = (&metadata.uid, &metadata.resource_version);
    let patch = build_finalizers_patch(uid.as_deref(), version.as_deref(), &wanted);
    let (name, params) = (state_machine.name_any(), PatchParams::apply(FIELD_MANAGER));
    let state_machines = state_machines(context, state_machine);
    match state_machines
        .patch(&name, &params, &Patch::Merge(patch))
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if !present && is_not_found(&error) => Ok(()),
        Err(error) => Err(ReconcileError::request("write the finalizer")(error)),
    }
}

/// Writes the status, if it says something new.
///
/// # Errors
/// The request failed.
pub async fn apply_status(
    context: &Context,
    state_machine: &StateMachine,
    status: StateMachineStatus,
) -> Result<(), ReconcileError> {
    if state_machine.status.as_ref() == Some(&status) {
        return Ok(());
    }
    let mut body = serde_json::json!({ "status": &status });
    if status.diagnostics.is_empty()
        && let Some(status) = body
            .get_mut("status")
            .and_then(serde_json::Value::as_object_mut)
    {
        // A merge patch removes only what it names.
        status.insert("diagnostics".to_owned(), serde_json::Value::Null);
    }
    let (name, params) = (state_machine.name_any(), PatchParams::apply(FIELD_MANAGER));
    let state_machines = state_machines(context, state_machine);
    match state_machines
        .patch_status(&name, &params, &Patch::Merge(body))
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if is_not_found(&error) => Ok(()),
        Err(error) => Err(ReconcileError::request("write the StateMachine's status")(
            error,
        )),
    }
}

fn state_machines(context: &Context, state_machine: &StateMachine) -> Api<Lean<StateMachine>> {
    let namespace = state_machine.namespace().unwrap_or_default();
    Api::namespaced(context.client.clone(), &namespace)
}

#[cfg(test)]
mod tests {
    use crd::{ExecutionStatus, Time};
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::just_now(Some(0), true)]
    #[case::in_time(Some(14 * 24), true)]
    #[case::too_long_ago(Some(14 * 24 + 1), false)]
    #[case::not_ended(None, false)]
    fn a_revision_is_kept_for_executions_that_ended_within_14_days(
        #[case] hours_ago: Option<i64>,
        #[case] expected: bool,
    ) {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let mut execution = Execution::new("e", crd::ExecutionSpec::default());
        execution.status = Some(ExecutionStatus {
            stop_date: hours_ago.map(|hours| Time(now - SignedDuration::from_hours(hours))),
            ..ExecutionStatus::default()
        });
        assert_eq!(ended_lately(&execution, now), expected);
    }
}
