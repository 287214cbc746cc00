//! Deletes finished Executions once their `ttlSecondsAfterFinished` are over.
//!
//! Those that finish here are known by their time. Those that finished before are listed at the
//! start, and now and then: only Executions with a time to live are, a field selector leaves out
//! the others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crd::{Execution, Lean, RunStatus};
use jiff::{SignedDuration, Timestamp};
use kube::api::{DeleteParams, ListParams, Preconditions};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::context::Context;
use crate::error::{is_conflict, is_not_found};

/// How often what finished elsewhere is looked for.
const LIST_PERIOD: Duration = Duration::from_mins(30);
/// How many Executions are listed at a time.
const PAGE: u32 = 500;
/// The pause after a deletion that failed.
const RETRY: SignedDuration = SignedDuration::from_secs(10);

/// One Execution and its time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    at: Timestamp,
    namespace: String,
    name: String,
    uid: String,
}

/// Takes finished Executions.
pub struct Expiry(UnboundedSender<Due>);

impl Expiry {
    /// They are sent to [`run_expiry`].
    #[must_use]
    pub fn new(sender: UnboundedSender<Due>) -> Self {
        Self(sender)
    }

    /// An Execution that ended is to be deleted `ttl` seconds after that.
    pub fn schedule(&self, object: &ObjectRef<Execution>, uid: &str, ended: Timestamp, ttl: i32) {
        let _ = self.0.send(Due {
            at: due_at(ended, ttl),
            namespace: object.namespace.clone().unwrap_or_default(),
            name: object.name.clone(),
            uid: uid.to_owned(),
        });
    }
}

fn due_at(ended: Timestamp, ttl: i32) -> Timestamp {
    let ttl = SignedDuration::from_secs(ttl.max(0).into());
    ended.checked_add(ttl).unwrap_or(Timestamp::MAX)
}

/// Deletes what is due, until `context.shutdown`.
pub async fn run_expiry(context: Arc<Context>, mut receiver: UnboundedReceiver<Due>) {
    let mut waiting = BTreeSet::new();
    let mut list_at = Timestamp::now();
    loop {
        let next = waiting
            .first()
            .map_or(list_at, |due: &Due| due.at.min(list_at));
        tokio::select! {
            () = context.shutdown.cancelled() => return,
            due = receiver.recv() => waiting.extend(due),
            () = context.clock.sleep_until(next) => {}
        }
        let now = Timestamp::now();
        if list_at <= now {
            list(&context, &mut waiting).await;
            list_at = now + LIST_PERIOD;
        }
        while let Some(due) = waiting.first().filter(|due| due.at <= now).cloned() {
            waiting.remove(&due);
            if !delete(&context, &due).await {
                let at = now + RETRY;
                waiting.insert(Due { at, ..due });
            }
        }
    }
}

/// Looks for what finished elsewhere.
async fn list(context: &Context, waiting: &mut BTreeSet<Due>) {
    let executions: Api<Lean<Execution>> = context.api();
    let selector = "spec.ttlSecondsAfterFinished!=,status.status!=RUNNING";
    let mut params = ListParams::default().fields(selector).limit(PAGE);
    loop {
        let page = match executions.list(&params).await {
            Ok(page) => page,
            Err(error) => {
                tracing::warn!(%error, "finished Executions could not be listed; again later");
                return;
            }
        };
        waiting.extend(
            page.items
                .iter()
                .filter_map(|Lean(execution)| read_due(execution)),
        );
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return,
        }
    }
}

fn read_due(execution: &Execution) -> Option<Due> {
    let status = execution.status.as_ref()?;
    status
        .status
        .filter(|status: &RunStatus| status.is_finished())?;
    let ended = status.stop_date.as_ref()?.0;
    Some(Due {
        at: due_at(ended, execution.spec.ttl_seconds_after_finished?),
        namespace: execution.namespace()?,
        name: execution.name_any(),
        uid: execution.uid()?,
    })
}

/// Deletes one; false if that is to be tried again.
async fn delete(context: &Context, due: &Due) -> bool {
    // It was redriven, and has another time once it ends again.
    if context.live.is_carried(&due.uid) {
        return true;
    }
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), &due.namespace);
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: Some(due.uid.clone()),
            resource_version: None,
        }),
        ..DeleteParams::background()
    };
    match executions.delete(&due.name, &params).await {
        Ok(_) => true,
        Err(error) if is_not_found(&error) || is_conflict(&error) => true,
        Err(error) => {
            let (namespace, name) = (&due.namespace, &due.name);
            tracing::warn!(%error, namespace, name, "an expired Execution could not be deleted");
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_to_live_counts_from_the_end() {
        let ended: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(due_at(ended, 90), "2026-01-01T00:01:30Z".parse().unwrap());
        assert_eq!(due_at(ended, -1), ended);
        assert_eq!(due_at(Timestamp::MAX, i32::MAX), Timestamp::MAX);
    }
}
