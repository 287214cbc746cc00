//! Redrives Executions: those that ended and are asked to go on.
//!
//! Finished Executions are not watched but for these, which a field selector tells from the
//! others. One that is to go on waits in the queue as new ones do; redriven, it runs again and
//! leaves this watch for that of the unfinished.

pub mod decide;

use std::sync::Arc;
use std::time::Duration;

use crd::{Execution, Lean, reasons};
use futures::{Stream, TryStreamExt as _};
use kube::runtime::controller::Action;
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};
use tokio::sync::mpsc::UnboundedReceiver;

use self::decide::{RedriveDecision, decide_redrive};
use super::apply::{TakeUp, apply_advised, apply_let_go, apply_take_up, execution_key};
use super::decide::is_held;
use super::dereference::{
    Resumable, dereference_ended, dereference_revision, dereference_state_machine,
};
use super::{PAGE, leave_queue, on_error};
use crate::context::Context;
use crate::error::ReconcileError;
use crate::events::Notice;
use crate::reconciling::reconcile_until_shutdown;
use crate::watching::{stored_objects, watch_lean};

/// Selects what ended and has `spec.redriveCount`.
const ASKED: &str =
    "spec.redriveCount!=,status.status!=,status.status!=PENDING,status.status!=RUNNING";

/// The pause before an Execution is seen again whose last writes are under way.
const SOON: Duration = Duration::from_secs(1);
/// How often one that waits sees that it is still queued, besides being told that it may go on.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Redrives until `context.shutdown`.
pub async fn run_redrives(
    context: Arc<Context>,
    writer: Writer<Execution>,
    wake: UnboundedReceiver<ObjectRef<Execution>>,
) {
    let watch = watch(context.clone(), writer);
    let reader = context.redrives.clone();
    reconcile_until_shutdown(context, watch, reader, wake, reconcile, on_error).await;
}

fn watch(
    context: Arc<Context>,
    writer: Writer<Execution>,
) -> impl Stream<Item = Result<Execution, watcher::Error>> + Send {
    let executions: Api<Lean<Execution>> = context.api();
    let config = watcher::Config::default().fields(ASKED).page_size(PAGE);
    let store = context.redrives.clone();
    let events = watch_lean(executions, config)
        .default_backoff()
        .modify(strip)
        .reflect(writer)
        .inspect_ok(move |event| {
            if let watcher::Event::Delete(execution) = event {
                leave_queue(&context, execution);
            }
        });
    stored_objects(events, store)
}

/// What is large is read when it is needed.
fn strip(execution: &mut Execution) {
    execution.spec.input = None;
    if let Some(status) = execution.status.as_mut() {
        status.checkpoint = None;
        status.tasks = Vec::new();
        status.output = None;
        status.cause = None;
    }
}

async fn reconcile(
    execution: Arc<Execution>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let action = act(&execution, &context).await?;
    let object = ObjectRef::from_obj(&*execution);
    context.execution_backoffs.succeeded(&object);
    Ok(action)
}

async fn act(execution: &Execution, context: &Arc<Context>) -> Result<Action, ReconcileError> {
    let uid = execution.uid().ok_or(ReconcileError::Incomplete("uid"))?;
    let decision = decide_redrive(execution, context.live.is_carried(&uid));
    if decision == RedriveDecision::Redrive && !context.admission.enter_again(execution) {
        context.announcer.announce(execution);
        return Ok(Action::requeue(LOOK_AGAIN));
    }
    let result = match decision {
        RedriveDecision::Nothing => Ok(()),
        RedriveDecision::Later => return Ok(Action::requeue(SOON)),
        _ => look_and_act(execution, context).await,
    };
    // Whatever is not redriven now leaves its place to others.
    leave_queue(context, execution);
    result.map(|()| Action::await_change())
}

/// A watch may be behind: what is decided on is what is there now.
async fn look_and_act(execution: &Execution, context: &Arc<Context>) -> Result<(), ReconcileError> {
    let Some(ended) = dereference_ended(context, execution).await? else {
        return Ok(());
    };
    match decide_redrive(&ended.execution, false) {
        RedriveDecision::Nothing | RedriveDecision::Later => Ok(()),
        RedriveDecision::Redrive => redrive(context, ended).await,
        RedriveDecision::Refuse { message } => refuse(context, &ended.execution, message).await,
        RedriveDecision::LetGo => apply_let_go(context, &ended.execution).await,
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
    // A StateMachine that leaves from here on waits for whoever has its revision.
    if let Some(why) = dereference_state_machine(context, &execution)
        .await?
        .refusal()
    {
        return refuse(context, &execution, why.to_owned()).await;
    }
    match apply_take_up(context, ended, revision, TakeUp::Redrive).await {
        Err(ReconcileError::Lost(why)) => refuse(context, &execution, why).await,
        result => result,
    }
}

/// Says that the Execution stays as it is, and why; once.
async fn refuse(
    context: &Context,
    execution: &Execution,
    message: String,
) -> Result<(), ReconcileError> {
    if is_held(execution) {
        // An attempt came no further than this. Once it is let go it is seen again.
        return apply_let_go(context, execution).await;
    }
    let reason = reasons::NOT_REDRIVABLE;
    if apply_advised(context, execution, reason, &message).await? {
        context.events.tell(Notice {
            about: execution_key(execution)?,
            warning: true,
            reason,
            action: "Redrive",
            note: message,
        });
    }
    Ok(())
}
