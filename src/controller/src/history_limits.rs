//! Deletes the oldest finished Executions of a StateMachine, beyond so many as it is to keep.
//!
//! Only StateMachines with a limit cost anything: when one of their Executions ends, those that
//! are finished are listed, once for all that end within a moment. There are about as many as
//! are kept.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crd::{Execution, Lean, RunStatus, StateMachine, StateMachineSpec};
use jiff::Timestamp;
use kube::api::{DeleteParams, ListParams, Preconditions};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::context::Context;
use crate::error::{is_conflict, is_not_found};

/// For how long Executions that end are awaited before they are counted.
const PAUSE: Duration = Duration::from_secs(2);
/// How many Executions are listed at a time.
const PAGE: u32 = 500;

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

    fn limit(&self, succeeded: bool) -> Option<usize> {
        match succeeded {
            true => self.successful,
            false => self.failed,
        }
    }
}

/// The limits of all StateMachines that have some.
pub struct HistoryLimits {
    limits: Mutex<HashMap<ObjectRef<StateMachine>, Limits>>,
    sender: UnboundedSender<ObjectRef<StateMachine>>,
}

impl HistoryLimits {
    /// StateMachines whose Executions are to be counted are sent to [`run_history_limits`].
    #[must_use]
    pub fn new(sender: UnboundedSender<ObjectRef<StateMachine>>) -> Self {
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
            let _ = self.sender.send(object);
        }
    }

    /// A StateMachine is gone; its Executions stay.
    pub fn remove(&self, object: &ObjectRef<StateMachine>) {
        self.lock().remove(object);
    }

    /// An Execution of a StateMachine ended. The time to live of those that have none of their own.
    pub fn execution_ended(&self, object: &ObjectRef<StateMachine>) -> Option<i32> {
        let limits = self.lock().get(object).copied()?;
        if limits.successful.is_some() || limits.failed.is_some() {
            let _ = self.sender.send(object.clone());
        }
        limits.ttl_seconds
    }

    fn get(&self, object: &ObjectRef<StateMachine>) -> Option<Limits> {
        self.lock().get(object).copied()
    }
}

/// A finished Execution.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finished {
    name: String,
    uid: String,
    resource_version: Option<String>,
    succeeded: bool,
    ended: Timestamp,
    has_ttl: bool,
    redrive_asked: bool,
}

impl Finished {
    fn read(execution: &Execution) -> Option<Self> {
        let status = execution.status.as_ref()?;
        let word = status.status.filter(|status| status.is_finished())?;
        Some(Self {
            name: execution.name_any(),
            uid: execution.uid()?,
            resource_version: execution.resource_version(),
            succeeded: word == RunStatus::Succeeded,
            ended: status.stop_date.as_ref()?.0,
            has_ttl: execution.spec.ttl_seconds_after_finished.is_some(),
            redrive_asked: execution.spec.redrive_count > status.redrive_count.or(Some(0)),
        })
    }
}

/// Which of them are not to be kept: of each kind the oldest, by their ends. One that is asked to
/// go on counts, and stays.
fn beyond(limits: &Limits, mut finished: Vec<Finished>) -> Vec<Finished> {
    finished.sort_by_key(|execution| std::cmp::Reverse(execution.ended));
    let mut kept = HashMap::from([(true, 0), (false, 0)]);
    finished.retain(|execution| {
        let count = kept.entry(execution.succeeded).or_insert(0_usize);
        *count += 1;
        let limit = limits.limit(execution.succeeded);
        limit.is_some_and(|limit| *count > limit) && !execution.redrive_asked
    });
    finished
}

/// Keeps the limits until `context.shutdown`.
pub async fn run_history_limits(
    context: Arc<Context>,
    mut receiver: UnboundedReceiver<ObjectRef<StateMachine>>,
) {
    loop {
        tokio::select! {
            () = context.shutdown.cancelled() => return,
            object = receiver.recv() => {
                let Some(object) = object else { return };
                tokio::time::sleep(PAUSE).await;
                let mut objects = HashSet::from([object]);
                while let Ok(object) = receiver.try_recv() {
                    objects.insert(object);
                }
                for object in objects {
                    keep_limits(&context, &object).await;
                }
            }
        }
    }
}

async fn keep_limits(context: &Context, object: &ObjectRef<StateMachine>) {
    let Some(limits) = context.history_limits.get(object) else {
        return;
    };
    let finished = match list(context, object).await {
        Ok(finished) => finished,
        Err(error) => {
            tracing::warn!(%error, %object, "finished Executions could not be listed");
            // The next one that ends has them listed again.
            return;
        }
    };
    let namespace = object.namespace.clone().unwrap_or_default();
    if let Some(ttl) = limits.ttl_seconds {
        for execution in finished.iter().filter(|execution| !execution.has_ttl) {
            let object = ObjectRef::new(&execution.name).within(&namespace);
            let (uid, ended) = (&execution.uid, execution.ended);
            context.expiry.schedule(&object, uid, ended, ttl);
        }
    }
    for execution in beyond(&limits, finished) {
        delete(context, &namespace, &execution).await;
    }
}

async fn list(
    context: &Context,
    object: &ObjectRef<StateMachine>,
) -> Result<Vec<Finished>, kube::Error> {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), namespace);
    let selector = format!(
        "spec.stateMachineRef.from.name={},status.status!=,status.status!=PENDING,status.status!=RUNNING",
        object.name
    );
    let mut params = ListParams::default().fields(&selector).limit(PAGE);
    let mut finished = Vec::new();
    loop {
        let page = executions.list(&params).await?;
        let read = page.items.iter();
        finished.extend(read.filter_map(|Lean(execution)| Finished::read(execution)));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(finished),
        }
    }
}

/// Deletes one, unless it was changed since it was listed.
async fn delete(context: &Context, namespace: &str, execution: &Finished) {
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), namespace);
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: Some(execution.uid.clone()),
            resource_version: execution.resource_version.clone(),
        }),
        ..DeleteParams::background()
    };
    match executions.delete(&execution.name, &params).await {
        Ok(_) => {}
        Err(error) if is_not_found(&error) || is_conflict(&error) => {}
        Err(error) => {
            let name = &execution.name;
            tracing::warn!(%error, namespace, name, "an old Execution could not be deleted");
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// Executions as `name second status`, with `!` for one that is asked to go on.
    fn finished(text: &str) -> Vec<Finished> {
        let read = |line: &str| {
            let words: Vec<&str> = line.split(' ').collect();
            Finished {
                name: words[0].to_owned(),
                uid: String::new(),
                resource_version: None,
                succeeded: words[2] == "ok",
                ended: Timestamp::from_second(words[1].parse().unwrap()).unwrap(),
                has_ttl: false,
                redrive_asked: words[2] == "failed!",
            }
        };
        text.split(", ").map(read).collect()
    }

    #[rstest]
    #[case::none(None, None, "")]
    #[case::of_those_that_succeeded(Some(1), None, "c a")]
    #[case::of_those_that_failed(None, Some(1), "d")]
    #[case::of_both(Some(2), Some(2), "a")]
    #[case::all(Some(0), Some(0), "f e d c a")]
    fn the_oldest_are_beyond_the_limits(
        #[case] successful: Option<usize>,
        #[case] failed: Option<usize>,
        #[case] expected: &str,
    ) {
        let limits = Limits {
            successful,
            failed,
            ttl_seconds: None,
        };
        let all = "a 1 ok, b 2 failed!, c 3 ok, d 4 failed, e 5 failed, f 6 ok";
        let beyond = beyond(&limits, finished(all));
        let names: Vec<_> = beyond.iter().map(|execution| &*execution.name).collect();
        assert_eq!(names.join(" "), expected);
    }
}
