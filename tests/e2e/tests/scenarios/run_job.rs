//! `eks:runJob` and `eks:runJob.sync`.

use std::time::Duration;

use e2e::definition::{
    call, chain, cluster, job, job_of, only_log, result_at, run_job, single, task, with,
    with_parameter,
};
use e2e::watch::{PATIENCE, wait_for};
use e2e::{Run, Scenario};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::ResourceExt;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

#[tokio::test]
async fn the_result_is_the_finished_job_with_its_logs() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("greet", "echo hello"));
    let run = scenario.run(&single("Greet", state), json!({})).await;
    let result = run.output().await;
    assert_eq!(result["apiVersion"], "batch/v1");
    assert_eq!(result["kind"], "Job");
    assert_eq!(result["metadata"]["name"], "greet");
    assert_eq!(result["status"]["succeeded"], 1);
    assert!(result["metadata"].get("managedFields").is_none());
    assert_eq!(only_log(&result), "hello\n");

    let jobs = run.jobs().await;
    assert_eq!(jobs.len(), 1);
    assert_eq!(result["metadata"]["uid"], json!(jobs[0].uid()));
    assert_eq!(scenario.created_jobs().await, ["greet"]);
    let types = run.event_types().await;
    assert_eq!(
        types,
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    let events = run
        .until_events(&["Started", "TaskStarted", "TaskSucceeded", "Succeeded"])
        .await;
    assert!(
        events
            .iter()
            .all(|event| event.type_.as_deref() == Some("Normal"))
    );
}

#[tokio::test]
async fn the_submitted_event_has_the_answer_to_the_request() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("submit", "true"));
    let run = scenario.run(&single("Submit", state), json!({})).await;
    run.output().await;
    let history = run.history().await;
    let submitted = &history[4]["taskSubmittedEventDetails"];
    assert_eq!(submitted["resourceType"], "eks");
    assert_eq!(submitted["resource"], "runJob.sync");
    let output: Value = serde_json::from_str(submitted["output"].as_str().unwrap()).unwrap();
    assert_eq!(output["StatusCode"], 201);
    assert_eq!(output["ResponseBody"]["metadata"]["name"], "submit");
}

#[tokio::test]
async fn progress_is_seen_while_the_job_runs() {
    let scenario = Scenario::new().await;
    let script = "echo one; echo two; while ! [ -e /tmp/go ]; do sleep 1; done; sleep 1";
    let state = run_job(&scenario.namespace, job("slow", script));
    let run = scenario.run(&single("Work slowly", state), json!({})).await;
    let status = run.until_job_runs().await;
    assert_eq!(status.status, Some(crd::RunStatus::Running));
    assert_eq!(status.current_states, ["Work slowly"]);
    let jobs = run.jobs().await;
    let task = &status.tasks[0];
    assert_eq!(task.state, "Work slowly");
    assert_eq!(task.status, Some(crd::TaskState::Running));
    assert_eq!(task.job_name.as_deref(), Some("slow"));
    assert_eq!(task.job_namespace, Some(scenario.namespace.clone()));
    assert_eq!(task.job_uid, jobs[0].uid());
    assert!(task.started_at.is_some());
    let pod = task.pods[0].clone();
    let _ = scenario.kubectl(&[
        "wait",
        "pod",
        &pod,
        "--for=condition=Ready",
        "--timeout=60s",
    ]);
    let _ = scenario.kubectl(&["exec", &pod, "--", "touch", "/tmp/go"]);
    assert_eq!(only_log(&run.output().await), "one\ntwo\n");
    let ended = run.end().await;
    assert_eq!(ended.current_states, Vec::<String>::new());
    assert_eq!(ended.tasks[0].status, Some(crd::TaskState::Succeeded));
    assert_eq!(ended.tasks[0].succeeded, Some(1));
}

#[tokio::test]
async fn run_job_without_sync_returns_at_once_and_leaves_the_job_alone() {
    let scenario = Scenario::new().await;
    let mut parameters = cluster();
    parameters["Namespace"] = json!(scenario.namespace);
    parameters["Job"] = job("background", "sleep 600");
    let definition = single("Start", task("eks:runJob", parameters));
    let run = scenario.run(&definition, json!({})).await;
    let output = run.output().await;
    assert_eq!(output["StatusCode"], 201);
    assert_eq!(output["StatusText"], "Created");
    assert_eq!(output["ResponseBody"]["kind"], "Job");
    let job: Job = scenario.api().get("background").await.unwrap();
    assert_eq!(output["ResponseBody"]["metadata"]["uid"], json!(job.uid()));
    assert_eq!(job.metadata.deletion_timestamp, None);
}

#[tokio::test]
async fn the_job_may_be_json_text() {
    let scenario = Scenario::new().await;
    let text = job("as-text", "echo text").to_string();
    let state = run_job(&scenario.namespace, json!(text));
    let result = scenario
        .run(&single("Run", state), json!({}))
        .await
        .output()
        .await;
    assert_eq!(only_log(&result), "text\n");
}

#[tokio::test]
async fn parameters_may_come_from_the_input() {
    let scenario = Scenario::new().await;
    let state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::eks:runJob.sync",
        "Parameters": {
            "ClusterName.$": "$.cluster.name",
            "Endpoint.$": "$.cluster.endpoint",
            "CertificateAuthority.$": "$.cluster.ca",
            "Namespace.$": "$.namespace",
            "LogOptions": {"RetrieveLogs": true},
            "Job.$": "$.job",
        },
        "ResultSelector": {"log.$": "$.logs..log"},
    });
    let input = json!({
        "cluster": {"name": "EKSCluster", "ca": "Y2E=", "endpoint": "https://example.com"},
        "namespace": scenario.namespace,
        "job": job("from-input", "echo from input"),
    });
    let output = scenario
        .run(&single("Run", state), input)
        .await
        .output()
        .await;
    assert_eq!(output, json!({"log": ["from input\n"]}));
}

#[tokio::test]
async fn a_job_with_two_containers_and_an_init_container_gives_all_their_logs() {
    let scenario = Scenario::new().await;
    let container = |name: &str, script: &str| json!({"name": name, "image": "busybox", "command": ["sh", "-c", script]});
    let pod = json!({
        "initContainers": [container("prepare", "echo '{\"step\": 0}'")],
        "containers": [
            container("left", "echo '{\"side\": \"left\"}'"),
            container("right", "echo right"),
        ],
    });
    let state = run_job(&scenario.namespace, job_of("two", pod));
    let result = scenario
        .run(&single("Run", state), json!({}))
        .await
        .output()
        .await;
    let pods = result["logs"]["pods"].as_object().unwrap();
    assert_eq!(pods.len(), 1);
    let (name, pod) = pods.iter().next().unwrap();
    assert!(name.starts_with("two-"), "{name}");
    let expected = json!({
        "prepare": {"log": {"step": 0}},
        "left": {"log": {"side": "left"}},
        "right": {"log": "right\n"},
    });
    assert_eq!(pod["containers"], expected);
}

#[tokio::test]
async fn a_pod_that_fails_is_retried_by_its_job_and_both_logs_are_there() {
    let scenario = Scenario::new().await;
    scenario
        .apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: weather}, data: {sky: dark}}");
    let pod = json!({"containers": [{
        "name": "main",
        "image": "busybox",
        "command": ["sh", "-c", "echo it is $SKY; test $SKY = bright"],
        "env": [{"name": "SKY", "valueFrom": {"configMapKeyRef": {"name": "weather", "key": "sky"}}}],
    }]});
    let mut job = job_of("stubborn", pod);
    job["spec"]["backoffLimit"] = json!(2);
    let run = scenario
        .run(&single("Try", run_job(&scenario.namespace, job)), json!({}))
        .await;

    let jobs = scenario.api::<Job>();
    wait_for(&jobs, "stubborn", "one failed pod", PATIENCE, |job| {
        job.and_then(|job| job.status.as_ref()?.failed) == Some(1)
    })
    .await;
    // the Job waits 10 seconds before it tries again
    let bright = Patch::Merge(json!({"data": {"sky": "bright"}}));
    let maps = scenario.api::<ConfigMap>();
    maps.patch("weather", &PatchParams::default(), &bright)
        .await
        .unwrap();

    let result = run.output().await;
    assert_eq!(result["status"]["failed"], 1);
    assert_eq!(result["status"]["succeeded"], 1);
    let pods = result["logs"]["pods"].as_object().unwrap();
    let mut logs: Vec<_> = pods
        .values()
        .map(|pod| pod["containers"]["main"]["log"].as_str().unwrap())
        .collect();
    logs.sort_unstable();
    assert_eq!(logs, ["it is bright\n", "it is dark\n"]);
    assert_eq!(scenario.created_jobs().await, ["stubborn"]);
}

#[tokio::test]
async fn a_generated_name_is_in_the_result() {
    let scenario = Scenario::new().await;
    let mut job = job("", "true");
    job["metadata"] = json!({"generateName": "made-up-"});
    let state = run_job(&scenario.namespace, job);
    let definition = chain([
        ("Run", state),
        (
            "Look",
            with(call("GET", "/"), "Parameters", look(&scenario.namespace)),
        ),
    ]);
    let run = scenario.run(&definition, json!({})).await;
    let found = run.output().await;
    let name = found["ResponseBody"]["metadata"]["name"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        name.starts_with("made-up-") && name.len() > "made-up-".len(),
        "{name}"
    );
    assert_eq!(scenario.created_jobs().await, std::slice::from_ref(&name));

    let again = scenario.start("machine-0", json!({})).await;
    let other = again.output().await;
    assert_ne!(other["ResponseBody"]["metadata"]["name"], json!(name));
}

/// Gets the Job that the state before ran.
fn look(namespace: &str) -> Value {
    let path = format!(
        "States.Format('/apis/batch/v1/namespaces/{namespace}/jobs/{{}}', $.metadata.name)"
    );
    let mut parameters = cluster();
    parameters["Method"] = json!("GET");
    parameters["Path.$"] = json!(path);
    parameters
}

#[tokio::test]
async fn another_cluster_cannot_be_called() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("never", "true"));
    let state = with_parameter(state, "ClusterName", json!("SomebodyElses"));
    let failure = scenario
        .run(&single("Run", state), json!({}))
        .await
        .failure()
        .await;
    assert!(failure.error.starts_with("EKS."), "{failure:?}");
    assert!(failure.cause.contains("SomebodyElses"), "{failure:?}");
    assert_eq!(scenario.created_jobs().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_home_cluster_is_described_without_aws() {
    let scenario = Scenario::new().await;
    let describe = task("aws-sdk:eks:describeCluster", json!({"Name": "EKSCluster"}));
    let state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::eks:runJob.sync",
        "Parameters": {
            "ClusterName.$": "$.Described.Cluster.Name",
            "Endpoint.$": "$.Described.Cluster.Endpoint",
            "CertificateAuthority.$": "$.Described.Cluster.CertificateAuthority.Data",
            "Namespace": scenario.namespace,
            "LogOptions": {"RetrieveLogs": true},
            "Job": job("described", "echo described"),
        },
    });
    let definition = chain([
        ("Describe", result_at(describe, "$.Described")),
        ("Run", state),
    ]);
    let result = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(only_log(&result), "described\n");
}

/// Deletes the Job behind the execution's back.
async fn delete_job(scenario: &Scenario, run: &Run<'_>, name: &str) {
    run.until_job_runs().await;
    let foreground = kube::api::DeleteParams::foreground();
    let _ = scenario
        .api::<Job>()
        .delete(name, &foreground)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_job_that_somebody_deletes_fails_its_task() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("doomed", "sleep 600"));
    let run = scenario.run(&single("Run", state), json!({})).await;
    delete_job(&scenario, &run, "doomed").await;
    let status = run.end_within(Duration::from_secs(30)).await;
    assert_eq!(status.status, Some(crd::RunStatus::Failed));
    assert_eq!(status.error.as_deref(), Some("States.TaskFailed"));
    assert!(status.cause.unwrap().contains("doomed"));
    assert_eq!(scenario.created_jobs().await, ["doomed"]);
}
