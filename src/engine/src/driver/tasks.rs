//! The tasks of one execution: started, continued after a restart, cancelled.

use std::sync::Arc;

use asl::machine::{TaskId, TaskRequest};
use futures::future::join_all;

use super::{Driver, Incoming, Ports, RunningTask};
use crate::backoff::Backoff;
use crate::execution::Happening;
use crate::ports::{RunnerError, Task};

impl Driver {
    /// After a restart, everything that was decided is done again.
    pub(super) fn resume_tasks(&mut self) {
        let running = self.execution.running().cloned().collect();
        self.start_tasks(running, true);
        let cancelling: Vec<_> = self.execution.cancelling().cloned().collect();
        for request in cancelling {
            self.cancel_task(request);
        }
    }

    fn task(&self, request: TaskRequest, resumed: bool, leaving: Arc<[TaskId]>) -> Task {
        Task {
            execution: self.settings.key.clone(),
            identity: self.settings.identity.clone(),
            submitted: self.execution.is_submitted(request.task),
            request,
            resumed,
            retain_jobs: self.settings.retain_jobs,
            leaving,
        }
    }

    /// Runs tasks. None waits here for the tasks that are being cancelled, which may take long and
    /// concerns other branches little: each is told of them, and its runner waits where what one
    /// of them made is in its way.
    pub(super) fn start_tasks(&mut self, requests: Vec<TaskRequest>, resumed: bool) {
        let leaving = self.execution.cancelling().map(|request| request.task);
        let leaving: Arc<[TaskId]> = leaving.collect();
        for request in requests {
            let task = self.task(request, resumed, leaving.clone());
            self.start_task(task);
        }
    }

    fn start_task(&mut self, task: Task) {
        let id = task.request.task;
        if !task.resumed {
            self.ports.observer.task_started(&task);
        }
        let runner = self.ports.runner.clone();
        let running = RunningTask::spawn(task, runner, self.sender.clone());
        self.tasks.insert(id, running);
    }

    /// Stops waiting for a task and has it cancelled, however often that takes.
    pub(super) fn cancel_task(&mut self, request: TaskRequest) {
        let id = request.task;
        self.tasks.remove(&id);
        let task = self.task(request, true, Arc::default());
        let ports = self.ports.clone();
        let inbox = self.sender.clone();
        tokio::spawn(async move {
            let tell = |happening| {
                let _ = inbox.send(Box::new(Incoming::Happened(happening)));
            };
            let failed = |error: &RunnerError| {
                tell(Happening::NotCancelled(id, error.to_string()));
            };
            if cancel(&ports, &task, failed).await {
                tell(Happening::Cancelled(id));
            }
        });
    }

    /// Removes what all tasks made, those too that a decision cancels which was not stored; false
    /// if the process is to stop before that could be done.
    pub(super) async fn cancel_all(&mut self) -> bool {
        self.tasks.clear();
        let left = self.execution.running().chain(self.execution.cancelling());
        let left = left.cloned();
        let left: Vec<_> = left
            .map(|request| self.task(request, true, Arc::default()))
            .collect();
        let ports = &self.ports;
        let cancelled = join_all(left.iter().map(|task| cancel(ports, task, |_| {}))).await;
        cancelled.into_iter().all(|cancelled| cancelled)
    }
}

/// Cancels a task, and says of each attempt that fails why it does; false if the process is to stop
/// before that could be done.
pub(super) async fn cancel(ports: &Ports, task: &Task, failed: impl Fn(&RunnerError)) -> bool {
    let mut backoff = Backoff::for_writes();
    loop {
        let error = tokio::select! {
            () = ports.shutdown.cancelled() => return false,
            result = ports.runner.cancel(task) => match result {
                Ok(()) => return true,
                Err(error) => error,
            },
        };
        failed(&error);
        let pause = backoff.failed(ports.entropy.next(), None);
        let key = &task.execution;
        let observer = &ports.observer;
        observer.retrying(key, "cancel task", &error.to_string(), pause);
        tokio::select! {
            () = ports.shutdown.cancelled() => return false,
            () = tokio::time::sleep(pause) => {}
        }
    }
}
