//! Reconciles StateMachines: a valid one is pinned and can be executed.

mod apply;
mod decide;
mod dereference;
mod status;
mod validate;

use std::sync::Arc;
use std::time::{Duration, Instant};

use asl::definition::Rules;
use asl::resource::Resource;
use crd::{Lean, StateMachine};
use futures::TryStreamExt as _;
use kube::runtime::controller::Action;
use kube::runtime::reflector::{ObjectRef, store::Writer};
use kube::runtime::{Predicate as _, PredicateConfig, WatchStreamExt as _, predicates, watcher};
use kube::{Api, ResourceExt as _};
use tokio::sync::mpsc::UnboundedReceiver;

use self::apply::{apply_finalizer, apply_revision, apply_status, count_running, remove_revisions};
use self::decide::{
    Leave, Validated, decide_leave, find_who_has_name, has_name_of, is_namesake, needs_finalizer,
};
use self::dereference::dereference;
use self::status::{build_invalid, build_leaving, build_valid};
use self::validate::{Invalid, validate_content, validate_definition, validate_name};
use crate::context::Context;
use crate::definitions::Known;
use crate::error::ReconcileError;
use crate::history_limits::Limits;
use crate::reconciling::{reconcile_until_shutdown, try_again};
use crate::revision::{Content, Revision};
use crate::watching::{stored_objects, watch_lean};

/// For metrics.
const KIND: &str = "StateMachine";
/// How often references are followed again. ConfigMaps and Roles are not watched: those of a whole
/// cluster would have to be kept in memory.
const FOLLOW_AGAIN: Duration = Duration::from_secs(30);
/// How often a StateMachine that is being deleted looks for its executions, besides being told.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Reconciles until `context.shutdown`, then lets what is under way end.
pub async fn run_controller(
    context: Arc<Context>,
    writer: Writer<StateMachine>,
    wake: UnboundedReceiver<ObjectRef<StateMachine>>,
) {
    let state_machines: Api<Lean<StateMachine>> = context.api();
    let reader = context.state_machines.clone();
    let noting = context.clone();
    let events = watch_lean(state_machines, watcher::Config::default())
        .default_backoff()
        .reflect(writer)
        .inspect_ok(move |event| note(&noting, event));
    let changes = predicates::generation
        .combine(predicates::finalizers)
        .combine(predicates::annotations);
    let stream = stored_objects(events, reader.clone())
        .predicate_filter(changes, PredicateConfig::default());
    reconcile_until_shutdown(context, stream, reader, wake, reconcile, on_error).await;
}

fn note(context: &Context, event: &watcher::Event<StateMachine>) {
    match event {
        watcher::Event::Delete(state_machine) => forget(context, state_machine),
        // What was deleted while the watch was broken.
        watcher::Event::InitDone => context.definitions.retain(|namespace, name| {
            let object = ObjectRef::new(name).within(namespace);
            context.state_machines.get(&object).is_some()
        }),
        _ => {}
    }
}

fn forget(context: &Context, state_machine: &StateMachine) {
    let namespace = state_machine.namespace().unwrap_or_default();
    context
        .definitions
        .remove(&namespace, &state_machine.name_any());
    hand_limit_on(context, state_machine);
    let object = ObjectRef::from_obj(state_machine);
    context.history_limits.remove(&object);
    context.state_machine_backoffs.succeeded(&object);
    wake_namesakes(context, state_machine);
}

/// The others of its name.
fn find_namesakes(context: &Context, state_machine: &StateMachine) -> Vec<Arc<StateMachine>> {
    let state_machines = &context.state_machines;
    state_machines.state_filter(|other| is_namesake(other, state_machine))
}

/// The limit of a name is that of whoever has it now.
fn hand_limit_on(context: &Context, gone: &StateMachine) {
    let namesakes = find_namesakes(context, gone);
    let heir = find_who_has_name(&namesakes);
    let limit = heir.and_then(|heir| heir.spec.max_concurrent_executions);
    set_limit(context, gone, limit);
}

/// The name of one that goes is another's from now on.
fn wake_namesakes(context: &Context, state_machine: &StateMachine) {
    for namesake in find_namesakes(context, state_machine) {
        // The controller is gone: the process stops.
        let _ = context
            .wake_state_machines
            .send(ObjectRef::from_obj(&*namesake));
    }
}

async fn reconcile(
    state_machine: Arc<StateMachine>,
    context: Arc<Context>,
) -> Result<Action, ReconcileError> {
    let since = Instant::now();
    let result = match state_machine.metadata.deletion_timestamp {
        Some(_) => leave(&state_machine, &context).await,
        None => act(&state_machine, &context).await,
    };
    context.metrics.reconciled(KIND, since.elapsed());
    if result.is_ok() {
        let object = ObjectRef::from_obj(&*state_machine);
        context.state_machine_backoffs.succeeded(&object);
    }
    result
}

async fn act(state_machine: &StateMachine, context: &Context) -> Result<Action, ReconcileError> {
    let found = dereference(context, state_machine).await?;
    let place = &context.options.place;
    let has_its_name = |other: &StateMachine| has_name_of(other, state_machine);
    let other = context.state_machines.find(has_its_name);
    let other = other.map(|other| other.name_any());
    let content = validate_name(state_machine, other.as_deref())
        .and_then(|()| validate_content(state_machine, &found, place));
    let validated = match content {
        Ok(content) => validate(context, state_machine, content).await?,
        Err(invalid) => Validated::Invalid(invalid),
    };
    if needs_finalizer(state_machine) {
        apply_finalizer(context, state_machine, true).await?;
    }
    if other.is_none() {
        let limit = state_machine.spec.max_concurrent_executions;
        set_limit(context, state_machine, limit);
    }
    announce(context, state_machine, &validated);
    let limits = Limits::of(&state_machine.spec);
    let object = ObjectRef::from_obj(state_machine);
    context.history_limits.set(object, limits);
    let now = context.now();
    let status = match &validated {
        Validated::Valid { revision, warnings } => {
            build_valid(state_machine, revision, warnings, &now)
        }
        Validated::Invalid(invalid) => build_invalid(state_machine, place, invalid, &now),
    };
    apply_status(context, state_machine, status).await?;
    let refers =
        state_machine.spec.definition_from.is_some() || state_machine.spec.role_ref.is_some();
    Ok(match refers {
        true => Action::requeue(FOLLOW_AGAIN),
        false => Action::await_change(),
    })
}

/// Compiles the definition, unless that was done, and pins it.
async fn validate(
    context: &Context,
    state_machine: &StateMachine,
    content: Content,
) -> Result<Validated, ReconcileError> {
    let namespace = state_machine.namespace().unwrap_or_default();
    let id = content.revision_id(&state_machine.name_any());
    let (text, runner) = (content.definition.clone(), context.runner.clone());
    let machine_type = content.machine_type();
    // A definition of 1 MiB takes a while.
    let compiled = tokio::task::spawn_blocking(move || {
        let serves = |resource: &Resource| runner.serves(resource);
        let rules = Rules {
            machine_type,
            serves: &serves,
        };
        validate_definition(&text, rules)
    });
    let compiled = match compiled.await {
        Ok(Ok(compiled)) => compiled,
        Ok(Err(invalid)) => return Ok(Validated::Invalid(invalid)),
        Err(_) => return Ok(Validated::Invalid(unreadable())),
    };
    apply_revision(context, state_machine, &id, &content).await?;
    let uid = state_machine.uid().unwrap_or_default();
    let revision = Revision::new(&id, &uid, content, compiled.state_machine);
    Ok(Validated::Valid {
        revision: context.definitions.share(&namespace, revision),
        warnings: compiled.warnings,
    })
}

fn unreadable() -> Invalid {
    Invalid {
        reason: crd::reasons::INVALID_DEFINITION,
        message: "the definition cannot be compiled: the compiler ended unexpectedly".to_owned(),
        diagnostics: Vec::new(),
        waits: false,
    }
}

/// Lets executions start, or not.
fn announce(context: &Context, state_machine: &StateMachine, validated: &Validated) {
    let (place, known) = match validated {
        Validated::Valid { revision, .. } => {
            (&revision.content.place, Known::Ready(revision.clone()))
        }
        Validated::Invalid(invalid) => (
            &context.options.place,
            Known::NotReady(invalid.message.clone()),
        ),
    };
    let arn = place.state_machine_arn(&state_machine.spec.name);
    let namespace = state_machine.namespace().unwrap_or_default();
    let name = state_machine.name_any();
    context.define(&namespace, &name, arn, known);
}

fn set_limit(context: &Context, state_machine: &StateMachine, limit: Option<i32>) {
    let namespace = state_machine.namespace().unwrap_or_default();
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    context
        .admission
        .limit(&namespace, &state_machine.spec.name, limit);
}

/// Nothing new starts; what runs goes on, and then the StateMachine goes.
async fn leave(state_machine: &StateMachine, context: &Context) -> Result<Action, ReconcileError> {
    let place = &context.options.place;
    let arn = place.state_machine_arn(&state_machine.spec.name);
    let (namespace, name) = (
        state_machine.namespace().unwrap_or_default(),
        state_machine.name_any(),
    );
    context.define(&namespace, &name, arn.clone(), Known::Leaving);
    wake_namesakes(context, state_machine);
    let running = count_running(context, state_machine, &arn).await;
    match decide_leave(state_machine, running) {
        Leave::Nothing => Ok(Action::await_change()),
        Leave::LetGo => {
            remove_revisions(context, state_machine).await?;
            apply_finalizer(context, state_machine, false).await?;
            Ok(Action::await_change())
        }
        Leave::Wait(running) => {
            let now = context.now();
            let status = build_leaving(state_machine, place, running, &now);
            apply_status(context, state_machine, status).await?;
            Ok(Action::requeue(LOOK_AGAIN))
        }
    }
}

fn on_error(
    state_machine: Arc<StateMachine>,
    error: &ReconcileError,
    context: Arc<Context>,
) -> Action {
    let backoffs = &context.state_machine_backoffs;
    try_again(&context, KIND, backoffs, &*state_machine, error)
}
