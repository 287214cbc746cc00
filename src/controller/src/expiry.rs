//! Deletes finished Executions once their `ttlSecondsAfterFinished` are over.
//!
//! Those that finish here are known by their time. Those that finished before are listed at the
//! start, and now and then: only Executions with a time to live are, a field selector leaves out
//! the others. When its time has come each is read again, as Kubernetes does with Jobs: it may
//! have been redriven, and have another time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crd::{Execution, Lean};
use jiff::{SignedDuration, Timestamp};
use kube::api::ListParams;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::context::Context;
use crate::error::{is_conflict, is_not_found};
use crate::execution::redrive::decide::awaits_redrive;
use crate::finished::{delete_as_read, read_finished};
use crate::paging::next_page;
use crate::queue::Standing;

/// How often what finished elsewhere is looked for.
const LIST_PERIOD: Duration = Duration::from_mins(30);
/// How many Executions are listed at a time: each may have some 0.6 MB.
const PAGE: u32 = 50;
/// The pause before one is seen again that could not be deleted.
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

    /// An Execution that ended, at this time or later, is to be deleted `ttl` seconds after that.
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
pub async fn run_expiry(context: Arc<Context>, receiver: UnboundedReceiver<Due>) {
    let work = delete_what_is_due(&context, receiver);
    context.shutdown.run_until_cancelled(work).await;
}

async fn delete_what_is_due(context: &Context, mut receiver: UnboundedReceiver<Due>) {
    let mut waiting = BTreeSet::new();
    let mut list_at = context.clock.now();
    loop {
        let next = waiting
            .first()
            .map_or(list_at, |due: &Due| due.at.min(list_at));
        tokio::select! {
            due = receiver.recv() => waiting.extend(due),
            () = context.clock.sleep_until(next) => {}
        }
        let now = context.clock.now();
        if list_at <= now {
            list(context, &mut waiting).await;
            context.live.expire();
            list_at = now + LIST_PERIOD;
        }
        while let Some(due) = waiting.first().filter(|due| due.at <= now).cloned() {
            waiting.remove(&due);
            let again = delete_or_wait(context, &due).await;
            waiting.extend(again.map(|at| Due { at, ..due }));
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
        match next_page(&params, &page.metadata) {
            Some(next) => params = next,
            None => return,
        }
    }
}

fn read_due(execution: &Execution) -> Option<Due> {
    Some(Due {
        at: read_time(execution, None)?,
        namespace: execution.namespace()?,
        name: execution.name_any(),
        uid: execution.uid()?,
    })
}

/// When an Execution is to be deleted: `None` if it has not ended or is kept. Its own time to live
/// precedes that of its StateMachine.
fn read_time(execution: &Execution, of_state_machine: Option<i32>) -> Option<Timestamp> {
    let status = execution.status.as_ref()?;
    status.status.filter(|status| status.is_finished())?;
    let ended = status.stop_date.as_ref()?.0;
    let ttl = execution.spec.ttl_seconds_after_finished;
    Some(due_at(ended, ttl.or(of_state_machine)?))
}

/// Deletes one; or says when to look at it again.
async fn delete_or_wait(context: &Context, due: &Due) -> Option<Timestamp> {
    let (namespace, name) = (&due.namespace, &due.name);
    let error = match delete_if_due(context, due).await {
        Ok(again) => return again,
        Err(error) => error,
    };
    if is_not_found(&error) {
        return None;
    }
    if !is_conflict(&error) {
        tracing::warn!(%error, namespace, name, "an expired Execution could not be deleted");
    }
    Some(context.clock.now() + RETRY)
}

async fn delete_if_due(context: &Context, due: &Due) -> Result<Option<Timestamp>, kube::Error> {
    let now = context.clock.now();
    // It was redriven, and has another time once it ends again.
    if context.live.is_carried(&due.uid) {
        return Ok(None);
    }
    // It waits for its turn to go on: it need not be read.
    if context.admission.standing(&due.uid) != Standing::Unknown {
        return Ok(Some(now + RETRY));
    }
    let found = read_finished(context, &due.namespace, &due.name, &due.uid).await?;
    let Some(execution) = found else {
        return Ok(None);
    };
    let of_state_machine = context.history_limits.ttl_of(&execution);
    let Some(at) = read_time(&execution, of_state_machine) else {
        return Ok(None);
    };
    if at > now {
        return Ok(Some(at));
    }
    if awaits_redrive(&execution) {
        return Ok(Some(now + RETRY));
    }
    delete_as_read(context, &execution).await?;
    Ok(None)
}

#[cfg(test)]
mod tests {
    use crd::{ExecutionSpec, ExecutionStatus, RunStatus, Time};
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_time_to_live_counts_from_the_end() {
        let ended: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(due_at(ended, 90), "2026-01-01T00:01:30Z".parse().unwrap());
        assert_eq!(due_at(ended, -1), ended);
        assert_eq!(due_at(Timestamp::MAX, i32::MAX), Timestamp::MAX);
    }

    #[rstest]
    #[case::its_own(RunStatus::Failed, Some(60), Some(5), Some(1060))]
    #[case::of_its_state_machine(RunStatus::Failed, None, Some(5), Some(1005))]
    #[case::kept(RunStatus::Failed, None, None, None)]
    #[case::runs_again(RunStatus::Running, Some(60), Some(5), None)]
    fn an_execution_is_due_by_its_last_end(
        #[case] status: RunStatus,
        #[case] own: Option<i32>,
        #[case] of_state_machine: Option<i32>,
        #[case] expected: Option<i64>,
    ) {
        let spec = ExecutionSpec {
            ttl_seconds_after_finished: own,
            ..ExecutionSpec::default()
        };
        let mut execution = Execution::new("e", spec);
        execution.status = Some(ExecutionStatus {
            status: Some(status),
            stop_date: Some(Time(Timestamp::from_second(1000).unwrap())),
            ..ExecutionStatus::default()
        });
        let at = read_time(&execution, of_state_machine);
        assert_eq!(at.map(Timestamp::as_second), expected);
    }
}
