//! State machines and executions over time: what starts when, and with which definition.

use std::time::{Duration, Instant};

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
        let done =
            |execution: &crd::Execution| execution.run_status() == Some(crd::RunStatus::Succeeded);
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

#[tokio::test]
async fn a_state_machine_keeps_the_last_of_its_executions_of_each_kind() {
    let scenario = Scenario::new().await;
    let fails = json!({"Variable": "$", "NumericLessThan": 0, "Next": "Bad"});
    let definition = json!({"StartAt": "Look", "States": {
        "Look": {"Type": "Choice", "Choices": [fails], "Default": "Good"},
        "Good": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "E"},
    }});
    let spec = json!({
        "name": "forgetful",
        "definition": definition.to_string(),
        "successfulExecutionsHistoryLimit": 2,
        "failedExecutionsHistoryLimit": 1,
    });
    scenario.state_machine_of("forgetful", spec).await;
    let mut names = Vec::new();
    for number in [1, -1, 2, -2, 3, -3, 4] {
        let run = scenario.start("forgetful", json!(number)).await;
        run.end().await;
        names.push(run.name);
    }
    let mut expected = [names[4].clone(), names[5].clone(), names[6].clone()];
    expected.sort();
    let config = kube::runtime::watcher::Config::default();
    let executions = scenario.api::<crd::Execution>();
    e2e::watch::wait_for_all(&executions, config, "the last", PATIENCE, |all| {
        let names = all.iter().map(|found| found.metadata.name.as_ref());
        names.eq(expected.iter().map(Some))
    })
    .await;
}

#[tokio::test]
async fn a_time_to_live_counts_from_the_last_end() {
    const TTL: u64 = 16;
    let scenario = Scenario::new().await;
    let pause = single("Pause", json!({"Type": "Wait", "Seconds": 8}));
    let spec = json!({
        "name": "brief",
        "definition": pause.to_string(),
        "ttlSecondsAfterFinished": TTL,
    });
    scenario.state_machine_of("brief", spec).await;
    let run = scenario.start("brief", json!({})).await;
    run.until_in("Pause").await;
    run.stop("Stop", "").await;
    run.end().await;
    run.patch(json!({"spec": {"redriveCount": 1, "stop": null}}))
        .await;
    let done = |status: &crd::ExecutionStatus| status.status == Some(crd::RunStatus::Succeeded);
    run.until("success", PATIENCE, done).await;
    let since = Instant::now();
    run.until_gone().await;
    assert!(since.elapsed() > Duration::from_secs(TTL - 2));
}

#[tokio::test]
async fn what_never_started_goes_too_when_its_time_to_live_is_over() {
    let scenario = Scenario::new().await;
    let spec = json!({
        "name": "brief",
        "definition": single("Pause", json!({"Type": "Wait", "Seconds": 600})).to_string(),
        "maxConcurrentExecutions": 1,
        "ttlSecondsAfterFinished": 1,
    });
    scenario.state_machine_of("brief", spec).await;
    let first = scenario.start("brief", json!({})).await;
    first.until_in("Pause").await;
    let second = scenario.start("brief", json!({})).await;
    second.stop("Changed.Mind", "").await;
    second.until_gone().await;
    first.stop("Enough", "").await;
    first.until_gone().await;
}

#[tokio::test]
async fn of_two_state_machines_of_one_name_the_eldest_has_it_until_it_goes() {
    let scenario = Scenario::new().await;
    let spec = |word: &str| json!({"name": "twin", "definition": says(word).to_string()});
    let elder = scenario.state_machine_of("elder", spec("elder")).await;
    let created = elder.metadata.creation_timestamp.unwrap();
    // Of the same second the first by name would have it, which is the elder as well.
    scenario
        .create_state_machine("younger", spec("younger"))
        .await;
    let refused = |machine: &crd::StateMachine| {
        let conditions = &machine.status.as_ref()?.conditions;
        let (holds, message) = condition(conditions, "Ready")?;
        Some(holds == "False" && message.contains("that of the StateMachine 'elder' already"))
    };
    let younger = scenario
        .until_machine("younger", "a refusal", refused)
        .await;
    assert!(younger.metadata.creation_timestamp.unwrap() >= created);
    assert_eq!(
        scenario.start("elder", json!({})).await.output().await,
        json!("elder")
    );
    let waiting = scenario.start("younger", json!({})).await;
    let _ = scenario.kubectl(&["delete", "statemachine", "elder", "--timeout=30s"]);
    assert_eq!(waiting.output().await, json!("younger"));
}
