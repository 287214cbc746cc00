//! What workflows do while the operator is restarted, killed, or away. One at a time.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "what is not there fails the test, as it should"
)]

mod lost;
mod missed;
mod queue;
mod replicas;

use std::time::Duration;

use crd::RunStatus;
use e2e::definition::{chain, job, only_log, run_job, single};
use e2e::operator::{Operator, SIGNALLER};
use e2e::watch::{PATIENCE, show, wait_for, wait_for_all};
use e2e::{Run, Scenario};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::watcher::Config;
use serde_json::{Value, json};
use tokio::sync::{Mutex, MutexGuard};

/// There is one operator.
static TURN: Mutex<()> = Mutex::const_new(());

/// How long an execution may take beside what it does: a lost leader's lease holds for 15
/// seconds.
const AWAY: Duration = Duration::from_secs(120);

async fn begin() -> (MutexGuard<'static, ()>, Scenario, Operator) {
    let turn = TURN.lock().await;
    let scenario = Scenario::new().await;
    let operator = Operator::new(&scenario.client);
    // as it was installed, also when the test before failed
    operator.scale(1).await;
    operator.leader().await;
    (turn, scenario, operator)
}

/// The output of an execution that saw a restart.
async fn output(run: &Run<'_>) -> Value {
    let status = run.end_within(AWAY).await;
    assert_eq!(
        status.status,
        Some(RunStatus::Succeeded),
        "{}",
        show(&status)
    );
    status.output.unwrap()
}

fn time(event: &Value) -> Timestamp {
    event["timestamp"].as_str().unwrap().parse().unwrap()
}

async fn until_complete(scenario: &Scenario, job: &str) {
    let complete = |job: Option<&Job>| {
        job.and_then(|job| job.status.as_ref()?.completion_time.as_ref())
            .is_some()
    };
    wait_for(&scenario.api(), job, "complete", PATIENCE, complete).await;
}

#[tokio::test]
async fn a_wait_goes_on_when_the_operator_is_restarted() {
    let (_turn, scenario, operator) = begin().await;
    let definition = chain([
        ("Pause", json!({"Type": "Wait", "Seconds": 12})),
        ("Echo", json!({"Type": "Pass"})),
    ]);
    let run = scenario.run(&definition, json!({"kept": true})).await;
    run.until_in("Pause").await;
    // an object that most readers of JSON cannot read must not keep the others from being listed
    scenario.create_deep_execution("unreadable", "machine-0", 500);
    operator.restart();
    assert_eq!(output(&run).await, json!({"kept": true}));
    let history = run.history().await;
    let types: Vec<_> = history
        .iter()
        .map(|event| event["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "WaitStateEntered",
            "WaitStateExited",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
    let waited = time(&history[2])
        .duration_since(time(&history[1]))
        .as_millis();
    assert!((12_000..20_000).contains(&waited), "{waited} ms");
}

#[tokio::test]
async fn an_operator_that_is_killed_during_a_job_finds_it_again() {
    let (_turn, scenario, operator) = begin().await;
    let script = "echo begun; sleep 15; echo ended";
    let definition = chain([
        ("Work", run_job(&scenario.namespace, job("steady", script))),
        ("Keep", json!({"Type": "Pass"})),
    ]);
    let run = scenario.run(&definition, json!({})).await;
    let before = run.until_job_runs().await;
    operator.kill(&scenario.namespace).await;
    let result = output(&run).await;
    assert_eq!(result["metadata"]["uid"], json!(before.tasks[0].job_uid));
    assert_eq!(only_log(&result), "begun\nended\n");
    assert_eq!(scenario.created_jobs().await, ["steady"]);
    if let Some(audit) = &scenario.audit {
        // the other one sent the signal; the name of a Job's pod is made by the API server
        let pods = audit.created(&scenario.namespace, "pods");
        assert_eq!(
            pods.iter().filter(|name| *name != SIGNALLER).count(),
            1,
            "{pods:?}"
        );
    }
    let types = run.event_types().await;
    let count = |kind: &str| types.iter().filter(|found| *found == kind).count();
    assert_eq!(
        (
            count("TaskScheduled"),
            count("TaskSubmitted"),
            count("TaskSucceeded")
        ),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn what_happened_while_no_operator_ran_is_caught_up_with() {
    let (_turn, scenario, operator) = begin().await;
    let work =
        |name: &str, script: &str| single("Work", run_job(&scenario.namespace, job(name, script)));
    let ends = scenario
        .run(&work("ends", "sleep 4; echo done"), json!({}))
        .await;
    let stopped = scenario.run(&work("stopped", "sleep 600"), json!({})).await;
    let deleted = scenario.run(&work("deleted", "sleep 600"), json!({})).await;
    let robbed = scenario.run(&work("robbed", "sleep 600"), json!({})).await;
    for run in [&ends, &stopped, &deleted, &robbed] {
        run.until_a_task().await;
    }
    stopped.until_job_runs().await;
    deleted.until_job_runs().await;
    robbed.until_job_runs().await;

    operator.scale(0).await;
    until_complete(&scenario, "ends").await;
    stopped
        .stop("While.Away", "asked while nobody listened")
        .await;
    deleted.delete().await;
    let _ = scenario.kubectl(&["delete", "job", "robbed", "--cascade=foreground"]);
    let begun = scenario.start("machine-0", json!({})).await;
    operator.scale(1).await;

    assert_eq!(only_log(&output(&ends).await), "done\n");
    let status = stopped.end_within(AWAY).await;
    assert_eq!(status.status, Some(RunStatus::Aborted));
    assert_eq!(status.error.as_deref(), Some("While.Away"));
    deleted.until_gone().await;
    let status = robbed.end_within(AWAY).await;
    assert_eq!(
        status.error.as_deref(),
        Some("States.TaskFailed"),
        "{}",
        show(&status)
    );
    // the Job of the name is the first execution's
    let status = begun.end_within(AWAY).await;
    assert_eq!(
        status.error.as_deref(),
        Some("EKS.409"),
        "{}",
        show(&status)
    );

    let jobs = scenario.api::<Job>();
    let left = |jobs: &[Job]| jobs.iter().all(|job| job.name_any() == "ends");
    wait_for_all(&jobs, Config::default(), "one Job left", PATIENCE, left).await;
    let created = scenario.created_jobs().await;
    if scenario.audit.is_some() {
        assert_eq!(created, ["deleted", "ends", "robbed", "stopped"]);
    }
}

#[tokio::test]
async fn an_operator_that_dies_again_and_again_creates_each_job_of_a_map_once() {
    let (_turn, scenario, operator) = begin().await;
    let mut work = job("", "sleep 3; echo worked");
    work["metadata"] = json!({"generateName": "item-"});
    let map = json!({
        "Type": "Map",
        "MaxConcurrency": 3,
        "ItemProcessor": single("Work", run_job(&scenario.namespace, work)),
        "ResultSelector": {"logs.$": "$..log"},
    });
    let run = scenario
        .run(&single("Each", map), json!([1, 2, 3, 4, 5, 6, 7, 8]))
        .await;
    run.until_a_task().await;
    for _ in 0..3 {
        let leader = operator.leader().await;
        operator.lose(&leader);
    }
    let result = output(&run).await;
    assert_eq!(result, json!({"logs": vec!["worked\n"; 8]}));
    let created = scenario.created_jobs().await;
    assert_eq!(created.len(), 8, "{created:?}");
    let jobs = run.jobs().await;
    assert_eq!(jobs.len(), 8);
    let types = run.event_types().await;
    let count = |kind: &str| types.iter().filter(|found| *found == kind).count();
    assert_eq!((count("TaskScheduled"), count("TaskSucceeded")), (8, 8));
}
