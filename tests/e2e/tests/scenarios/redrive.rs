//! Executions that go on where they ended without success.

use e2e::definition::{chain, job, run_job, single, with};
use e2e::scenario::condition;
use e2e::watch::PATIENCE;
use e2e::{Run, Scenario};
use serde_json::{Value, json};

/// A Job with a name of its own each time.
fn generated(name: &str, script: &str) -> Value {
    let mut job = job(name, script);
    job["metadata"] = json!({"generateName": format!("{name}-")});
    job
}

/// A Job that fails until there is a ConfigMap.
fn picky(name: &str) -> Value {
    let mut job = generated(name, "test -n \"$READY\"");
    let settings = json!([{"configMapRef": {"name": "settings", "optional": true}}]);
    job["spec"]["template"]["spec"]["containers"][0]["envFrom"] = settings;
    job
}

fn mend(scenario: &Scenario) {
    scenario.apply(
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {READY: \"1\"}}",
    );
}

async fn created(scenario: &Scenario, of: &str) -> usize {
    let jobs = scenario.created_jobs().await;
    jobs.iter().filter(|name| name.starts_with(of)).count()
}

async fn until_refused(run: &Run<'_>) -> String {
    let refused =
        |status: &crd::ExecutionStatus| condition(&status.conditions, "ACK.Advisory").is_some();
    let status = run.until("an advisory", PATIENCE, refused).await;
    let (_, message) = condition(&status.conditions, "ACK.Advisory").unwrap();
    message.to_owned()
}

#[tokio::test]
async fn a_redriven_execution_makes_one_more_job_of_the_state_that_failed() {
    let scenario = Scenario::new().await;
    let definition = chain([
        (
            "First",
            run_job(&scenario.namespace, generated("first", "true")),
        ),
        ("Second", run_job(&scenario.namespace, picky("second"))),
    ]);
    let run = scenario.run(&definition, json!({})).await;
    assert_eq!(run.failure().await.error, "States.TaskFailed");
    let before = run.history().await.len();
    mend(&scenario);
    run.patch(json!({"spec": {"redriveCount": 1}})).await;
    let redriven = |status: &crd::ExecutionStatus| status.redrive_count == Some(1);
    let status = run.until("a redrive", PATIENCE, redriven).await;
    assert!(status.redrive_date.is_some());
    let status = run.end().await;
    assert_eq!(status.status, Some(crd::RunStatus::Succeeded), "{status:?}");
    assert_eq!(
        status.redrive_status,
        Some(crd::RedriveStatus::NotRedrivable)
    );
    assert_eq!(created(&scenario, "first-").await, 1);
    assert_eq!(created(&scenario, "second-").await, 2);
    let types = run.event_types().await;
    assert_eq!(
        types[before..],
        [
            "ExecutionRedriven",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    run.until_events(&["Failed", "Redriven", "Succeeded"]).await;
}

#[tokio::test]
async fn a_map_redrives_only_the_items_that_did_not_succeed() {
    let scenario = Scenario::new().await;
    let mut item = run_job(&scenario.namespace, picky("item"));
    item["Parameters"]["Job"]["spec"]["template"]["spec"]["containers"][0]["command"] =
        json!(["sh", "-c", "test -n \"$READY$FREE\""]);
    item["Parameters"]["Job"]["spec"]["template"]["spec"]["containers"][0]["env"] =
        json!([{"name": "FREE", "value.$": "$"}]);
    let processor = single("Item", item);
    let map =
        json!({"Type": "Map", "ItemsPath": "$", "MaxConcurrency": 1, "ItemProcessor": processor});
    let run = scenario
        .run(&single("Each", map), json!(["yes", "", "yes"]))
        .await;
    run.failure().await;
    assert_eq!(created(&scenario, "item-").await, 2);
    mend(&scenario);
    let redrive = scenario.sfn(&["redrive", &run.name, "--wait"]);
    assert!(redrive.success, "{}{}", redrive.stdout, redrive.stderr);
    assert_eq!(redrive.stdout, format!("{} is SUCCEEDED\n", run.name));
    assert_eq!(created(&scenario, "item-").await, 4);
}

#[tokio::test]
async fn a_stopped_execution_goes_on_when_the_stop_is_withdrawn() {
    let scenario = Scenario::new().await;
    let pause = json!({"Type": "Wait", "Seconds": 5});
    let definition = chain([("Pause", pause), ("Done", json!({"Type": "Succeed"}))]);
    let run = scenario.run(&definition, json!({})).await;
    run.until_in("Pause").await;
    run.stop("Stop", "").await;
    assert_eq!(run.end().await.status, Some(crd::RunStatus::Aborted));
    run.patch(json!({"spec": {"redriveCount": 1}})).await;
    let message = until_refused(&run).await;
    assert!(message.starts_with("spec.stop is set"), "{message}");
    run.until_events(&["NotRedrivable"]).await;
    run.patch(json!({"spec": {"redriveCount": 2, "stop": null}}))
        .await;
    let done = |status: &crd::ExecutionStatus| status.status == Some(crd::RunStatus::Succeeded);
    let status = run.until("success", PATIENCE, done).await;
    assert_eq!(status.redrive_count, Some(1));
}

#[tokio::test]
async fn an_execution_that_succeeded_is_not_redriven_and_says_so() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(&single("Done", json!({"Type": "Succeed"})), json!({"a": 1}))
        .await;
    let before = run.end().await;
    let refused = scenario.sfn(&["redrive", &run.name]);
    let expected = "does not go on: Execution is SUCCEEDED and cannot be redriven";
    assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    run.patch(json!({"spec": {"redriveCount": 1}})).await;
    let message = until_refused(&run).await;
    assert_eq!(message, "Execution is SUCCEEDED and cannot be redriven");
    let after = run.end().await;
    assert_eq!(
        (after.output, after.stop_date),
        (before.output, before.stop_date)
    );
}

#[tokio::test]
async fn redrives_can_only_be_asked_for() {
    let scenario = Scenario::new().await;
    let fail = with(json!({"Type": "Fail"}), "Error", json!("E"));
    let run = scenario.run(&single("Fail", fail), json!({})).await;
    run.failure().await;
    run.patch(json!({"spec": {"redriveCount": 2}})).await;
    let twice = |status: &crd::ExecutionStatus| {
        status.redrive_count == Some(2) && status.status == Some(crd::RunStatus::Failed)
    };
    run.until("two redrives", PATIENCE, twice).await;
    let arguments = [
        "patch",
        "exe",
        &run.name,
        "-n",
        &scenario.namespace,
        "--type=merge",
        "-p",
    ];
    let patch = [r#"{"spec": {"redriveCount": 1}}"#];
    let answer = e2e::kubectl::try_kubectl(&[&arguments[..], &patch].concat(), "");
    assert!(
        answer.stderr.contains("redriveCount can only grow"),
        "{}",
        answer.stderr
    );
}
