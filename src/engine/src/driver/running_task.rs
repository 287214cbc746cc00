//! Tasks in flight.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use asl::Value;
use asl::errors::{Fault, RUNTIME};
use asl::machine::{Event, TaskId};
use futures::FutureExt as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::{Incoming, Message};
use crate::execution::Happening;
use crate::ports::{Task, TaskRunner, TaskUpdate};

/// A task in flight. Dropping it stops waiting for it; what it made in the cluster stays.
#[derive(Debug)]
pub(super) struct RunningTask {
    pub(super) task: Arc<Task>,
    pub(super) since: Instant,
    abort: AbortHandle,
}

impl Drop for RunningTask {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl RunningTask {
    /// Runs a task and sends what it reports, and at last its result, to `inbox`.
    pub(super) fn spawn(
        task: Task,
        runner: Arc<dyn TaskRunner>,
        inbox: UnboundedSender<Message>,
    ) -> Self {
        let id = task.request.task;
        let run = run_task(task.clone(), runner, inbox.clone());
        let handle = tokio::spawn(async move {
            let result = AssertUnwindSafe(run).catch_unwind().await;
            let result = result.unwrap_or_else(|_| Err(panicked()));
            // The driver is gone: another one runs the task again.
            let _ = inbox.send(Box::new(Incoming::Ended(id, result)));
        });
        Self {
            task: Arc::new(task),
            since: Instant::now(),
            abort: handle.abort_handle(),
        }
    }
}

fn panicked() -> Fault {
    Fault::new(RUNTIME, "the task's runner ended unexpectedly")
}

async fn run_task(
    task: Task,
    runner: Arc<dyn TaskRunner>,
    inbox: UnboundedSender<Message>,
) -> Result<Value, Fault> {
    let id = task.request.task;
    let (sender, mut updates) = unbounded_channel();
    let run = runner.run(task, sender);
    tokio::pin!(run);
    let result = loop {
        tokio::select! {
            biased;
            Some(update) = updates.recv() => forward(id, update, &inbox),
            result = &mut run => break result,
        }
    };
    drain(id, &mut updates, &inbox);
    result
}

/// What was reported before the result arrives before it.
fn drain(
    id: TaskId,
    updates: &mut UnboundedReceiver<TaskUpdate>,
    inbox: &UnboundedSender<Message>,
) {
    while let Ok(update) = updates.try_recv() {
        forward(id, update, inbox);
    }
}

fn forward(task: TaskId, update: TaskUpdate, inbox: &UnboundedSender<Message>) {
    let happening = match update {
        TaskUpdate::Submitted(output) => Happening::Event(Event::TaskSubmitted { task, output }),
        TaskUpdate::Heartbeat => Happening::Event(Event::TaskHeartbeat { task }),
        TaskUpdate::Progress(progress) => Happening::Progress(task, *progress),
    };
    let _ = inbox.send(Box::new(Incoming::Happened(happening)));
}
