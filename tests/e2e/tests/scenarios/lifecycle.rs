//! State machines and executions over time: what starts when, and with which definition.

use e2e::Scenario;
use e2e::definition::{chain, single};
use e2e::scenario::condition;
use e2e::watch::PATIENCE;
use serde_json::{Value, json};

fn says(word: &str) -> Value {
    single("Say", json!({"Type": "Pass", "Result": word}))
}

fn waits_and_says(seconds: u32, word: &str) -> Value {
    chain([
        ("Pause", json!({"Type": "Wait", "Seconds": seconds})),
        ("Say", json!({"Type": "Pass", "Result": word})),
    ])
}

fn change_definition(scenario: &Scenario, name: &str, definition: &Value) {
    let patch = json!({"spec": {"definition": definition.to_string()}}).to_string();
    let _ = scenario.kubectl(&["patch", "sm", name, "--type=merge", "-p", &patch]);
}

#[tokio::test]
async fn an_execution_waits_for_its_state_machine() {
    let scenario = Scenario::new().await;
    let run = scenario.start("later", json!({})).await;
    let status = run
        .until("an explanation", PATIENCE, |status| {
            !status.conditions.is_empty()
        })
        .await;
    let (ready, message) = condition(&status.conditions, "Ready").unwrap();
    assert_eq!(ready, "False");
    assert!(message.contains("later"), "{message}");
    assert_eq!(status.start_date, None);
    scenario.state_machine("later", &says("here I am")).await;
    assert_eq!(run.output().await, json!("here I am"));
}

#[tokio::test]
async fn an_execution_waits_until_its_state_machine_is_valid() {
    let scenario = Scenario::new().await;
    let invalid = json!({"name": "mended", "definition": "{}"});
    scenario.create_state_machine("mended", invalid).await;
    let run = scenario.start("mended", json!({})).await;
    run.until("an explanation", PATIENCE, |status| {
        !status.conditions.is_empty()
    })
    .await;
    change_definition(&scenario, "mended", &says("mended"));
    assert_eq!(run.output().await, json!("mended"));
}

#[tokio::test]
async fn a_running_execution_keeps_the_definition_it_started_with() {
    let scenario = Scenario::new().await;
    let first = scenario
        .state_machine("changing", &waits_and_says(5, "old"))
        .await;
    let run = scenario.start("changing", json!({})).await;
    let started = run.until_in("Pause").await;
    assert_eq!(started.revision_id, first.status.unwrap().revision_id);
    change_definition(&scenario, "changing", &says("new"));
    let changed = scenario
        .until_machine("changing", "another revision", |machine| {
            let status = machine.status.as_ref()?;
            Some(status.revision_id.is_some() && status.revision_id != started.revision_id)
        })
        .await;
    let next = scenario.start("changing", json!({})).await;
    assert_eq!(next.output().await, json!("new"));
    assert_eq!(
        next.end().await.revision_id,
        changed.status.unwrap().revision_id
    );
    assert_eq!(run.output().await, json!("old"));
    assert_eq!(run.end().await.revision_id, started.revision_id);
}

#[tokio::test]
async fn an_execution_goes_on_when_its_state_machine_is_deleted() {
    let scenario = Scenario::new().await;
    scenario
        .state_machine("leaving", &waits_and_says(4, "still here"))
        .await;
    let run = scenario.start("leaving", json!({})).await;
    run.until_in("Pause").await;
    let _ = scenario.kubectl(&["delete", "sm", "leaving", "--timeout=60s"]);
    assert_eq!(run.output().await, json!("still here"));
}

#[tokio::test]
async fn a_state_machine_can_be_named_by_its_arn() {
    let scenario = Scenario::new().await;
    let machine = scenario.state_machine("by-arn", &says("found")).await;
    let arn = machine
        .status
        .unwrap()
        .ack_resource_metadata
        .unwrap()
        .arn
        .unwrap();
    let execution = json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
        "metadata": {"name": "run-1"},
        "spec": {"stateMachineARN": arn},
    });
    scenario.apply(&execution.to_string());
    let run = scenario.find("run-1").await;
    assert_eq!(run.output().await, json!("found"));
    let status = run.end().await;
    let arn = status.ack_resource_metadata.unwrap().arn.unwrap();
    assert!(arn.ends_with(":execution:by-arn:run-1"), "{arn}");
}

#[tokio::test]
async fn the_context_object_names_execution_and_state_machine() {
    let scenario = Scenario::new().await;
    let definition = single(
        "Look",
        json!({"Type": "Pass", "Parameters": {
            "execution.$": "$$.Execution.Name",
            "input.$": "$$.Execution.Input",
            "machine.$": "$$.StateMachine.Name",
            "state.$": "$$.State.Name",
        }}),
    );
    scenario.state_machine("context", &definition).await;
    let run = scenario.start("context", json!({"a": [1]})).await;
    let expected =
        json!({"execution": run.name, "input": {"a": [1]}, "machine": "context", "state": "Look"});
    assert_eq!(run.output().await, expected);
}

#[tokio::test]
async fn an_execution_without_input_has_an_empty_object() {
    let scenario = Scenario::new().await;
    scenario
        .state_machine("echo", &single("Echo", json!({"Type": "Pass"})))
        .await;
    scenario.apply(
        "{apiVersion: sfn.services.k8s.aws/v1alpha1, kind: Execution, metadata: {name: bare}, spec: {stateMachineRef: {from: {name: echo}}}}",
    );
    assert_eq!(scenario.find("bare").await.output().await, json!({}));
}

#[tokio::test]
async fn null_is_an_input_of_its_own() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(&single("Echo", json!({"Type": "Pass"})), Value::Null)
        .await;
    assert_eq!(run.output().await, Value::Null);
}

#[tokio::test]
async fn a_hundred_executions_at_once_all_end() {
    let scenario = Scenario::new().await;
    let definition = chain([
        ("Pause", json!({"Type": "Wait", "Seconds": 1})),
        ("Echo", json!({"Type": "Pass"})),
    ]);
    scenario.state_machine("crowd", &definition).await;
    let mut runs = Vec::new();
    for number in 0..100 {
        runs.push((number, scenario.start("crowd", json!(number)).await));
    }
    let config = kube::runtime::watcher::Config::default();
    let executions = scenario.api::<crd::Execution>();
    let ended = e2e::watch::wait_for_all(&executions, config, "a hundred ends", PATIENCE, |all| {
        let done = |execution: &crd::Execution| {
            let status = execution.status.as_ref().and_then(|status| status.status);
            status == Some(crd::RunStatus::Succeeded)
        };
        all.len() == 100 && all.iter().all(done)
    });
    let ended = ended.await;
    for (number, run) in runs {
        let found = ended
            .iter()
            .find(|found| found.metadata.name.as_deref() == Some(&*run.name));
        assert_eq!(
            found.unwrap().status.as_ref().unwrap().output,
            Some(json!(number))
        );
    }
}
