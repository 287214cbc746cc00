//! Executions that go on where they ended without success.

use std::time::Duration;

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
async fn an_execution_that_succeeded_is_not_redriven_says_so_and_keeps_its_output() {
    let scenario = Scenario::new().await;
    let output = json!({"a": null, "b": [{"c": null}], "d": {"e": {"f": null}}});
    let run = scenario
        .run(&single("Done", json!({"Type": "Succeed"})), output.clone())
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
        (Some(output), before.stop_date)
    );
}

#[tokio::test]
async fn an_execution_that_may_go_on_should_it_fail_and_succeeds_is_not_warned_of() {
    let scenario = Scenario::new().await;
    let done = single("Done", json!({"Type": "Succeed"}));
    scenario.state_machine("preset", &done).await;
    let execution = json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
        "metadata": {"name": "preset-1"},
        "spec": {"stateMachineRef": {"from": {"name": "preset"}}, "redriveCount": 2},
    });
    scenario.apply(&execution.to_string());
    let run = scenario.find("preset-1").await;
    assert_eq!(run.output().await, json!({}));
    run.until_events(&["Succeeded"]).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let status = run.end().await;
    assert_eq!(condition(&status.conditions, "ACK.Advisory"), None);
}

/// It fails with so much at hand that its checkpoint needs pages, which are deleted after its end.
#[tokio::test]
async fn a_request_that_stands_is_met_each_time_however_long_the_last_end_takes() {
    let scenario = Scenario::new().await;
    let words: Vec<String> = (0..5_000_u64)
        .map(|number| format!("{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
        .collect();
    let large = json!({"Type": "Pass", "Parameters": {"words.$": "$"}});
    let fail = json!({"Type": "Fail", "Error": "E"});
    let definition = chain([("Large", large), ("Fail", fail)]);
    scenario.state_machine("large", &definition).await;
    let run = scenario.start("large", json!(words)).await;
    run.failure().await;
    run.patch(json!({"spec": {"redriveCount": 4}})).await;
    let met = |status: &crd::ExecutionStatus| {
        status.redrive_count == Some(4) && status.status == Some(crd::RunStatus::Failed)
    };
    run.until("four redrives", PATIENCE, met).await;
}

/// As a process leaves it that dies when it has just begun to redrive.
#[tokio::test]
async fn an_execution_whose_redrive_came_to_nothing_can_be_deleted() {
    let scenario = Scenario::new().await;
    let fail = with(json!({"Type": "Fail"}), "Error", json!("E"));
    let run = scenario.run(&single("Fail", fail), json!({})).await;
    run.failure().await;
    run.patch(json!({
        "metadata": {"finalizers": [crd::metadata::finalizers::EXECUTION]},
        "spec": {"redriveCount": 0},
    }))
    .await;
    run.delete().await;
    run.until_gone().await;
}

#[tokio::test]
async fn an_execution_of_a_state_machine_that_leaves_is_not_redriven() {
    let scenario = Scenario::new().await;
    let pause = json!({"Type": "Wait", "Seconds": 600});
    scenario
        .state_machine("leaving", &single("Pause", pause))
        .await;
    let run = scenario.start("leaving", json!({})).await;
    let other = scenario.start("leaving", json!({})).await;
    run.until_in("Pause").await;
    other.until_in("Pause").await;
    run.stop("Stop", "").await;
    run.end().await;
    let _ = scenario.kubectl(&["delete", "sm", "leaving", "--wait=false"]);
    run.patch(json!({"spec": {"redriveCount": 1, "stop": null}}))
        .await;
    let message = until_refused(&run).await;
    assert_eq!(message, "State machine is in DELETING status.");
    other.stop("Stop", "").await;
    other.end().await;
}

#[tokio::test]
async fn the_definition_of_an_execution_that_may_be_redriven_is_kept() {
    let scenario = Scenario::new().await;
    let of = |number: u32| {
        let first = json!({"Type": "Pass", "Result": number, "ResultPath": "$.number"});
        let wait = json!({"Type": "Wait", "SecondsPath": "$.seconds"});
        chain([("First", first), ("Pause", wait)])
    };
    let mut last = scenario.state_machine("changing", &of(0)).await;
    let run = scenario.start("changing", json!({"seconds": 20})).await;
    run.until_in("Pause").await;
    run.stop("Stop", "").await;
    run.end().await;
    for number in 1..=8 {
        let patch = json!({"spec": {"definition": of(number).to_string()}}).to_string();
        let _ = scenario.kubectl(&["patch", "sm", "changing", "--type=merge", "-p", &patch]);
        let revision = last.status.unwrap().revision_id;
        last = scenario
            .until_machine("changing", "another revision", |machine| {
                Some(machine.status.as_ref()?.revision_id != revision)
            })
            .await;
    }
    run.patch(json!({"spec": {"redriveCount": 1, "stop": null}}))
        .await;
    let done = |status: &crd::ExecutionStatus| status.status == Some(crd::RunStatus::Succeeded);
    let status = run.until("success", PATIENCE, done).await;
    assert_eq!(status.output.unwrap()["number"], json!(0));
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
    let patch = json!({"spec": {"redriveCount": 1}});
    let why = run.refused_patch(patch).await;
    assert!(why.contains("redriveCount can only grow"), "{why}");
}
