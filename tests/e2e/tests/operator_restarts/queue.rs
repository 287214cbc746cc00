//! What is queued when the operator is restarted.

use e2e::definition::single;
use e2e::scenario::WORKFLOW;
use serde_json::json;

use crate::{AWAY, begin};

#[tokio::test]
async fn what_runs_counts_after_a_restart_and_the_others_keep_their_order() {
    let (_turn, scenario, operator) = begin().await;
    let wait = single("Pause", json!({"Type": "Wait", "SecondsPath": "$.seconds"}));
    let spec = json!({
        "name": "limited",
        "serviceAccountName": WORKFLOW,
        "definition": wait.to_string(),
        "maxConcurrentExecutions": 1,
    });
    scenario.state_machine_of("limited", spec).await;
    let first = scenario.start("limited", json!({"seconds": 20})).await;
    let begun = first.until_in("Pause").await;
    operator.scale(0).await;
    let mut runs = vec![first];
    for _ in 0..3 {
        runs.push(scenario.start("limited", json!({"seconds": 1})).await);
    }
    operator.scale(1).await;
    let mut ended = None;
    for run in &runs {
        let status = run.end_within(AWAY).await;
        let (start, stop) = (status.start_date.unwrap(), status.stop_date);
        assert!(ended.is_none_or(|ended| ended <= start), "{}", run.name);
        ended = stop;
    }
    let status = runs[0].end().await;
    assert_eq!(status.start_date, begun.start_date);
}
