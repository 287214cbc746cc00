//! Redrives Executions: those that ended and are asked to go on.
//!
//! Finished Executions are not watched but for these, which a field selector tells from the
//! others. One that is redriven runs again and leaves this watch for that of the unfinished.

use std::sync::Arc;

use crd::{Execution, Lean, reasons};
use engine::driver::ResumeError;
use futures::{Stream, StreamExt as _};
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::{self, ObjectRef, store::Writer};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};

use super::apply::{ResumeFailure, apply_redrive, apply_status, execution_key};
use super::decide::{RedriveDecision, decide_redrive};
use super::dereference::{Resumable, dereference_ended, dereference_revision};
use super::on_error;
use super::status::build_not_redriven;
use crate::context::Context;
use crate::error::ReconcileError;
use crate::events::Notice;
use crate::watching::watch_lean;

/// Selects what ended and has `spec.redriveCount`.
const ASKED: &str =
    "spec.redriveCount!=,status.status!=,status.status!=PENDING,status.status!=RUNNING";

/// Redrives until `context.shutdown`.
pub async fn run_redrives(context: Arc<Context>) {
    let stop = context.shutdown.clone();
    let (reader, writer) = reflector::store();
    let config = Config::default().concurrency(context.options.concurrency);
    Controller::for_stream(watch(&context, writer), reader)
        .with_config(config)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile, on_error, context)
        .for_each(|_| std::future::ready(()))
        .await;
}

fn watch(
    context: &Context,
    writer: Writer<Execution>,
) -> impl Stream<Item = Result<Execution, watcher::Error>> + Send + use<> {
    let executions: Api<Lean<Execution>> = context.api();
    let config = watcher::Config::default().fields(ASKED);
    watch_lean(executions, config)
        .default_backoff()
        .modify(strip)
        .reflect(writer)
        .applied_objects()
}

/// What is large is read when it is needed.
fn strip(execution: &mut Execution) {
    execution.spec.input = None;
    if let Some(status) = execution.status.as_mut() {
        status.checkpoint = None;
        status.tasks = Vec::new();
        status.cause = None;
    }
}

async fn reconcile(
    execution: Arc<Execution>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    act(&execution, &context).await?;
    let object = ObjectRef::from_obj(&*execution);
    context.execution_backoffs.succeeded(&object);
    Ok(Action::await_change())
}

async fn act(execution: &Execution, context: &Arc<Context>) -> Result<(), ReconcileError> {
    let uid = execution.uid().ok_or(ReconcileError::Incomplete("uid"))?;
    let carried = context.live.is_carried(&uid);
    if decide_redrive(execution, carried) == RedriveDecision::Nothing {
        return Ok(());
    }
    // A watch may be behind: what is decided on is what is there now.
    let Some(ended) = dereference_ended(context, execution).await? else {
        return Ok(());
    };
    match decide_redrive(&ended.execution, carried) {
        RedriveDecision::Nothing => Ok(()),
        RedriveDecision::Redrive => redrive(context, ended).await,
        RedriveDecision::Refuse { message } => refuse(context, &ended.execution, message).await,
    }
}

async fn redrive(context: &Arc<Context>, ended: Resumable) -> Result<(), ReconcileError> {
    let execution = ended.execution.clone();
    let revision = match dereference_revision(context, &execution).await {
        Ok(revision) => revision,
        Err(error @ (ReconcileError::Revision { .. } | ReconcileError::Incomplete(_))) => {
            return refuse(context, &execution, error.to_string()).await;
        }
        Err(error) => return Err(error),
    };
    match apply_redrive(context, ended, revision).await {
        Ok(()) => Ok(()),
        Err(ResumeFailure::Object(error)) => Err(error),
        Err(ResumeFailure::Record(ResumeError::Page(error))) => {
            Err(ReconcileError::Resume(error.to_string()))
        }
        Err(ResumeFailure::Record(error)) => refuse(context, &execution, error.to_string()).await,
    }
}

/// Says that the Execution stays as it is, and why; once.
async fn refuse(
    context: &Context,
    execution: &Execution,
    message: String,
) -> Result<(), ReconcileError> {
    let Some(current) = &execution.status else {
        return Ok(());
    };
    let status = build_not_redriven(current, execution.metadata.generation, &message);
    if status == *current {
        return Ok(());
    }
    apply_status(context, execution, status).await?;
    context.events.tell(Notice {
        about: execution_key(execution)?,
        warning: true,
        reason: reasons::NOT_REDRIVABLE,
        action: "Redrive",
        note: message,
    });
    Ok(())
}
