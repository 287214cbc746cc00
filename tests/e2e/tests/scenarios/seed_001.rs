//! The blog's workflow, as it is printed there.

use e2e::definition::CLUSTER;
use e2e::kubectl::kubectl;
use e2e::scenario::condition;
use e2e::watch::wait_for;
use e2e::{Run, Scenario};
use k8s_openapi::api::batch::v1::Job;
use kube::Api;
use serde_json::{Value, json};
use std::time::Duration;

use crate::pi;

/// As AWS printed it, byte for byte.
const PRINTED: &str = r#"apiVersion: sfn.services.k8s.aws/v1alpha1
kind: StateMachine
metadata:
  name: my-ack-machine
spec:
  name: MyAckMachine
  roleARN: "arn:aws:iam::123456789012:role/service-role/MySFNRole"
  definition: "{ \"StartAt\": \"HelloWorld\", \"States\": { \"HelloWorld\": { \"Type\": \"Pass\", \"Result\": \"Hello World!\", \"End\": true }}}"
"#;

/// The files that a reader of the blog would write.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("../../../../deploy/examples/seed-001/", $name))
    };
}

const EXAMPLE: &str = example!("statemachine.yaml");
const HELLO: &str = example!("execution-hello.yaml");
const WORKFLOW: &str = example!("run-a-job-on-eks.yaml");
const EXECUTION: &str = example!("execution.yaml");
const RAW_WORKFLOW: &str = example!("run-a-job-on-eks-raw-logs.yaml");
const RAW_EXECUTION: &str = example!("execution-raw-logs.yaml");
const ROLE: &str = example!("job_role.yaml");
const ROLE_BINDING: &str = example!("job_role_binding.yaml");

/// Gives user `eks-stepfunctions` Jobs in namespace `default`, as in the blog.
pub fn allow_jobs() {
    let _ = kubectl(&["apply", "-n", "default", "-f", "-"], ROLE);
    let _ = kubectl(&["apply", "-n", "default", "-f", "-"], ROLE_BINDING);
}

/// Removes a Job that an earlier run left.
pub fn remove_job(name: &str) {
    let _ = kubectl(
        &["delete", "job", "-n", "default", name, "--ignore-not-found"],
        "",
    );
}

#[tokio::test]
async fn the_printed_state_machine_is_ready_and_its_execution_says_hello_world() {
    let scenario = Scenario::new().await;
    assert_eq!(PRINTED, EXAMPLE);
    scenario.apply(PRINTED);
    let machine = scenario
        .until_machine("my-ack-machine", "Ready=True", |machine| {
            condition(&machine.status.as_ref()?.conditions, "Ready")
                .map(|(status, _)| status == "True")
        })
        .await;
    let status = machine.status.unwrap();
    let arn = status.ack_resource_metadata.unwrap().arn.unwrap();
    assert!(arn.starts_with("arn:aws:states:"), "{arn}");
    assert!(arn.ends_with(":stateMachine:MyAckMachine"), "{arn}");
    assert_eq!(status.observed_generation, machine.metadata.generation);

    scenario.apply(HELLO);
    let run = scenario.find("my-ack-machine-1").await;
    assert_eq!(run.output().await, json!("Hello World!"));
    let types = run.event_types().await;
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "PassStateEntered",
            "PassStateExited",
            "ExecutionSucceeded"
        ]
    );
}

#[tokio::test]
async fn the_printed_workflow_computes_pi_in_a_job_and_deletes_the_job() {
    let scenario = Scenario::new().await;
    let run = run_workflow(
        &scenario,
        WORKFLOW,
        EXECUTION,
        "run-a-job-on-eks-1",
        "my-eks-job",
    )
    .await;

    let result = job_result(&run).await;
    assert_eq!(result["status"]["succeeded"], 1);
    assert_eq!(
        result["status"]["conditions"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()["type"],
        "Complete"
    );
    let logs = result["logs"].as_array().unwrap();
    assert_eq!(logs.len(), 1);
    assert_eq!(logs[0].as_f64(), Some(std::f64::consts::PI), "{}", logs[0]);
}

#[tokio::test]
async fn the_raw_log_of_the_printed_workflow_has_two_thousand_digits_of_pi() {
    let scenario = Scenario::new().await;
    let (name, job) = ("run-a-job-on-eks-raw-logs-1", "my-raw-eks-job");
    let run = run_workflow(&scenario, RAW_WORKFLOW, RAW_EXECUTION, name, job).await;

    let result = job_result(&run).await;
    let log = result["logs"][0].as_str().unwrap();
    let digits = log.strip_prefix("{ \"pi\": ").unwrap().trim_end();
    let digits = digits.strip_suffix(" }").unwrap();
    assert_eq!(digits.len(), "3.".len() + 1999);
    // the last digit is rounded
    let exact = pi::digits(1998);
    assert_eq!(&digits[..exact.len()], exact);
}

#[tokio::test]
async fn the_printed_role_must_be_mapped_before_it_can_run_a_job() {
    let scenario = Scenario::new().await;
    let unmapped = WORKFLOW.replace("EKS_StepFunctions_Integration", "e2e-unmapped");
    scenario.apply(&unmapped);
    scenario.apply(EXECUTION);
    let failure = scenario.find("run-a-job-on-eks-1").await.failure().await;
    assert_eq!(failure.error, "EKS.401");
}

/// Runs a workflow that creates `job` in namespace `default` and deletes it in the end.
async fn run_workflow<'a>(
    scenario: &'a Scenario,
    machine: &str,
    execution: &str,
    name: &str,
    job: &str,
) -> Run<'a> {
    allow_jobs();
    remove_job(job);
    scenario.apply(machine);
    scenario.apply(execution);
    let run = scenario.find(name).await;

    let working = run.until_job_runs().await;
    assert_eq!(working.current_states, ["Run a job on EKS"]);
    let task = &working.tasks[0];
    assert_eq!(task.job_name.as_deref(), Some(job));
    assert_eq!(task.job_namespace.as_deref(), Some("default"));
    assert!(
        task.pods[0].starts_with(&format!("{job}-")),
        "{:?}",
        task.pods
    );

    let output = run.output().await;
    // the printed workflow's last state replaces all; the variant keeps its answer beside the rest
    let deleted = output.get("DeleteResult").unwrap_or(&output);
    assert_eq!(deleted["StatusCode"], 200, "{output}");
    assert_eq!(deleted["StatusText"], "OK");
    assert!(
        deleted["ResponseHeaders"]["Audit-Id"].is_array(),
        "{deleted}"
    );
    let jobs = Api::<Job>::namespaced(scenario.client.clone(), "default");
    wait_for(&jobs, job, "deleted", Duration::from_secs(30), |job| {
        job.is_none()
    })
    .await;
    expect_user(scenario, job);
    run
}

/// The Job's creation and deletion are the mapped user's doing, not the operator's.
fn expect_user(scenario: &Scenario, job: &str) {
    let Some(audit) = &scenario.audit else {
        return;
    };
    let requests = audit.requests("default", "jobs").into_iter();
    let (created, deleted): (Vec<_>, Vec<_>) = requests
        .filter(|request| request.name == job && request.user == "eks-stepfunctions")
        .filter(|request| request.code < 300)
        .partition(|request| request.verb == "create");
    assert_eq!(
        (created.len(), deleted.len()),
        (1, 1),
        "{created:?} {deleted:?}"
    );
    assert_eq!(deleted[0].verb, "delete");
    assert!(created[0].sender.ends_with(":sfn-operator"), "{created:?}");
}

/// What the first state kept of the Job: the last state replaces the output, but the state
/// between them saw it.
async fn job_result(run: &Run<'_>) -> Value {
    let history = run.history().await;
    let entered = history
        .iter()
        .find(|event| event["stateEnteredEventDetails"]["name"] == "Do Something");
    let input = entered.unwrap()["stateEnteredEventDetails"]["input"]
        .as_str()
        .unwrap();
    let input: Value = serde_json::from_str(input).unwrap();
    assert_eq!(input["cluster"]["name"], CLUSTER);
    input["RunJobResult"].clone()
}
