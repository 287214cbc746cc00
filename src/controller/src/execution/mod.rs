//! Reconciles Executions.
//!
//! An Execution that started is carried by a driver of the engine, which writes its status; a
//! reconcile starts drivers, continues them after a restart, and tells them to stop. Finished
//! Executions are not watched, but for those that are asked to go on ([`redrive`]).

mod apply;
pub mod decide;
mod dereference;
mod missed;
pub mod pages;
pub mod queued;
pub mod redrive;
pub mod status;
mod store;
#[cfg(test)]
mod test_context;
pub mod validate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::errors::Fault;
use crd::{Execution, ExecutionStatus, Lean, RunStatus, reasons};
use futures::{Stream, TryStreamExt as _};
use jiff::SignedDuration;
use kube::runtime::controller::Action;
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates, watcher};
use kube::{Api, ResourceExt as _};
use tokio::sync::mpsc::UnboundedReceiver;

use self::apply::{
    TakeUp, apply_ended, apply_let_go, apply_start, apply_status, apply_take_up, execution_key,
};
use self::decide::{
    Decision, Seen, StartDecision, decide, decide_start, deleted, is_held, stop_of,
};
use self::dereference::{dereference_input, dereference_record, dereference_revision};
use self::missed::stop_missed;
use self::status::{build_aborted, build_waiting};
use self::validate::{Request, validate_execution};
use crate::context::Context;
use crate::error::ReconcileError;
use crate::live::Stash;
use crate::reconciling::{reconcile_until_shutdown, try_again};
use crate::revision::Revision;
use crate::watching::{stored_objects, watch_lean};

/// For metrics.
const KIND: &str = "Execution";

/// For how long an Execution whose StateMachine is not there yet says nothing: they are often
/// created together, and then a status that is out of date at once would be written for each.
const PATIENCE: SignedDuration = SignedDuration::from_secs(2);

/// How often an Execution that cannot be continued is tried again.
const LOOK_AGAIN: Duration = Duration::from_mins(5);

/// How many Executions are listed at a time: each may have 1.5 MB.
const PAGE: u32 = 100;

/// Selects what is not finished, as far as a field selector can say so.
const UNFINISHED: &str = "status.status!=SUCCEEDED,status.status!=FAILED,status.status!=TIMED_OUT,status.status!=ABORTED";

/// Reconciles until `context.shutdown`, then lets what is under way end.
pub async fn run_controller(
    context: Arc<Context>,
    writer: Writer<Execution>,
    wake: UnboundedReceiver<ObjectRef<Execution>>,
) {
    let watch = watch(context.clone(), writer);
    let reader = context.executions.clone();
    reconcile_until_shutdown(context, watch, reader, wake, reconcile, on_error).await;
}

/// The unfinished Executions, each time something about them changes that is not ours: a change
/// of status is this process's own, and drivers notice those of others.
fn watch(
    context: Arc<Context>,
    writer: Writer<Execution>,
) -> impl Stream<Item = Result<Execution, watcher::Error>> + Send {
    let executions: Api<Lean<Execution>> = context.api();
    let config = watcher::Config::default()
        .fields(UNFINISHED)
        .page_size(PAGE);
    let store = context.executions.clone();
    let (stripping, expecting) = (context.clone(), context.clone());
    let events = watch_lean(executions, config)
        .default_backoff()
        .modify(move |execution| strip(&stripping, execution))
        .reflect(writer)
        .inspect_ok(move |event| note(&context, event));
    stored_objects(events, store)
        .predicate_filter(
            predicates::generation.combine(predicates::finalizers),
            PredicateConfig::default(),
        )
        .inspect_ok(move |execution| {
            expect(&expecting, [execution]);
        })
}

/// Executions that are to start will be reconciled, and none that was created later overtakes them.
/// Gives those of which that is news.
fn expect<'a>(
    context: &Context,
    executions: impl IntoIterator<Item = &'a Execution>,
) -> Vec<ObjectRef<Execution>> {
    let is_to_start = |execution: &&Execution| {
        let taken = context.live.is_taken(&execution.uid().unwrap_or_default());
        decide(&Seen { execution, taken }) == Decision::Start
    };
    let executions = executions.into_iter().filter(is_to_start);
    context.admission.expect(executions)
}

/// Takes out of a watched object what is not needed in memory: 10,000 of them are kept. The
/// checkpoint of an execution that is not carried yet is put aside.
fn strip(context: &Context, execution: &mut Execution) {
    execution
        .annotations_mut()
        .remove("kubectl.kubernetes.io/last-applied-configuration");
    let uid = execution.uid().unwrap_or_default();
    let resource_version = execution.resource_version().unwrap_or_default();
    let runs = execution.run_status() == Some(RunStatus::Running);
    if runs && !context.live.is_taken(&uid) {
        context.admission.occupy_by_status(execution);
    }
    let Some(status) = execution.status.as_mut() else {
        return;
    };
    let record = status.checkpoint.take();
    let tasks = std::mem::take(&mut status.tasks);
    status.output = None;
    status.current_states = Vec::new();
    if !runs {
        return;
    }
    execution.spec.input = None;
    *status = ExecutionStatus {
        status: status.status,
        revision_id: status.revision_id.take(),
        conditions: std::mem::take(&mut status.conditions),
        ..ExecutionStatus::default()
    };
    if let Some(record) = record {
        let stash = Stash {
            resource_version,
            record,
            tasks,
        };
        context.live.stash(&uid, stash);
    }
}

fn note(context: &Arc<Context>, event: &watcher::Event<Execution>) {
    match event {
        watcher::Event::Delete(execution) => {
            let uid = execution.uid().unwrap_or_default();
            let version = execution.resource_version().unwrap_or_default();
            context.live.object_gone(&uid, &version, deleted());
            leave_queue(context, execution);
            let object = ObjectRef::from_obj(execution);
            context.definitions.forget(&object);
            context.metrics.pending(context.definitions.waiting());
            context.execution_backoffs.succeeded(&object);
            context.driver_backoffs.succeeded(&object);
        }
        watcher::Event::InitDone => {
            context.live.expire();
            let executions = context.executions.state();
            let expected = expect(context, executions.iter().map(|execution| &**execution));
            // The watch's filter drops those that it let pass before and that did not change since.
            for object in expected {
                context.wake_execution(object);
            }
            context.admission.synced(|uid| context.live.is_taken(uid));
            context.synced.cancel();
            stop_missed(context);
        }
        _ => {}
    }
}

async fn reconcile(
    execution: Arc<Execution>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let since = Instant::now();
    let result = act(&execution, &context).await;
    context.metrics.reconciled(KIND, since.elapsed());
    if result.is_ok() {
        let object = ObjectRef::from_obj(&*execution);
        context.execution_backoffs.succeeded(&object);
    }
    result
}

async fn act(execution: &Execution, context: &Arc<Context>) -> Result<Action, ReconcileError> {
    let uid = execution.uid().ok_or(ReconcileError::Incomplete("uid"))?;
    let taken = context.live.is_taken(&uid);
    let retain = execution.spec.retain_jobs.unwrap_or_default();
    context.live.retain_jobs(&uid, retain);
    let decision = decide(&Seen { execution, taken });
    if !taken && !matches!(decision, Decision::Start | Decision::Resume) {
        context.admission.remove(&uid);
    }
    match decision {
        Decision::Nothing => {}
        Decision::Start => return start(execution, context).await,
        Decision::Resume => return resume(execution, context).await,
        Decision::Stop(fault) => context.live.stop(&uid, fault),
        Decision::NeverStart(fault) => end_uncarried(context, execution, &fault).await?,
        Decision::LetGo => apply_let_go(context, execution).await?,
    }
    Ok(Action::await_change())
}

/// Ends an execution that nobody carries.
async fn end_uncarried(
    context: &Context,
    execution: &Execution,
    fault: &Fault,
) -> Result<(), ReconcileError> {
    if is_held(execution) {
        // Once it is let go it is seen again.
        return apply_let_go(context, execution).await;
    }
    if execution.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let (current, generation) = (execution.status.as_ref(), execution.metadata.generation);
    let status = build_aborted(current, generation, fault, &context.now());
    apply_ended(context, execution, &status).await?;
    let (object, spec) = (ObjectRef::from_obj(execution), &execution.spec);
    let state_machine = spec.state_machine_ref.as_ref();
    let state_machine = state_machine.map(|named| named.from.name.as_str());
    let (uid, ttl) = (
        execution.uid().unwrap_or_default(),
        spec.ttl_seconds_after_finished,
    );
    context.execution_finished(&object, &uid, state_machine, ttl);
    Ok(())
}

async fn start(execution: &Execution, context: &Arc<Context>) -> Result<Action, ReconcileError> {
    let Some(execution) = dereference_input(context, execution).await? else {
        leave_queue(context, execution);
        return Ok(Action::await_change());
    };
    let execution = &*execution;
    let request = validate_execution(execution, context.limits.payload_bytes);
    let object = ObjectRef::from_obj(execution);
    let namespace = execution.namespace().unwrap_or_default();
    let decision = decide_start(request, |request| {
        let definitions = &context.definitions;
        definitions.get_or_wait(&namespace, &request.reference, &object)
    });
    context.metrics.pending(context.definitions.waiting());
    match decision {
        StartDecision::Run(revision, request) => {
            start_in_turn(execution, context, revision, request)
        }
        StartDecision::Wait { .. } if is_new(execution, context) => {
            leave_queue(context, execution);
            Ok(Action::requeue(PATIENCE.unsigned_abs()))
        }
        StartDecision::Wait { reason, message } => {
            report_waiting(context, execution, false, reason, &message).await
        }
        StartDecision::Refuse { message } => {
            report_waiting(context, execution, true, reasons::UNSUPPORTED, &message).await
        }
    }
}

/// Starts an execution if it may start now; else it is reconciled once it may.
fn start_in_turn(
    execution: &Execution,
    context: &Arc<Context>,
    revision: Arc<Revision>,
    request: Request,
) -> Result<Action, ReconcileError> {
    if context.admission.enter(execution, &revision.content.name) {
        let started = apply_start(context, execution, revision, request);
        started.inspect_err(|_| leave_queue(context, execution))?;
    } else {
        context.announcer.announce(execution);
    }
    Ok(Action::await_change())
}

async fn report_waiting(
    context: &Context,
    execution: &Execution,
    terminal: bool,
    reason: &str,
    message: &str,
) -> Result<Action, ReconcileError> {
    leave_queue(context, execution);
    let (current, generation) = (execution.status.as_ref(), execution.metadata.generation);
    let status = build_waiting(
        current,
        generation,
        terminal,
        reason,
        message,
        &context.now(),
    );
    apply_status(context, execution, status).await?;
    Ok(Action::await_change())
}

/// One that was redriven meanwhile runs, and counts.
fn leave_queue(context: &Context, execution: &Execution) {
    let uid = execution.uid().unwrap_or_default();
    if !context.live.is_carried(&uid) {
        context.admission.remove(&uid);
    }
}

/// Whether it was not there for long, or the operator: then its StateMachine may just not be known.
fn is_new(execution: &Execution, context: &Context) -> bool {
    let created = execution.metadata.creation_timestamp.as_ref();
    created.is_some_and(|created| created.0.max(context.began) + PATIENCE > context.clock.now())
}

/// Has the execution go on; where what that takes is gone for good, it is stopped if it is to be.
async fn resume(execution: &Execution, context: &Arc<Context>) -> Result<Action, ReconcileError> {
    let lost = match take_up(execution, context).await {
        Ok(()) => return Ok(Action::await_change()),
        Err(error) if error.is_lasting() => error,
        Err(error) => return Err(error),
    };
    context.metrics.failed(KIND, lost.label());
    match stop_of(execution) {
        Some(fault) => {
            abandon(context, execution, &fault).await?;
            Ok(Action::await_change())
        }
        None => {
            report_lost(context, execution, &lost).await?;
            Ok(Action::requeue(LOOK_AGAIN))
        }
    }
}

async fn take_up(execution: &Execution, context: &Arc<Context>) -> Result<(), ReconcileError> {
    let Some(resumable) = dereference_record(context, execution).await? else {
        leave_queue(context, execution);
        return Ok(());
    };
    let revision = dereference_revision(context, &resumable.execution).await?;
    let execution = resumable.execution.clone();
    apply_take_up(context, resumable, revision, TakeUp::Resume).await?;
    // What was asked for while nobody carried it.
    if let Some(fault) = stop_of(&execution) {
        let uid = execution.uid().unwrap_or_default();
        context.live.stop(&uid, fault);
    }
    Ok(())
}

/// What cannot be continued stays as it is, for a version that can, or until somebody stops it.
async fn report_lost(
    context: &Context,
    execution: &Execution,
    error: &ReconcileError,
) -> Result<(), ReconcileError> {
    let (current, generation) = (execution.status.as_ref(), execution.metadata.generation);
    let reason = reasons::NOT_RESUMABLE;
    let (message, now) = (error.to_string(), context.now());
    let status = build_waiting(current, generation, true, reason, &message, &now);
    apply_status(context, execution, status).await
}

/// Stops an execution of which only the object is left: its Jobs are found by their labels.
async fn abandon(
    context: &Context,
    execution: &Execution,
    fault: &Fault,
) -> Result<(), ReconcileError> {
    if !execution.spec.retain_jobs.unwrap_or_default() {
        let abandoned = context.runner.abandon(&execution_key(execution)?).await;
        abandoned.map_err(|error| ReconcileError::Resume(error.to_string()))?;
    }
    end_uncarried(context, execution, fault).await
}

fn on_error(execution: Arc<Execution>, error: &ReconcileError, context: Arc<Context>) -> Action {
    let backoffs = &context.execution_backoffs;
    try_again(&context, KIND, backoffs, &*execution, error)
}
