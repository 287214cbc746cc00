//! The schema: whatever the types can say is kept by the API server, and nothing larger than an
//! object may be. Requests are dry runs: the API server answers with what it would have stored.

use crd::{Execution, ExecutionPage, ExecutionStatus, StateMachine};
use e2e::Scenario;
use e2e::kubectl::kubectl;
use kube::Api;
use kube::api::{Patch, PatchParams, PostParams};
use rstest::rstest;
use serde_json::{Value, json};

fn dry_run() -> PostParams {
    PostParams {
        dry_run: true,
        ..PostParams::default()
    }
}

fn state_machine(source: &Value) -> Value {
    let mut spec = json!({
        "name": "Ünï.-_name",
        "definitionSubstitutions": {"A": "b"},
        "roleARN": "arn:aws:iam::123456789012:role/a",
        "serviceAccountName": "workflow",
        "engine": "AWS",
        "loggingConfiguration": {
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupARN": "arn:aws:logs:us-east-1:1:log-group:x:*"}}],
            "includeExecutionData": false,
            "level": "FATAL",
        },
        "tracingConfiguration": {"enabled": false},
        "tags": [{"key": "k", "value": "v"}, {"key": "alone"}],
        "type_": "EXPRESS",
    });
    let sources = source.as_object().unwrap().clone();
    spec.as_object_mut().unwrap().extend(sources);
    json!({"apiVersion": "sfn.services.k8s.aws/v1alpha1", "kind": "StateMachine",
           "metadata": {"name": "full"}, "spec": spec})
}

#[rstest]
#[case::text(json!({"definition": "StartAt: A"}))]
#[case::object(json!({"definitionObject": {"StartAt": "A", "States": {"A": {"Type": "Succeed", "x": [1, null, 2.5]}}}}))]
#[case::elsewhere(json!({"definitionFrom": {"configMapKeyRef": {"name": "n", "key": "k", "optional": true}}}))]
#[tokio::test]
async fn a_state_machine_with_every_field_comes_back_as_it_was(#[case] source: Value) {
    let scenario = Scenario::new().await;
    let api: Api<StateMachine> = Api::namespaced(scenario.client.clone(), &scenario.namespace);
    let said = state_machine(&source);
    let typed: StateMachine = serde_json::from_value(said.clone()).unwrap();
    let kept = api.create(&dry_run(), &typed).await.unwrap();
    assert_eq!(kept.spec, typed.spec);
    assert_eq!(serde_json::to_value(&kept.spec).unwrap(), said["spec"]);
}

#[rstest]
#[case::object(json!({"a": [1, -2.5, "ä", null, true, {}], "b": {"c": null}}))]
#[case::array(json!([[], {}]))]
#[case::text(json!("text"))]
#[case::number(json!(9_007_199_254_740_993_i64))]
#[case::boolean(json!(false))]
#[case::null(json!(null))]
#[tokio::test]
async fn an_input_and_an_output_can_be_any_json_value(#[case] value: Value) {
    let scenario = Scenario::new().await;
    let api: Api<Execution> = Api::namespaced(scenario.client.clone(), &scenario.namespace);
    let execution: Execution = serde_json::from_value(json!({
        "metadata": {"name": "full"},
        "spec": {
            "stateMachineRef": {"from": {"name": "nowhere"}},
            "input": value,
            "name": "full",
            "stop": {"error": "E", "cause": "c"},
            "ttlSecondsAfterFinished": 0,
            "retainJobs": true,
        },
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
    }))
    .unwrap();
    let kept = api.create(&dry_run(), &execution).await.unwrap();
    assert_eq!(kept.spec, execution.spec);
}

#[tokio::test]
async fn a_status_with_every_field_comes_back_as_it_was() {
    let scenario = Scenario::new().await;
    let api: Api<Execution> = Api::namespaced(scenario.client.clone(), &scenario.namespace);
    let status = json!({
        "ackResourceMetadata": {"arn": "a", "ownerAccountID": "1", "region": "r", "partition": "p"},
        "status": "TIMED_OUT",
        "startDate": "2024-01-31T12:00:00Z",
        "stopDate": "2024-01-31T12:00:01Z",
        "duration": "1s",
        "currentStates": ["A"],
        "currentStateCount": 11,
        "output": {"x": [null]},
        "error": "E",
        "cause": "c",
        "tasks": [{
            "id": 1, "state": "A", "resource": "eks:runJob", "status": "Cancelled",
            "startedAt": "2024-01-31T12:00:00Z", "jobName": "j", "jobNamespace": "n", "jobUID": "u",
            "active": 1, "succeeded": 2, "failed": 3, "pods": ["p"], "logTail": "l", "message": "m",
        }],
        "conditions": [{
            "type": "Ready", "status": "False", "lastTransitionTime": "2024-01-31T12:00:00Z",
            "reason": "R", "message": "m",
        }],
        "observedGeneration": 1,
        "revisionId": "r",
        "checkpoint": "c",
        "historyLength": 9,
    });
    let typed: ExecutionStatus = serde_json::from_value(status.clone()).unwrap();
    let execution = Execution::new(
        "full",
        serde_json::from_value(json!({"stateMachineRef": {"from": {"name": "nowhere"}}})).unwrap(),
    );
    api.create(&PostParams::default(), &execution)
        .await
        .unwrap();
    let params = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    let patch = Patch::Merge(json!({"status": status}));
    let kept = api
        .patch_status("full", &params, &patch)
        .await
        .unwrap()
        .status
        .unwrap();
    assert_eq!(kept, typed);
    assert_eq!(serde_json::to_value(&kept).unwrap(), status);
}

fn page(name: &str, bytes: usize) -> ExecutionPage {
    serde_json::from_value(json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "ExecutionPage",
        "metadata": {"name": name},
        "executionUID": "u",
        "sequence": 0,
        "format": "f",
        "data": "x".repeat(bytes),
    }))
    .unwrap()
}

#[tokio::test]
async fn a_page_holds_512_kib_and_never_changes() {
    let scenario = Scenario::new().await;
    let api: Api<ExecutionPage> = Api::namespaced(scenario.client.clone(), &scenario.namespace);
    let largest = page("largest", crd::MAX_PAGE_BYTES);
    let kept = api.create(&PostParams::default(), &largest).await.unwrap();
    assert_eq!(kept.spec, largest.spec);
    let larger = page("larger", crd::MAX_PAGE_BYTES + 1);
    let refusal = api
        .create(&dry_run(), &larger)
        .await
        .unwrap_err()
        .to_string();
    assert!(refusal.contains("data: Too long"), "{refusal}");
    let patch = Patch::Merge(json!({"data": "other"}));
    let change = api.patch("largest", &PatchParams::default(), &patch).await;
    let refusal = change.unwrap_err().to_string();
    assert!(
        refusal.contains("an ExecutionPage is immutable"),
        "{refusal}"
    );
}

#[test]
fn every_example_is_accepted_without_a_warning() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/examples");
    let arguments = [
        "apply",
        "--dry-run=server",
        "--validate=strict",
        "--recursive",
        "-f",
        root,
    ];
    let applied = kubectl(&arguments, "");
    let files = applied
        .lines()
        .filter(|line| line.ends_with("(server dry run)"));
    assert!(files.count() >= 14, "{applied}");
    assert!(!applied.contains("Warning"), "{applied}");
}
