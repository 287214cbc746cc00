//! Executions of which something that they need vanished while no operator ran.

use crd::{Execution, RunStatus};
use e2e::definition::{job, run_job, single};
use e2e::operator::Operator;
use e2e::scenario::condition;
use e2e::watch::{show, wait_for, wait_for_all};
use e2e::{Run, Scenario};
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::core::v1::Namespace;
use kube::Api;
use kube::runtime::watcher::Config;
use serde_json::json;

use crate::{AWAY, begin};

/// An execution whose Job runs, and no operator any more.
async fn leave_alone<'a>(scenario: &'a Scenario, operator: &Operator) -> Run<'a> {
    let work = run_job(&scenario.namespace, job("endless", "sleep 600"));
    let run = scenario.run(&single("Work", work), json!({})).await;
    run.until_job_runs().await;
    operator.scale(0).await;
    run
}

fn define_anew(scenario: &Scenario) {
    let definition = single("Other", json!({"Type": "Pass"})).to_string();
    let patch = json!({"spec": {"definition": definition}}).to_string();
    let patched = [
        "patch",
        "statemachine",
        "machine-0",
        "--type=merge",
        "-p",
        &patch,
    ];
    let _ = scenario.kubectl(&patched);
}

async fn until_no_revisions(scenario: &Scenario) {
    let revisions = scenario.api::<ControllerRevision>();
    let none = |revisions: &[ControllerRevision]| revisions.is_empty();
    wait_for_all(&revisions, Config::default(), "no revision", AWAY, none).await;
}

#[tokio::test]
async fn an_execution_whose_revision_is_gone_says_so_and_can_be_stopped() {
    let (_turn, scenario, operator) = begin().await;
    let run = leave_alone(&scenario, &operator).await;
    // Of the definition that the StateMachine still has, the operator would make it anew.
    define_anew(&scenario);
    let _ = scenario.kubectl(&["delete", "controllerrevisions", "--all"]);
    operator.scale(1).await;
    let lost = |status: &crd::ExecutionStatus| {
        condition(&status.conditions, "ACK.Terminal").is_some_and(|(holds, _)| holds == "True")
    };
    let status = run.until("told of", AWAY, lost).await;
    let (_, message) = condition(&status.conditions, "ACK.Terminal").unwrap();
    assert!(message.contains("it is not there"), "{message}");
    assert_eq!(status.status, Some(RunStatus::Running));

    run.stop("Enough", "it cannot go on").await;
    let status = run.end_within(AWAY).await;
    assert_eq!(status.status, Some(RunStatus::Aborted), "{}", show(&status));
    assert_eq!(status.error.as_deref(), Some("Enough"));
    assert_eq!(status.current_states, Vec::<String>::new());
    scenario.until_no_jobs().await;
    run.delete().await;
    run.until_gone().await;
}

#[tokio::test]
async fn a_namespace_that_was_deleted_while_no_operator_ran_goes_once_one_does() {
    let (_turn, scenario, operator) = begin().await;
    let _run = leave_alone(&scenario, &operator).await;
    let _ = scenario.kubectl(&["delete", "namespace", &scenario.namespace, "--wait=false"]);
    until_no_revisions(&scenario).await;
    operator.scale(1).await;
    let namespaces = Api::<Namespace>::all(scenario.client.clone());
    let gone = |namespace: Option<&Namespace>| namespace.is_none();
    wait_for(&namespaces, &scenario.namespace, "gone", AWAY, gone).await;
}

#[tokio::test]
async fn a_state_machine_that_is_deleted_in_the_foreground_keeps_what_its_executions_run() {
    let (_turn, scenario, operator) = begin().await;
    let definition = single("Pause", json!({"Type": "Wait", "Seconds": 20}));
    let run = scenario.run(&definition, json!({"kept": true})).await;
    run.until_in("Pause").await;
    let _ = scenario.kubectl(&[
        "delete",
        "statemachine",
        "machine-0",
        "--cascade=foreground",
        "--wait=false",
    ]);
    operator.restart();
    assert_eq!(
        run.end_within(AWAY).await.output,
        Some(json!({"kept": true}))
    );
    until_no_revisions(&scenario).await;
    let machines = scenario.api::<crd::StateMachine>();
    let gone = |machine: Option<&crd::StateMachine>| machine.is_none();
    wait_for(&machines, "machine-0", "gone", AWAY, gone).await;
    let executions: Api<Execution> = scenario.api();
    assert!(executions.get(&run.name).await.is_ok(), "it stays");
}
