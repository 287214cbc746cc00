//! Removes the Jobs of an execution of which nothing is known any more but its uid.

use asl::Value;
use engine::ports::{ExecutionKey, RunnerError};

use super::RunJob;
use super::cancel::refused;
use super::gather::read_continue;
use super::view::JobView;
use crate::api_server::Outgoing;
use crate::marks::EXECUTION_UID;
use crate::paths;

/// How many Jobs are listed at a time.
const PAGE: &str = "50";

impl RunJob {
    /// Deletes the Jobs that carry the execution's mark and have not ended, in all namespaces, by
    /// the operator's own rights.
    pub(crate) async fn abandon(&self, execution: &ExecutionKey) -> Result<(), RunnerError> {
        let mut token = None;
        loop {
            let list = self.list_marked(execution, token.as_deref()).await?;
            let jobs = list.get("items").and_then(Value::as_array);
            for job in jobs.unwrap_or_default().iter().filter_map(JobView::read) {
                self.delete_unless_ended(&job).await?;
            }
            token = match read_continue(&list) {
                Some(next) => Some(next),
                None => return Ok(()),
            };
        }
    }

    async fn list_marked(
        &self,
        execution: &ExecutionKey,
        token: Option<&str>,
    ) -> Result<Value, RunnerError> {
        let mut target = paths::ALL_JOBS.to_owned();
        let selector = format!("{EXECUTION_UID}={}", execution.uid);
        paths::add_query(&mut target, "labelSelector", &selector);
        paths::add_query(&mut target, "limit", PAGE);
        if let Some(token) = token {
            paths::add_query(&mut target, "continue", token);
        }
        let answer = self.send_own(Outgoing::get(target)).await?;
        match answer.is_success() {
            true => Ok(answer.value()),
            false => Err(refused("list", &answer)),
        }
    }

    async fn delete_unless_ended(&self, job: &JobView) -> Result<(), RunnerError> {
        let target = paths::job(&job.namespace, &job.name);
        match target.filter(|_| job.end.is_none()) {
            Some(target) => self.delete(target, job).await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_runner::runner;
    use crate::settings::{Acting, TaskLimits};
    use crate::test_api::Api;
    use crate::test_task::task;

    #[tokio::test]
    async fn the_jobs_of_an_execution_that_have_not_ended_are_deleted_page_by_page() {
        let job = |name: &str, status: serde_json::Value| {
            let metadata = json!({"name": name, "namespace": "far", "uid": name});
            json!({"metadata": metadata, "status": status})
        };
        let ended = json!({"conditions": [{"type": "Complete", "status": "True"}]});
        let first = json!({
            "metadata": {"continue": "more"},
            "items": [job("runs", json!({})), job("ended", ended)],
        });
        let second = json!({"metadata": {}, "items": [job("runs-too", json!({"active": 1}))]});
        let (first, second) = (first.to_string(), second.to_string());
        let api = Api::answering(&[(200, &first), (200, "{}"), (200, &second), (200, "{}")]);
        let tasks = runner(&api, Acting::AsConnection, TaskLimits::default());
        let execution = task("eks:runJob.sync", "{}").execution;
        tasks.abandon(&execution).await.unwrap();
        let jobs = "/apis/batch/v1/namespaces/far/jobs";
        let expected = [
            "GET /apis/batch/v1/jobs".to_owned(),
            format!("DELETE {jobs}/runs"),
            "GET /apis/batch/v1/jobs".to_owned(),
            format!("DELETE {jobs}/runs-too"),
        ];
        assert_eq!(api.requests(), expected);
    }
}
