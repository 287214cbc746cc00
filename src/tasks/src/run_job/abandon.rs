//! Removes the Jobs of an execution of which nothing is known any more but its uid.

use asl::Value;
use engine::ports::{ExecutionKey, RunnerError};

use super::RunJob;
use super::cancel::refused;
use super::gather::read_continue;
use super::view::JobView;
use crate::api_server::Outgoing;
use crate::marks::{EXECUTION_UID, INTEGRATION_PATTERN, SYNC};
use crate::paths;

/// How many Jobs are listed at a time.
const PAGE: &str = "50";

impl RunJob {
    /// Deletes the Jobs that carry the execution's mark, that it waits for, and that have not
    /// ended, in all namespaces, by the operator's own rights.
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
        let target = build_list_target(execution, token);
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

/// Jobs that nobody waits for are left alone, as they are when an execution is stopped. So are
/// those that earlier versions made, which do not tell which they are: a Job that goes on for
/// nothing can still be deleted, and one that was deleted is lost.
fn build_list_target(execution: &ExecutionKey, token: Option<&str>) -> String {
    let mut target = paths::ALL_JOBS.to_owned();
    let uid = &execution.uid;
    let selector = format!("{EXECUTION_UID}={uid},{INTEGRATION_PATTERN}={SYNC}");
    paths::add_query(&mut target, "labelSelector", &selector);
    paths::add_query(&mut target, "limit", PAGE);
    if let Some(token) = token {
        paths::add_query(&mut target, "continue", token);
    }
    target
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::test_runner::runner;
    use super::build_list_target;
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
    #[test]
    fn only_jobs_that_the_execution_waits_for_are_listed() {
        let execution = task("eks:runJob.sync", "{}").execution;
        let target = build_list_target(&execution, Some("more"));
        assert_eq!(
            target,
            "/apis/batch/v1/jobs?labelSelector=sfn.services.k8s.aws%2Fexecution-uid%3D\
             6f9619ff-8b86-d011-b42d-00cf4fc964ff%2C\
             sfn.services.k8s.aws%2Fintegration-pattern%3Dsync&limit=50&continue=more"
        );
    }
}
