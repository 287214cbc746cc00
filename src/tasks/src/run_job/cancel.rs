//! Removes the Job of a task whose result is no longer wanted.

use std::time::Duration;

use asl::value::ObjectBuilder;
use engine::ports::{RunnerError, Task};
use http::{Method, StatusCode};
use tracing::info;

use super::RunJob;
use super::build::{Order, build_order};
use super::view::{JobView, task_label_of};
use crate::api_server::{Actor, Answer, Outgoing, Patience, SendError};
use crate::{marks, paths};

/// How long a request to create the Job may still be on its way.
const SETTLE: Duration = Duration::from_secs(60);

impl RunJob {
    /// Deletes the Job with its pods, in the foreground, by the operator's own rights: only the
    /// very object that carries the task's mark.
    pub(crate) async fn cancel(&self, task: &Task) -> Result<(), RunnerError> {
        // Parameters without a Job, or for another cluster, never made anything.
        let Ok(order) = build_order(task) else {
            return Ok(());
        };
        if task.retain_jobs || !self.cluster.is_called(&order.cluster) {
            return Ok(());
        }
        let id = task.id();
        tokio::time::timeout(SETTLE, self.in_flight.settled(&id))
            .await
            .map_err(|_| RunnerError("the request to create the Job has no answer yet".into()))?;
        let Some(target) = build_target(&order) else {
            return Ok(());
        };
        let found = self.send_own(Outgoing::get(target.clone())).await?;
        if found.status == StatusCode::NOT_FOUND {
            return Ok(());
        }
        if !found.is_success() {
            return Err(refused("read", &found));
        }
        let job = found.value();
        let ours = task_label_of(&job) == Some(&marks::task_label(&id));
        let Some(job) = JobView::read(&job).filter(|_| ours) else {
            return Ok(());
        };
        self.delete(target, &job).await
    }

    pub(super) async fn delete(&self, target: String, job: &JobView) -> Result<(), RunnerError> {
        let preconditions = ObjectBuilder::default().with("uid", job.uid.as_str());
        let options = ObjectBuilder::default()
            .with("apiVersion", "v1")
            .with("kind", "DeleteOptions")
            .with("propagationPolicy", "Foreground")
            .with("preconditions", preconditions.build())
            .build();
        let request = Outgoing::json(Actor::Operator, Method::DELETE, target, &options.into());
        let answer = self.send_own(request).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(()),
            status if status.is_success() => {
                info!(
                    job = job.name,
                    namespace = job.namespace,
                    "deleted the Job of a cancelled task"
                );
                Ok(())
            }
            // Of a conflict as well: where another Job took the name, the next look tells.
            _ => Err(refused("delete", &answer)),
        }
    }

    pub(super) async fn send_own(&self, request: Outgoing) -> Result<Answer, RunnerError> {
        let failed = |error: SendError| RunnerError(error.to_string());
        let patience = Patience::new(self.limits.retry_time);
        let answer = self.api.send_patiently(&request, patience).await;
        answer.map_err(failed)
    }
}

fn build_target(order: &Order) -> Option<String> {
    paths::job(&order.namespace, order.name.as_deref()?)
}

pub(super) fn refused(verb: &str, answer: &Answer) -> RunnerError {
    let status = answer.status.as_u16();
    RunnerError(format!(
        "cannot {verb} the Job: {status} {}",
        answer.message()
    ))
}
