//! How many executions run at a time, and who is next.

use std::time::Duration;

use crd::{ExecutionStatus, RunStatus};
use e2e::definition::single;
use e2e::scenario::{WORKFLOW, condition};
use e2e::watch::PATIENCE;
use e2e::{Run, Scenario};
use serde_json::json;

/// A state machine that waits, and runs so many executions at a time.
async fn create_machine(scenario: &Scenario, seconds: u32, limit: u32) {
    let wait = single("Pause", json!({"Type": "Wait", "Seconds": seconds}));
    let spec = json!({
        "name": "limited",
        "serviceAccountName": WORKFLOW,
        "definition": wait.to_string(),
        "maxConcurrentExecutions": limit,
    });
    scenario.state_machine_of("limited", spec).await;
}

async fn start(scenario: &Scenario, count: usize) -> Vec<Run<'_>> {
    let mut runs = Vec::new();
    for _ in 0..count {
        runs.push(scenario.start("limited", json!({})).await);
    }
    runs
}

async fn until_queued(run: &Run<'_>) -> ExecutionStatus {
    let queued = |status: &ExecutionStatus| {
        let ready = status
            .conditions
            .iter()
            .find(|found| found.type_ == "Ready");
        ready.is_some_and(|ready| ready.reason.as_deref() == Some("Queued"))
    };
    run.until("queued", PATIENCE, queued).await
}

/// How often its status was written, once that is this often: the log tells of a write a moment
/// after it was seen.
async fn status_writes(scenario: &Scenario, run: &Run<'_>, expected: usize) -> Option<usize> {
    let audit = scenario.audit.as_ref()?;
    let count = || {
        let writes = audit.requests(&scenario.namespace, "executions/status");
        let of_run = writes.iter().filter(|write| write.name == run.name);
        of_run.filter(|write| write.code == 200).count()
    };
    for _ in 0..50 {
        if count() >= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Some(count())
}

#[tokio::test]
async fn executions_of_a_state_machine_wait_for_each_other_in_the_order_of_their_creation() {
    let scenario = Scenario::new().await;
    create_machine(&scenario, 4, 1).await;
    let runs = start(&scenario, 3).await;
    let status = until_queued(&runs[2]).await;
    assert_eq!(status.status, Some(RunStatus::Pending));
    assert_eq!(status.start_date, None);
    let (_, message) = condition(&status.conditions, "Ready").unwrap();
    assert_eq!(
        message,
        "waiting for an execution of the same StateMachine to end: as many run as its \
         spec.maxConcurrentExecutions allows"
    );
    let mut ended = None;
    for run in &runs {
        let status = run.end().await;
        assert_eq!(status.status, Some(RunStatus::Succeeded));
        let (start, stop) = (status.start_date.unwrap(), status.stop_date);
        assert!(ended.is_none_or(|ended| ended <= start), "{}", run.name);
        ended = stop;
    }
    // that it is queued, that it waits, and that it ended
    let writes = status_writes(&scenario, &runs[2], 3).await;
    assert!(writes.is_none_or(|writes| writes == 3), "{writes:?}");
}

#[tokio::test]
async fn what_is_queued_can_be_stopped_and_deleted_and_a_higher_limit_lets_the_next_go() {
    let scenario = Scenario::new().await;
    create_machine(&scenario, 600, 1).await;
    let runs = start(&scenario, 4).await;
    runs[0].until_in("Pause").await;
    until_queued(&runs[3]).await;
    runs[1].stop("Changed.Mind", "not needed").await;
    let status = runs[1].end().await;
    assert_eq!(status.status, Some(RunStatus::Aborted));
    assert_eq!(status.error.as_deref(), Some("Changed.Mind"));
    assert_eq!(status.start_date, None);
    runs[2].delete().await;
    runs[2].until_gone().await;
    let patch = json!({"spec": {"maxConcurrentExecutions": 2}}).to_string();
    let _ = scenario.kubectl(&["patch", "sm", "limited", "--type=merge", "-p", &patch]);
    runs[3].until_in("Pause").await;
    runs[0].stop("Enough", "").await;
    runs[3].stop("Enough", "").await;
}

#[tokio::test]
async fn a_redriven_execution_waits_for_its_turn_and_says_so() {
    let scenario = Scenario::new().await;
    create_machine(&scenario, 600, 1).await;
    let runs = start(&scenario, 2).await;
    runs[0].until_in("Pause").await;
    runs[0].stop("Stop", "").await;
    runs[1].until_in("Pause").await;
    runs[0]
        .patch(json!({"spec": {"redriveCount": 1, "stop": null}}))
        .await;
    let told = |status: &ExecutionStatus| condition(&status.conditions, "ACK.Advisory").is_some();
    let status = runs[0].until("an advisory", PATIENCE, told).await;
    assert_eq!(status.status, Some(RunStatus::Aborted));
    assert_eq!(status.redrive_count, None);
    let (_, message) = condition(&status.conditions, "ACK.Advisory").unwrap();
    assert!(
        message.contains("spec.maxConcurrentExecutions"),
        "{message}"
    );
    runs[1].stop("Enough", "").await;
    let status = runs[0].until_in("Pause").await;
    assert_eq!(status.redrive_count, Some(1));
    assert_eq!(condition(&status.conditions, "ACK.Advisory"), None);
    runs[0].stop("Enough", "").await;
}
