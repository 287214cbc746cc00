//! Deletes the oldest finished Executions of a StateMachine, beyond so many as it is to keep.
//!
//! Only StateMachines with a limit cost anything: when one of their Executions ends, those of the
//! kinds that have a limit are listed, once for all that end within a moment. There are about as
//! many as are kept, and only their metadata is read: in the order of their last changes, which
//! resourceVersions tell, they ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crd::lean::LeanMetadata;
use crd::{Execution, StateMachine, StateMachineSpec};
use kube::Resource as _;
use kube::api::{ListParams, ObjectMeta};
use kube::core::{ObjectList, Request};
use kube::runtime::reflector::ObjectRef;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use crate::context::Context;
use crate::error::{is_conflict, is_not_found};
use crate::execution::redrive::decide::awaits_redrive;
use crate::finished::{delete_as_read, read_finished};
use crate::paging::next_page;
use crate::queue::Standing;

/// For how long Executions that end are awaited before they are counted, at least.
const PAUSE: Duration = Duration::from_secs(2);
/// So many times longer than the last lists took is waited: they take at most so small a share.
const SHARE: u32 = 20;
/// For how long is waited at most.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// For how long is waited at least after an error.
const RETRY: Duration = Duration::from_secs(10);
/// How many Executions are listed at a time.
const PAGE: u32 = 500;

/// Selects those that succeeded.
const SUCCEEDED: &str = "status.status=SUCCEEDED";
/// Selects those that ended otherwise.
const FAILED: &str =
    "status.status!=,status.status!=PENDING,status.status!=RUNNING,status.status!=SUCCEEDED";
/// Selects those that ended and have no time to live of their own.
const WITHOUT_TTL: &str =
    "spec.ttlSecondsAfterFinished=,status.status!=,status.status!=PENDING,status.status!=RUNNING";

/// How many finished Executions a StateMachine keeps, and for how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    successful: Option<usize>,
    failed: Option<usize>,
    ttl_seconds: Option<i32>,
}

impl Limits {
    /// What a StateMachine asks for.
    #[must_use]
    pub fn of(spec: &StateMachineSpec) -> Self {
        let count = |limit: Option<i32>| limit.and_then(|limit| usize::try_from(limit).ok());
        Self {
            successful: count(spec.successful_executions_history_limit),
            failed: count(spec.failed_executions_history_limit),
            ttl_seconds: spec.ttl_seconds_after_finished,
        }
    }

    /// The kinds that have a limit: what selects them, and how many of them are kept.
    fn counted(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let kinds = [(SUCCEEDED, self.successful), (FAILED, self.failed)];
        kinds
            .into_iter()
            .filter_map(|(selector, limit)| Some((selector, limit?)))
    }
}

/// A StateMachine whose Executions are to be counted.
#[derive(Debug)]
pub struct ToCount {
    object: ObjectRef<StateMachine>,
    /// Whether its limits are new: then what ended before has a time to live too.
    limits_are_new: bool,
}

/// The limits of all StateMachines that have some.
pub struct HistoryLimits {
    limits: Mutex<HashMap<ObjectRef<StateMachine>, Limits>>,
    sender: UnboundedSender<ToCount>,
}

impl HistoryLimits {
    /// StateMachines whose Executions are to be counted are sent to [`run_history_limits`].
    #[must_use]
    pub fn new(sender: UnboundedSender<ToCount>) -> Self {
        let limits = Mutex::default();
        Self { limits, sender }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ObjectRef<StateMachine>, Limits>> {
        self.limits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a StateMachine asks for now. Its Executions are counted if that is new.
    pub fn set(&self, object: ObjectRef<StateMachine>, limits: Limits) {
        let last = match limits == Limits::default() {
            true => self.lock().remove(&object).map(|_| limits),
            false => self.lock().insert(object.clone(), limits),
        };
        if last != Some(limits) && limits != Limits::default() {
            let limits_are_new = true;
            let _ = self.sender.send(ToCount {
                object,
                limits_are_new,
            });
        }
    }

    /// A StateMachine is gone; its Executions stay.
    pub fn remove(&self, object: &ObjectRef<StateMachine>) {
        self.lock().remove(object);
    }

    /// An Execution of a StateMachine ended. The time to live of those that have none of their own.
    pub fn execution_ended(&self, object: &ObjectRef<StateMachine>) -> Option<i32> {
        let limits = self.get(object)?;
        if limits.counted().next().is_some() {
            let _ = self.sender.send(ToCount {
                object: object.clone(),
                limits_are_new: false,
            });
        }
        limits.ttl_seconds
    }

    /// The time to live that the StateMachine of an Execution gives it.
    pub fn ttl_of(&self, execution: &Execution) -> Option<i32> {
        let named = execution.spec.state_machine_ref.as_ref()?;
        let namespace = execution.metadata.namespace.as_deref()?;
        let object = ObjectRef::new(&named.from.name).within(namespace);
        self.get(&object)?.ttl_seconds
    }

    fn get(&self, object: &ObjectRef<StateMachine>) -> Option<Limits> {
        self.lock().get(object).copied()
    }
}

/// Which of the finished Executions of a kind are not to be kept: those that ended first.
fn beyond(limit: usize, mut finished: Vec<ObjectMeta>) -> Vec<ObjectMeta> {
    finished.retain(|found| found.deletion_timestamp.is_none());
    finished.sort_by_key(|found| std::cmp::Reverse(last_change(found)));
    finished.split_off(limit.min(finished.len()))
}

fn last_change(metadata: &ObjectMeta) -> u64 {
    let version = metadata.resource_version.as_deref();
    // Kubernetes says nothing about what is no number.
    version
        .and_then(|version| version.parse().ok())
        .unwrap_or(0)
}

/// Keeps the limits until `context.shutdown`.
pub async fn run_history_limits(context: Arc<Context>, receiver: UnboundedReceiver<ToCount>) {
    let work = keep_all_limits(&context, receiver);
    context.shutdown.run_until_cancelled(work).await;
}

async fn keep_all_limits(context: &Context, mut receiver: UnboundedReceiver<ToCount>) {
    let mut pending = Pending::default();
    let mut pause = PAUSE;
    loop {
        if pending.0.is_empty() {
            let Some(next) = receiver.recv().await else {
                return;
            };
            pending.add(next);
        }
        tokio::time::sleep(pause).await;
        while let Ok(next) = receiver.try_recv() {
            pending.add(next);
        }
        let mut lasted = Duration::ZERO;
        for next in pending.take() {
            match keep_limits(context, &next).await {
                Ok(listing) => lasted += listing,
                Err(error) => {
                    let object = &next.object;
                    tracing::warn!(%error, %object, "finished Executions could not be listed");
                    pending.add(next);
                }
            }
        }
        pause = pause_after(lasted, !pending.0.is_empty());
    }
}

/// The StateMachines whose Executions are to be counted next, and whether their limits are new.
#[derive(Default)]
struct Pending(HashMap<ObjectRef<StateMachine>, bool>);

impl Pending {
    fn add(&mut self, next: ToCount) {
        *self.0.entry(next.object).or_default() |= next.limits_are_new;
    }

    fn take(&mut self) -> impl Iterator<Item = ToCount> + use<> {
        let all = std::mem::take(&mut self.0).into_iter();
        all.map(|(object, limits_are_new)| ToCount {
            object,
            limits_are_new,
        })
    }
}

fn pause_after(lasted: Duration, failed: bool) -> Duration {
    let least = if failed { RETRY } else { PAUSE };
    lasted.saturating_mul(SHARE).clamp(least, LONGEST_PAUSE)
}

/// Keeps the limits of one. Tells how long its lists took.
async fn keep_limits(context: &Context, next: &ToCount) -> Result<Duration, kube::Error> {
    let object = &next.object;
    let Some(limits) = context.history_limits.get(object) else {
        return Ok(Duration::ZERO);
    };
    let since = Instant::now();
    let mut superfluous = Vec::new();
    for (selector, limit) in limits.counted() {
        superfluous.extend(beyond(limit, list(context, object, selector).await?));
    }
    if let Some(ttl) = limits.ttl_seconds.filter(|_| next.limits_are_new) {
        let finished = list(context, object, WITHOUT_TTL).await?;
        schedule(context, object, &finished, ttl);
    }
    let lasted = since.elapsed();
    for metadata in superfluous {
        delete(context, object, &metadata).await;
    }
    Ok(lasted)
}

/// When each ended is read once its time may have come.
fn schedule(
    context: &Context,
    state_machine: &ObjectRef<StateMachine>,
    finished: &[ObjectMeta],
    ttl: i32,
) {
    let namespace = state_machine.namespace.as_deref().unwrap_or_default();
    for metadata in finished {
        let (name, uid) = (metadata.name.as_deref(), metadata.uid.as_deref());
        let created = metadata.creation_timestamp.as_ref();
        if let (Some(name), Some(uid), Some(created)) = (name, uid, created) {
            let object = ObjectRef::new(name).within(namespace);
            context.expiry.schedule(&object, uid, created.0, ttl);
        }
    }
}

async fn list(
    context: &Context,
    object: &ObjectRef<StateMachine>,
    selector: &str,
) -> Result<Vec<ObjectMeta>, kube::Error> {
    let url = Execution::url_path(&(), object.namespace.as_deref());
    let selector = format!("spec.stateMachineRef.from.name={},{selector}", object.name);
    let mut params = ListParams::default().fields(&selector).limit(PAGE);
    let mut found = Vec::new();
    loop {
        let request = Request::new(url.clone()).list_metadata(&params);
        let request = request.map_err(kube::Error::BuildRequest)?;
        let page: ObjectList<LeanMetadata> = context.client.request(request).await?;
        found.extend(page.items.into_iter().map(|LeanMetadata(found)| found));
        match next_page(&params, &page.metadata) {
            Some(next) => params = next,
            None => return Ok(found),
        }
    }
}

/// Deletes one, unless it is about to go on, or was changed meanwhile.
async fn delete(context: &Context, object: &ObjectRef<StateMachine>, metadata: &ObjectMeta) {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let name = metadata.name.as_deref().unwrap_or_default();
    let uid = metadata.uid.as_deref().unwrap_or_default();
    match delete_superfluous(context, namespace, name, uid).await {
        Ok(()) => {}
        Err(error) if is_not_found(&error) || is_conflict(&error) => {}
        Err(error) => {
            tracing::warn!(%error, namespace, name, "an old Execution could not be deleted");
        }
    }
}

async fn delete_superfluous(
    context: &Context,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Result<(), kube::Error> {
    // It runs again, or waits for its turn: it need not be read.
    if context.admission.standing(uid) != Standing::Unknown {
        return Ok(());
    }
    match read_finished(context, namespace, name, uid).await? {
        Some(execution) if !awaits_redrive(&execution) => delete_as_read(context, &execution).await,
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
