//! An execution under way, and how it ended.

use std::time::Duration;

use crd::{Execution, ExecutionStatus, RunStatus};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ListParams, Patch, PatchParams};
use kube::runtime::watcher::Config;
use kube::{Api, ResourceExt};
use serde_json::{Value, json};

use crate::watch::{PATIENCE, show, wait_for, wait_for_all};
use crate::{Scenario, history};

/// An execution.
pub struct Run<'a> {
    scenario: &'a Scenario,
    /// The object's name.
    pub name: String,
    /// The object's uid.
    pub uid: String,
}

/// How an execution failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The error's name.
    pub error: String,
    /// The cause; empty where there is none.
    pub cause: String,
}

impl Failure {
    /// The cause where it is JSON.
    ///
    /// # Panics
    /// It is not.
    #[must_use]
    pub fn cause_json(&self) -> Value {
        serde_json::from_str(&self.cause)
            .unwrap_or_else(|error| panic!("{error}: {}: {}", self.error, self.cause))
    }
}

impl<'a> Run<'a> {
    pub(crate) fn new(scenario: &'a Scenario, execution: &Execution) -> Self {
        Self {
            scenario,
            name: execution.name_any(),
            uid: execution.uid().expect("an object has a uid"),
        }
    }

    fn api(&self) -> Api<Execution> {
        self.scenario.api()
    }

    /// Waits until this is so of the execution's status.
    ///
    /// # Panics
    /// It is not within the limit.
    pub async fn until(
        &self,
        what: &str,
        limit: Duration,
        holds: impl Fn(&ExecutionStatus) -> bool,
    ) -> ExecutionStatus {
        let executions = self.api();
        let execution = wait_for(&executions, &self.name, what, limit, |execution| {
            let status = execution.and_then(|execution| execution.status.as_ref());
            status.is_some_and(&holds)
        });
        let execution = execution.await.expect("it is there");
        execution.status.expect("it has one")
    }

    /// Waits until the execution is in this state.
    pub async fn until_in(&self, state: &str) -> ExecutionStatus {
        let is_in = |status: &ExecutionStatus| status.current_states.iter().any(|at| at == state);
        self.until(&format!("in state {state}"), PATIENCE, is_in)
            .await
    }

    /// Waits until a task's Job has a running pod.
    pub async fn until_job_runs(&self) -> ExecutionStatus {
        let runs = |status: &ExecutionStatus| {
            status
                .tasks
                .iter()
                .any(|task| task.active == Some(1) && !task.pods.is_empty())
        };
        self.until("a Job with a running pod", PATIENCE, runs).await
    }

    /// Waits until a task is to be seen.
    pub async fn until_a_task(&self) -> ExecutionStatus {
        self.until("a task", PATIENCE, |status| !status.tasks.is_empty())
            .await
    }

    /// Waits until the execution ended, whichever way.
    pub async fn end(&self) -> ExecutionStatus {
        self.end_within(PATIENCE).await
    }

    /// Waits until the execution ended, whichever way.
    pub async fn end_within(&self, limit: Duration) -> ExecutionStatus {
        let ended = |status: &ExecutionStatus| status.status.is_some_and(RunStatus::is_finished);
        self.until("an end", limit, ended).await
    }

    /// The output of an execution that ends well.
    ///
    /// # Panics
    /// It does not.
    pub async fn output(&self) -> Value {
        let status = self.end().await;
        assert_eq!(
            status.status,
            Some(RunStatus::Succeeded),
            "{}",
            show(&status)
        );
        assert_eq!((&status.error, &status.cause), (&None, &None));
        status.output.expect("an output")
    }

    /// The error of an execution that fails.
    ///
    /// # Panics
    /// It does not.
    pub async fn failure(&self) -> Failure {
        let status = self.end().await;
        assert_eq!(status.status, Some(RunStatus::Failed), "{}", show(&status));
        assert_eq!(status.output, None);
        Failure {
            error: status.error.unwrap_or_default(),
            cause: status.cause.unwrap_or_default(),
        }
    }

    /// The history: the events as `GetExecutionHistory` gives them, complete and in order.
    ///
    /// # Panics
    /// It cannot be read, has gaps, or is not as long as the status says.
    pub async fn history(&self) -> Vec<Value> {
        let execution = self.api().get(&self.name).await.expect("the Execution");
        let events = history::read(&self.scenario.client, &execution).await;
        let events = events.unwrap_or_else(|why| panic!("{why}"));
        let ids: Vec<_> = events.iter().map(|event| event["id"].as_i64()).collect();
        let expected: Vec<_> = (1..).map(Some).take(events.len()).collect();
        assert_eq!(ids, expected);
        assert_eq!(
            execution
                .status
                .and_then(|status| status.history_length)
                .unwrap_or_default(),
            events.len() as i64
        );
        events
    }

    /// The types of the history's events.
    pub async fn event_types(&self) -> Vec<String> {
        let events = self.history().await;
        let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
        events.iter().map(kind).collect()
    }

    /// The Jobs of the execution that are there.
    ///
    /// # Panics
    /// They cannot be listed.
    pub async fn jobs(&self) -> Vec<Job> {
        let label = format!("sfn.services.k8s.aws/execution-uid={}", self.uid);
        let jobs = Api::<Job>::all(self.scenario.client.clone());
        let jobs = jobs.list(&ListParams::default().labels(&label)).await;
        jobs.expect("Jobs").items
    }

    /// Waits for Kubernetes Events with these reasons about the execution.
    ///
    /// # Panics
    /// They do not come within the limit.
    pub async fn until_events(&self, reasons: &[&str]) -> Vec<Event> {
        let config = Config::default().fields(&format!("regarding.name={}", self.name));
        let what = format!("Events {reasons:?}");
        let events = self.scenario.api::<Event>();
        wait_for_all(&events, config, &what, PATIENCE, |events| {
            let has = |reason: &str| {
                events
                    .iter()
                    .any(|event| event.reason.as_deref() == Some(reason))
            };
            reasons.iter().all(|reason| has(reason))
        })
        .await
    }

    /// Asks the execution to stop.
    ///
    /// # Panics
    /// The API server refuses.
    pub async fn stop(&self, error: &str, cause: &str) {
        self.patch(json!({"spec": {"stop": {"error": error, "cause": cause}}}))
            .await;
    }

    /// Changes the object by a JSON merge patch.
    ///
    /// # Panics
    /// The API server refuses.
    pub async fn patch(&self, patch: Value) {
        let params = PatchParams::default();
        let patch = Patch::Merge(patch);
        let patched = self.api().patch(&self.name, &params, &patch).await;
        patched.expect("the patch is accepted");
    }

    /// Why the API server refuses a JSON merge patch.
    ///
    /// # Panics
    /// The API server accepts it.
    pub async fn refused_patch(&self, patch: Value) -> String {
        let params = PatchParams::default();
        let patch = Patch::Merge(patch);
        let patched = self.api().patch(&self.name, &params, &patch).await;
        patched.expect_err("the patch is refused").to_string()
    }

    /// Deletes the object, without waiting for what follows.
    ///
    /// # Panics
    /// The API server refuses.
    pub async fn delete(&self) {
        let deleted = self.api().delete(&self.name, &Default::default()).await;
        let _ = deleted.expect("it can be deleted");
    }

    /// Waits until the object is gone.
    pub async fn until_gone(&self) {
        let gone = |execution: Option<&Execution>| {
            execution.is_none_or(|found| found.uid().as_ref() != Some(&self.uid))
        };
        wait_for(&self.api(), &self.name, "gone", PATIENCE, gone).await;
    }
}
