//! `sfn history` on Executions of the cluster.

use std::time::Duration;

use e2e::definition::{chain, single};
use e2e::{Run, Scenario};
use serde_json::{Value, json};

fn events_of(scenario: &Scenario, run: &Run<'_>, more: &[&str]) -> Vec<Value> {
    let arguments = [&["history", &run.name, "--json"], more].concat();
    let answer = scenario.sfn(&arguments);
    assert!(answer.success, "{}", answer.stderr);
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    document["events"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_history_beyond_25_000_events_is_read_from_either_end() {
    let scenario = Scenario::new().await;
    let item = single("Item", json!({"Type": "Pass", "Result": 0}));
    let each = json!({"Type": "Map", "ItemsPath": "$", "ItemProcessor": item});
    let items: Vec<u32> = (0..6500).collect();
    let run = scenario.run(&single("Each", each), json!(items)).await;
    run.end_within(Duration::from_secs(120)).await;
    let expected = run.history().await;
    assert!(expected.len() > 26_000, "{}", expected.len());
    assert!(events_of(&scenario, &run, &[]) == expected);
    let last = events_of(&scenario, &run, &["--reverse", "--limit", "2"]);
    assert_eq!(last[0], expected[expected.len() - 1]);
    assert_eq!(last[1], expected[expected.len() - 2]);
    let narrow = [
        "--type",
        "Map*,ExecutionSucceeded",
        "--state",
        "Each",
        "--reverse",
    ];
    let narrow = events_of(&scenario, &run, &[&narrow[..], &["--limit", "1"]].concat());
    assert_eq!(narrow[0]["type"], "MapStateExited");
}

#[tokio::test]
async fn a_history_is_followed_until_its_execution_ends() {
    let scenario = Scenario::new().await;
    let definition = chain([
        ("Pause", json!({"Type": "Wait", "Seconds": 4})),
        ("Done", json!({"Type": "Succeed"})),
    ]);
    let run = scenario.run(&definition, json!({})).await;
    run.until_in("Pause").await;
    let followed = scenario.sfn(&["history", &run.name, "--follow"]).stdout;
    let types: Vec<&str> = followed
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    assert_eq!(types, run.event_types().await, "{followed}");
}
