//! Stopping and deleting what runs.

use e2e::definition::{job, run_job, single};
use e2e::{Run, Scenario};
use k8s_openapi::api::batch::v1::Job;
use serde_json::{Value, json};

/// An execution with a Job that is at work.
async fn at_work(scenario: &Scenario) -> Run<'_> {
    let state = run_job(&scenario.namespace, job("endless", "sleep 600"));
    let run = scenario.run(&single("Work", state), json!({})).await;
    run.until_job_runs().await;
    run
}

#[tokio::test]
async fn deleting_a_running_execution_removes_its_job_and_pods() {
    let scenario = Scenario::new().await;
    let run = at_work(&scenario).await;
    run.delete().await;
    run.until_gone().await;
    scenario.until_no_jobs().await;
    assert_eq!(scenario.created_jobs().await, ["endless"]);
}

#[tokio::test]
async fn a_stopped_execution_is_aborted_with_error_and_cause_and_its_job_removed() {
    let scenario = Scenario::new().await;
    let run = at_work(&scenario).await;
    run.stop("Operator.Request", "no longer needed").await;
    let status = run.end().await;
    assert_eq!(status.status, Some(crd::RunStatus::Aborted));
    assert_eq!(status.error.as_deref(), Some("Operator.Request"));
    assert_eq!(status.cause.as_deref(), Some("no longer needed"));
    assert_eq!(status.output, None);
    assert_eq!(status.tasks[0].status, Some(crd::TaskState::Cancelled));
    assert!(status.stop_date.is_some());
    scenario.until_no_jobs().await;
    let history = run.history().await;
    let last = history.last().unwrap();
    assert_eq!(last["type"], "ExecutionAborted");
    assert_eq!(
        last["executionAbortedEventDetails"],
        json!({"error": "Operator.Request", "cause": "no longer needed"})
    );
}

#[tokio::test]
async fn a_wait_can_be_stopped() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(
            &single("Pause", json!({"Type": "Wait", "Seconds": 100_000})),
            json!({}),
        )
        .await;
    run.until_in("Pause").await;
    run.patch(json!({"spec": {"stop": {}}})).await;
    let status = run.end().await;
    assert_eq!(status.status, Some(crd::RunStatus::Aborted));
    assert_eq!((status.error, status.cause), (None, None));
}

#[tokio::test]
async fn an_execution_that_ended_is_not_changed_by_a_stop() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(&single("Done", json!({"Type": "Succeed"})), json!({"a": 1}))
        .await;
    assert_eq!(run.output().await, json!({"a": 1}));
    run.stop("Too.Late", "").await;
    // another one that begins and ends shows that the operator has seen the change
    assert_eq!(
        scenario.start("machine-0", json!({})).await.output().await,
        json!({})
    );
    assert_eq!(run.output().await, json!({"a": 1}));
}

#[tokio::test]
async fn retained_jobs_stay_when_their_execution_is_stopped() {
    let scenario = Scenario::new().await;
    let run = at_work(&scenario).await;
    run.patch(json!({"spec": {"retainJobs": true}})).await;
    run.stop("Stop", "but keep the Job").await;
    let status = run.end().await;
    assert_eq!(status.status, Some(crd::RunStatus::Aborted));
    let job: Job = scenario.api().get("endless").await.unwrap();
    assert_eq!(job.metadata.deletion_timestamp, None);
    assert_eq!(job.status.unwrap().active, Some(1));
}

#[tokio::test]
async fn a_stop_cannot_be_withdrawn() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(
            &single("Pause", json!({"Type": "Wait", "Seconds": 600})),
            json!({}),
        )
        .await;
    run.stop("Stop", "").await;
    let why = run.refused_patch(json!({"spec": {"stop": null}})).await;
    assert!(why.contains("stop cannot be withdrawn"), "{why}");
}

#[tokio::test]
async fn a_finished_execution_goes_when_its_time_to_live_is_over() {
    let scenario = Scenario::new().await;
    scenario
        .state_machine("brief", &single("Done", json!({"Type": "Succeed"})))
        .await;
    let spec: Value = json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
        "metadata": {"name": "brief-1"},
        "spec": {"stateMachineRef": {"from": {"name": "brief"}}, "ttlSecondsAfterFinished": 2},
    });
    scenario.apply(&spec.to_string());
    let run = scenario.find("brief-1").await;
    run.until_gone().await;
    let stays = scenario.start("brief", json!({})).await;
    stays.output().await;
}
