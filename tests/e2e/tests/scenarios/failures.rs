//! Failed tasks, Retriers, Catchers, timeouts.

use std::time::Duration;

use e2e::Scenario;
use e2e::definition::{call, chain, job, job_of, run_job, single, with};
use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

/// A failing Job that gets another name each time.
fn failing(namespace: &str) -> Value {
    let mut job = job("", "echo going down; exit 3");
    job["metadata"] = json!({"generateName": "fails-"});
    run_job(namespace, job)
}

#[tokio::test]
async fn a_failed_job_fails_its_task_with_the_job_and_its_logs_as_the_cause() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(&single("Fail", failing(&scenario.namespace)), json!({}))
        .await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "States.TaskFailed");
    let cause = failure.cause_json();
    assert_eq!(cause["kind"], "Job");
    assert_eq!(cause["status"]["failed"], 1);
    let conditions = cause["status"]["conditions"].as_array().unwrap();
    let failed = conditions
        .iter()
        .find(|found| found["type"] == "Failed")
        .unwrap();
    assert_eq!(failed["reason"], "BackoffLimitExceeded");
    assert_eq!(e2e::definition::only_log(&cause), "going down\n");
    let events = run.until_events(&["TaskFailed", "Failed"]).await;
    let warned = |reason: &str| {
        let mut events = events.iter();
        events.any(|event| {
            event.reason.as_deref() == Some(reason) && event.type_.as_deref() == Some("Warning")
        })
    };
    assert!(warned("TaskFailed") && warned("Failed"));
}

#[tokio::test]
async fn a_failing_job_is_retried_and_then_caught() {
    let scenario = Scenario::new().await;
    let state = with(
        failing(&scenario.namespace),
        "Retry",
        json!([{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]),
    );
    let state = with(
        state,
        "Catch",
        json!([
            {"ErrorEquals": ["EKS.404"], "Next": "Unexpected"},
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.problem", "Next": "Rescue"}
        ]),
    );
    let definition = json!({
        "StartAt": "Try",
        "States": {
            "Try": with(state, "End", json!(true)),
            "Unexpected": {"Type": "Fail"},
            "Rescue": {"Type": "Pass", "End": true},
        }
    });
    let run = scenario.run(&definition, json!({"kept": 1})).await;
    let output = run.output().await;
    assert_eq!(output["kept"], 1);
    assert_eq!(output["problem"]["Error"], "States.TaskFailed");
    let cause: Value = serde_json::from_str(output["problem"]["Cause"].as_str().unwrap()).unwrap();
    assert_eq!(cause["status"]["failed"], 1);

    let created = scenario.created_jobs().await;
    assert_eq!(created.len(), 2, "{created:?}");
    assert!(created.iter().all(|name| name.starts_with("fails-")) && created[0] != created[1]);
    let history = run.history().await;
    let of = |kind: &str| -> Vec<&Value> {
        history
            .iter()
            .filter(|event| event["type"] == kind)
            .collect()
    };
    assert_eq!(of("TaskScheduled").len(), 2);
    assert_eq!(of("TaskFailed").len(), 2);
    let time = |event: &Value| {
        event["timestamp"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
    };
    let pause = time(of("TaskScheduled")[1]).duration_since(time(of("TaskFailed")[0]));
    assert!((1000..20_000).contains(&pause.as_millis()), "{pause:?}");
}

#[tokio::test]
async fn an_init_container_that_fails_leaves_error_and_cause_in_place_of_the_main_log() {
    let scenario = Scenario::new().await;
    let pod = json!({
        "initContainers": [{"name": "prepare", "image": "busybox", "command": ["sh", "-c", "echo no; exit 1"]}],
        "containers": [{"name": "main", "image": "busybox", "command": ["true"]}],
    });
    let state = run_job(&scenario.namespace, job_of("unprepared", pod));
    let failure = scenario
        .run(&single("Run", state), json!({}))
        .await
        .failure()
        .await;
    let cause = failure.cause_json();
    let pods = cause["logs"]["pods"].as_object().unwrap();
    let containers = &pods.values().next().unwrap()["containers"];
    assert_eq!(containers["prepare"]["log"], "no\n");
    assert_eq!(containers["main"]["error"], "EKS.400", "{containers}");
    assert!(
        containers["main"]["cause"]
            .as_str()
            .unwrap()
            .contains("main"),
        "{containers}"
    );
}

#[tokio::test]
async fn a_job_that_exceeds_its_deadline_fails_its_task() {
    let scenario = Scenario::new().await;
    let mut job = job("late", "sleep 600");
    job["spec"]["activeDeadlineSeconds"] = json!(3);
    let state = run_job(&scenario.namespace, job);
    let failure = scenario
        .run(&single("Run", state), json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "States.TaskFailed");
    assert!(
        failure.cause.contains("DeadlineExceeded"),
        "{}",
        failure.cause
    );
}

#[tokio::test]
async fn a_task_that_takes_too_long_times_out_and_its_job_is_deleted_with_its_pods() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("endless", "sleep 600"));
    let state = with(state, "TimeoutSeconds", json!(4));
    let run = scenario.run(&single("Run", state), json!({})).await;
    run.until_job_runs().await;
    let status = run.end_within(Duration::from_secs(40)).await;
    assert_eq!(status.status, Some(crd::RunStatus::Failed));
    assert_eq!(status.error.as_deref(), Some("States.Timeout"));
    scenario.until_no_jobs().await;
    assert_eq!(scenario.created_jobs().await, ["endless"]);
    assert!(run.event_types().await.contains(&"TaskTimedOut".to_owned()));
}

#[tokio::test]
async fn a_timeout_can_be_caught_by_name() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("endless", "sleep 600"));
    let state = with(state, "TimeoutSeconds", json!(2));
    let state = with(
        state,
        "Catch",
        json!([{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.problem", "Next": "Rescue"}]),
    );
    let definition = chain([
        ("Run", with(state, "End", json!(true))),
        ("Rescue", json!({"Type": "Pass"})),
    ]);
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output["problem"]["Error"], "States.Timeout");
    scenario.until_no_jobs().await;
}

#[tokio::test]
async fn an_execution_that_takes_too_long_is_timed_out() {
    let scenario = Scenario::new().await;
    let mut definition = single(
        "Run",
        run_job(&scenario.namespace, job("endless", "sleep 600")),
    );
    definition["TimeoutSeconds"] = json!(4);
    let run = scenario.run(&definition, json!({})).await;
    let status = run.end_within(Duration::from_secs(40)).await;
    assert_eq!(status.status, Some(crd::RunStatus::TimedOut));
    assert_eq!(run.event_types().await.last().unwrap(), "ExecutionTimedOut");
    scenario.until_no_jobs().await;
}

#[tokio::test]
async fn errors_of_calls_are_caught_by_name() {
    let scenario = Scenario::new().await;
    let path = format!(
        "/api/v1/namespaces/{}/configmaps/absent",
        scenario.namespace
    );
    let get = with(
        call("GET", &path),
        "Catch",
        json!([
            {"ErrorEquals": ["EKS.409"], "Next": "Unexpected"},
            {"ErrorEquals": ["EKS.404"], "Next": "Missing"}
        ]),
    );
    let definition = json!({
        "StartAt": "Get",
        "States": {
            "Get": with(get, "End", json!(true)),
            "Unexpected": {"Type": "Fail"},
            "Missing": {"Type": "Pass", "End": true},
        }
    });
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output["Error"], "EKS.404");
    let cause: Value = serde_json::from_str(output["Cause"].as_str().unwrap()).unwrap();
    assert_eq!(cause["StatusCode"], 404);
    assert_eq!(cause["StatusText"], "Not Found");
    assert_eq!(
        cause["ResponseBody"]["message"],
        "configmaps \"absent\" not found"
    );
}

#[tokio::test]
async fn a_fail_state_gives_its_error_and_cause() {
    let scenario = Scenario::new().await;
    let definition = single(
        "Stop",
        json!({"Type": "Fail", "Error": "Custom.Error", "Cause": "as ordered"}),
    );
    let run = scenario.run(&definition, json!({})).await;
    let failure = run.failure().await;
    assert_eq!(
        (&*failure.error, &*failure.cause),
        ("Custom.Error", "as ordered")
    );
    let status = run.end().await;
    let terminal = e2e::scenario::condition(&status.conditions, "ACK.Terminal").unwrap();
    assert_eq!(terminal.0, "True");
    assert!(terminal.1.contains("Custom.Error"), "{}", terminal.1);
    let ready = e2e::scenario::condition(&status.conditions, "Ready").unwrap();
    assert_eq!(ready.0, "False");
    assert_eq!(status.conditions.last().unwrap().type_, "Ready");
}
