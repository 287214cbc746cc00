//! The examples of the Step Functions developer guide, "Call Amazon EKS with Step Functions".

use e2e::definition::{call_with, single};
use e2e::kubectl::kubectl;
use e2e::watch::{PATIENCE, wait_for_all};
use e2e::{Run, Scenario, aws_auth};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::Api;
use kube::runtime::watcher::Config;
use serde_json::{Value, json};

use crate::seed_001;

/// As the guide prints them, for a cluster that is known as `MyCluster`.
macro_rules! example {
    ($name:literal) => {
        include_str!(concat!("../../../../deploy/examples/seed-000/", $name))
    };
}

const RUN_JOB: &str = example!("run-job.yaml");
const LIST_PODS: &str = example!("list-pods.yaml");
const DELETE_JOB: &str = example!("delete-job.yaml");
const LIST_PODS_ROLE: &str = example!("list_pods_role.yaml");

#[tokio::test]
async fn the_examples_run_a_job_list_its_pods_and_delete_it_with_them() {
    let scenario = Scenario::new().await;
    seed_001::allow_jobs();
    seed_001::remove_job("example-job");
    let _ = kubectl(&["apply", "-n", "default", "-f", "-"], LIST_PODS_ROLE);

    let job = apply(&scenario, RUN_JOB, "run-job-1").await.output().await;
    assert_eq!(job["metadata"]["name"], "example-job");
    assert_eq!(job["metadata"]["namespace"], "default");
    assert_eq!(job["status"]["succeeded"], 1);
    // without RawLogs 2,000 digits are a JSON number, with the precision that numbers have
    let log = e2e::definition::only_log(&job);
    assert_eq!(log.as_f64(), Some(std::f64::consts::PI), "{log}");

    let pods = apply(&scenario, LIST_PODS, "list-pods-1")
        .await
        .output()
        .await;
    assert_eq!(pods["StatusCode"], 200);
    assert_eq!(pods["ResponseBody"]["kind"], "PodList");
    let items = pods["ResponseBody"]["items"].as_array().unwrap();
    assert_eq!(items.len(), 1);
    let name = items[0]["metadata"]["name"].as_str().unwrap();
    assert!(
        job["logs"]["pods"].as_object().unwrap().contains_key(name),
        "{name}"
    );

    let deleted = apply(&scenario, DELETE_JOB, "delete-job-1")
        .await
        .output()
        .await;
    assert_eq!(deleted["StatusCode"], 200);
    let pods = Api::<Pod>::namespaced(scenario.client.clone(), "default");
    let of_job = Config::default().labels("job-name=example-job");
    wait_for_all(&pods, of_job, "no pods", PATIENCE, <[Pod]>::is_empty).await;
}

/// The example that creates `aws-auth`.
fn add_authorized_user(namespace: &str) -> Value {
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let body = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "aws-auth", "namespace": namespace},
        "data": {
            "mapUsers": "[{ \"userarn\": \"arn:aws:iam::123456789012:user/my-user\", \"username\": \"my-user\", \"groups\": [ \"system:masters\" ] } ]",
            "mapRoles": "[{ \"rolearn\": \"arn:aws:iam::123456789012:role/my-role\", \"username\": \"my-role\", \"groups\": [ \"system:masters\" ] } ]"
        }
    });
    single("Add authorized user", call_with("POST", &path, body))
}

#[tokio::test]
async fn the_example_that_adds_an_authorized_user_creates_the_config_map() {
    let scenario = Scenario::new().await;
    let definition = add_authorized_user(&scenario.namespace);
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output["StatusCode"], 201);
    assert_eq!(output["StatusText"], "Created");
    let created: ConfigMap = scenario.api().get("aws-auth").await.unwrap();
    assert_eq!(
        created.metadata.uid.as_deref(),
        output["ResponseBody"]["metadata"]["uid"].as_str()
    );
    let mapped: Value = serde_json::from_str(&created.data.unwrap()["mapRoles"]).unwrap();
    assert_eq!(mapped[0]["username"], "my-role");
}

#[tokio::test]
async fn the_example_that_adds_an_authorized_user_needs_the_right_to() {
    let scenario = Scenario::new().await;
    let rights = json!({"roleARN": aws_auth::MAPPED});
    let definition = add_authorized_user("kube-system");
    let run = scenario.run_as(rights, &definition, json!({})).await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "EKS.403");
    assert_eq!(
        failure.cause_json()["ResponseBody"]["message"],
        "configmaps is forbidden: User \"eks-stepfunctions\" cannot create resource \"configmaps\" in API group \"\" in the namespace \"kube-system\""
    );
}

/// Applies an example: a StateMachine and its Execution.
async fn apply<'a>(scenario: &'a Scenario, yaml: &str, execution: &str) -> Run<'a> {
    scenario.apply(yaml);
    scenario.find(execution).await
}
