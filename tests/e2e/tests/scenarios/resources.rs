//! The resources as people meet them: what the API server refuses, what kubectl shows.

use e2e::Scenario;
use e2e::definition::{chain, job, run_job, single};
use e2e::kubectl::{kubectl, try_kubectl};
use rstest::rstest;
use serde_json::json;

const MACHINE: &str = r#"
apiVersion: sfn.services.k8s.aws/v1alpha1
kind: StateMachine
metadata: {name: fixed}
spec:
  name: Fixed
  definition: '{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 600, "End": true}}}'
"#;

const EXECUTION: &str = r#"
apiVersion: sfn.services.k8s.aws/v1alpha1
kind: Execution
metadata: {name: fixed-1}
spec:
  stateMachineRef: {from: {name: fixed}}
  input: {a: [1]}
"#;

#[rstest]
#[case::name("sm/fixed", r#"{"spec": {"name": "Other"}}"#, "name is immutable")]
#[case::kind("sm/fixed", r#"{"spec": {"type_": "EXPRESS"}}"#, "type_ is immutable")]
#[case::two_sources(
    "sm/fixed",
    r#"{"spec": {"definitionObject": {}}}"#,
    "exactly one of definition, definitionObject and definitionFrom"
)]
#[case::no_source(
    "sm/fixed",
    r#"{"spec": {"definition": null}}"#,
    "exactly one of definition, definitionObject and definitionFrom"
)]
#[case::two_roles(
    "sm/fixed",
    r#"{"spec": {"roleARN": "arn:aws:iam::1:role/a", "roleRef": {"from": {"name": "r"}}}}"#,
    "roleARN and roleRef must not both be set"
)]
#[case::reference(
    "exe/fixed-1",
    r#"{"spec": {"stateMachineRef": {"from": {"name": "other"}}}}"#,
    "stateMachineRef is immutable"
)]
#[case::input(
    "exe/fixed-1",
    r#"{"spec": {"input": {"a": [2]}}}"#,
    "input is immutable"
)]
#[case::input_removed("exe/fixed-1", r#"{"spec": {"input": null}}"#, "input is immutable")]
#[case::input_with_more(
    "exe/fixed-1",
    r#"{"spec": {"input": 7, "ttlSecondsAfterFinished": 9}}"#,
    "input is immutable"
)]
#[case::own_name(
    "exe/fixed-1",
    r#"{"spec": {"name": "other"}}"#,
    "name must equal metadata.name"
)]
#[case::time_to_live(
    "exe/fixed-1",
    r#"{"spec": {"ttlSecondsAfterFinished": -1}}"#,
    "should be greater than or equal to 0"
)]
#[tokio::test]
async fn what_must_not_change_is_refused_by_the_api_server(
    #[case] object: &str,
    #[case] patch: &str,
    #[case] reason: &str,
) {
    let scenario = Scenario::new().await;
    scenario.apply(MACHINE);
    scenario.apply(EXECUTION);
    let arguments = [
        "patch",
        object,
        "-n",
        &scenario.namespace,
        "--type=merge",
        "-p",
        patch,
    ];
    let answer = try_kubectl(&arguments, "");
    assert!(!answer.success, "{}", answer.stdout);
    assert!(answer.stderr.contains(reason), "{}", answer.stderr);
}

#[rstest]
#[case::bad_name("name: 'a b'\n  definition: '{}'", "spec.name")]
#[case::no_name("definition: '{}'", "spec.name: Required value")]
#[case::no_definition("name: a", "exactly one of definition")]
#[tokio::test]
async fn a_wrong_state_machine_is_refused_with_the_field(#[case] spec: &str, #[case] reason: &str) {
    let scenario = Scenario::new().await;
    let yaml = format!(
        "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\nmetadata: {{name: wrong}}\nspec:\n  {spec}\n"
    );
    let refusal = scenario.refusal(&yaml);
    assert!(refusal.contains(reason), "{refusal}");
}

#[tokio::test]
async fn an_ack_manifest_with_all_its_fields_is_accepted_and_kept() {
    let scenario = Scenario::new().await;
    let spec = json!({
        "name": "Everything",
        "roleARN": "arn:aws:iam::123456789012:role/any",
        "definition": single("A", json!({"Type": "Succeed"})).to_string(),
        "loggingConfiguration": {
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupARN": "arn:aws:logs:us-east-1:1:log-group:x:*"}}],
            "includeExecutionData": true,
            "level": "ALL",
        },
        "tracingConfiguration": {"enabled": true},
        "tags": [{"key": "team", "value": "a"}],
        "type_": "STANDARD",
    });
    let machine = scenario.state_machine_of("everything", spec.clone()).await;
    let mut kept = serde_json::to_value(machine.spec).unwrap();
    assert_eq!(
        kept.as_object_mut().unwrap().remove("engine"),
        Some(json!("Kubernetes"))
    );
    assert_eq!(kept, spec);
}

/// The lines of a table, each as its columns; columns are parted by two spaces at least.
fn table(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn kubectl_get_tells_the_story() {
    let scenario = Scenario::new().await;
    let definition = chain([(
        "Work",
        run_job(&scenario.namespace, job("work", "sleep 600")),
    )]);
    scenario.state_machine("story", &definition).await;
    let failing = single(
        "Break",
        json!({"Type": "Fail", "Error": "Broken", "Cause": "why"}),
    );
    scenario.state_machine("tragedy", &failing).await;
    let run = scenario.start("story", json!({})).await;
    run.until_job_runs().await;
    let failed = scenario.start("tragedy", json!({})).await;
    failed.failure().await;

    let machines = scenario.kubectl(&["get", "sm"]);
    let machines = table(&machines);
    assert_eq!(machines[0], ["NAME", "READY", "REASON", "TYPE", "AGE"]);
    assert_eq!(machines[1][..3], ["story", "True", "Valid"]);

    let executions = scenario.kubectl(&["get", "exe"]);
    let executions = table(&executions);
    assert_eq!(
        executions[0],
        [
            "NAME",
            "STATEMACHINE",
            "STATUS",
            "STATE",
            "ERROR",
            "AGE",
            "DURATION",
            "PROGRESS"
        ]
    );
    let line = |name: &str| executions.iter().find(|line| line[0] == name).unwrap();
    assert_eq!(line(&run.name)[1..4], ["story", "RUNNING", "Work"]);
    assert_eq!(line(&failed.name)[1..4], ["tragedy", "FAILED", "Broken"]);

    let wide = scenario.kubectl(&["get", "executions.sfn.services.k8s.aws", "-o", "wide"]);
    let wide = table(&wide);
    assert_eq!(wide[0][8..], ["STARTED", "JOB", "MESSAGE", "ARN"]);
    let of_category = scenario.kubectl(&["get", "sfn", "-o", "name"]);
    assert_eq!(of_category.lines().count(), 4, "{of_category}");
}

#[tokio::test]
async fn running_executions_can_be_selected() {
    let scenario = Scenario::new().await;
    scenario
        .state_machine("done", &single("Done", json!({"Type": "Succeed"})))
        .await;
    scenario
        .state_machine(
            "waits",
            &single("Pause", json!({"Type": "Wait", "Seconds": 600})),
        )
        .await;
    let done = scenario.start("done", json!({})).await;
    done.output().await;
    let waits = scenario.start("waits", json!({})).await;
    waits.until_in("Pause").await;
    let select = |selector: &str| {
        let flag = format!("--field-selector={selector}");
        scenario
            .kubectl(&["get", "exe", "-o", "name", &flag])
            .trim()
            .to_owned()
    };
    let object = |name: &str| format!("execution.sfn.services.k8s.aws/{name}");
    assert_eq!(select("status.status=RUNNING"), object(&waits.name));
    assert_eq!(select("status.status=SUCCEEDED"), object(&done.name));
    assert_eq!(
        select("spec.stateMachineRef.from.name=done"),
        object(&done.name)
    );
}

#[rstest]
#[case("statemachine.spec.definition", "Amazon States Language definition")]
#[case("statemachine.spec.definitionSubstitutions", "CloudFormation")]
#[case("statemachine.spec.serviceAccountName", "ServiceAccount")]
#[case("execution.spec.input", "any JSON value")]
#[case("execution.spec.stop.error", "error code")]
#[case("execution.status.tasks.logTail", "last lines")]
#[case("executionpage.data", "data")]
fn kubectl_explains_every_field(#[case] field: &str, #[case] words: &str) {
    let text = kubectl(&["explain", field], "");
    assert!(
        text.contains("DESCRIPTION") && text.contains(words),
        "{text}"
    );
}

#[tokio::test]
async fn conditions_stand_in_the_order_that_argo_cd_reads_them() {
    let scenario = Scenario::new().await;
    let machine = scenario
        .state_machine("healthy", &single("A", json!({"Type": "Succeed"})))
        .await;
    let types: Vec<String> = machine
        .status
        .unwrap()
        .conditions
        .into_iter()
        .map(|found| found.type_)
        .collect();
    assert_eq!(
        types.first().map(String::as_str),
        Some("ACK.ResourceSynced")
    );
    assert_eq!(types.last().map(String::as_str), Some("Ready"));
    let run = scenario.start("healthy", json!({})).await;
    let status = run.end().await;
    assert!(crd::condition::is_true(&status.conditions, "Ready"));
    assert!(!crd::condition::is_true(&status.conditions, "ACK.Terminal"));
    assert_eq!(status.conditions.last().unwrap().type_, "Ready");
}

#[tokio::test]
async fn a_finished_execution_is_written_no_more() {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(&single("A", json!({"Type": "Succeed"})), json!({}))
        .await;
    run.output().await;
    let version = || {
        scenario.kubectl(&[
            "get",
            "exe",
            &run.name,
            "-o",
            "jsonpath={.metadata.resourceVersion}",
        ])
    };
    let before = version();
    // others come and go meanwhile
    for _ in 0..3 {
        scenario.start("machine-0", json!({})).await.output().await;
    }
    assert_eq!(version(), before);
    let machine = || {
        scenario.kubectl(&[
            "get",
            "sm",
            "machine-0",
            "-o",
            "jsonpath={.metadata.resourceVersion}",
        ])
    };
    let before = machine();
    scenario.start("machine-0", json!({})).await.output().await;
    assert_eq!(machine(), before);
}
