//! Says of an Execution that is queued for what it waits. Client required.
//!
//! Such a write is one that the executions which run do not get: there is one for each Execution
//! at most, none for those that start soon, and one is under way at a time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crd::condition::{find, types};
use crd::{Execution, reasons};
use engine::backoff::Backoff;
use kube::ResourceExt as _;
use kube::runtime::reflector::ObjectRef;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::Instant;

use super::apply::{apply_advised, apply_status};
use super::status::build_waiting;
use crate::context::Context;
use crate::error::ReconcileError;
use crate::queue::Standing;

/// How long an Execution is queued before that is said.
const PATIENCE: Duration = Duration::from_secs(2);

/// An Execution that is queued.
pub struct Queued {
    since: Instant,
    object: ObjectRef<Execution>,
    uid: String,
}

/// Takes Executions that are queued.
pub struct Announcer(UnboundedSender<Queued>);

impl Announcer {
    /// They are sent to [`run_announcer`].
    #[must_use]
    pub fn new(sender: UnboundedSender<Queued>) -> Self {
        Self(sender)
    }

    /// An Execution is queued from now on.
    pub fn announce(&self, execution: &Execution) {
        if is_told(execution) {
            return;
        }
        let _ = self.0.send(Queued {
            since: Instant::now(),
            object: ObjectRef::from_obj(execution),
            uid: execution.uid().unwrap_or_default(),
        });
    }
}

/// Whether an Execution says already that it is queued: one that ended says so besides.
fn is_told(execution: &Execution) -> bool {
    let conditions = execution.status.iter().map(|status| &status.conditions);
    let told = [types::READY, types::ADVISORY];
    conditions.into_iter().any(|conditions| {
        told.iter().any(|type_| {
            let found = find(conditions, type_);
            found.is_some_and(|found| found.reason.as_deref() == Some(reasons::QUEUED))
        })
    })
}

/// Tells of those that have waited for a while, until `context.shutdown`.
pub async fn run_announcer(context: Arc<Context>, mut receiver: UnboundedReceiver<Queued>) {
    // All wait equally long, so that the first is always the next.
    let mut waiting = VecDeque::new();
    let mut backoff = Backoff::for_writes();
    let mut not_before = Instant::now();
    loop {
        let due = waiting
            .front()
            .map(|queued: &Queued| queued.since + PATIENCE);
        let due = async {
            match due {
                Some(due) => tokio::time::sleep_until(due.max(not_before)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = context.shutdown.cancelled() => return,
            queued = receiver.recv() => {
                waiting.extend(queued);
                continue;
            }
            () = due => {}
        }
        let Some(queued) = waiting.pop_front() else {
            continue;
        };
        match announce(&context, &queued).await {
            Ok(true) => backoff.succeeded(),
            Ok(false) => waiting.push_back(queued.again()),
            Err(error) => {
                let pause = backoff.failed(context.entropy.next(), error.retry_after());
                tracing::warn!(object = %queued.object, %error, "not told that it is queued");
                not_before = Instant::now() + pause;
                waiting.push_back(queued.again());
            }
        }
    }
}

impl Queued {
    fn again(self) -> Self {
        Self {
            since: Instant::now(),
            ..self
        }
    }
}

/// Tells of one, unless it is not queued any more; false if that is to be seen again later.
async fn announce(context: &Context, queued: &Queued) -> Result<bool, ReconcileError> {
    let message = match context.admission.standing(&queued.uid) {
        Standing::MachineFull => {
            "waiting for an execution of the same StateMachine to end: as many run as its \
             spec.maxConcurrentExecutions allows"
        }
        Standing::Full => {
            "waiting for an execution to end: as many run as the operator's \
             --max-running-executions allows"
        }
        Standing::Soon => return Ok(false),
        Standing::Admitted | Standing::Unknown => return Ok(true),
    };
    let stores = [&context.executions, &context.redrives];
    let found = stores.iter().filter_map(|store| store.get(&queued.object));
    let mut found = found.filter(|found| found.uid().as_ref() == Some(&queued.uid));
    let Some(execution) = found.next().filter(|execution| !is_told(execution)) else {
        return Ok(true);
    };
    if execution.has_ended() {
        apply_advised(context, &execution, reasons::QUEUED, message).await?;
    } else {
        let (current, generation) = (execution.status.as_ref(), execution.metadata.generation);
        let status = build_waiting(
            current,
            generation,
            false,
            reasons::QUEUED,
            message,
            &context.now(),
        );
        apply_status(context, &execution, status).await?;
    }
    Ok(true)
}
