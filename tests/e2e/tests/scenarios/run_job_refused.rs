//! Jobs that are not made, or not taken for one's own, and what is let through all the same.

use e2e::Scenario;
use e2e::definition::{chain, job, job_of, only_log, run_job, single};
use k8s_openapi::api::batch::v1::Job;
use kube::ResourceExt;
use kube::api::PostParams;
use serde_json::json;

#[tokio::test]
async fn somebody_elses_job_of_the_same_name_gives_eks_409_and_stays_untouched() {
    let scenario = Scenario::new().await;
    let jobs = scenario.api::<Job>();
    let theirs = serde_json::from_value(job("taken", "sleep 600")).unwrap();
    let theirs = jobs.create(&PostParams::default(), &theirs).await.unwrap();
    let state = run_job(&scenario.namespace, job("taken", "true"));
    let run = scenario.run(&single("Run", state), json!({})).await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "EKS.409");
    let cause = failure.cause_json();
    assert_eq!(cause["StatusText"], "Conflict");
    assert_eq!(cause["ResponseBody"]["reason"], "AlreadyExists");
    assert_eq!(
        cause["ResponseBody"]["message"],
        "jobs.batch \"taken\" already exists"
    );
    let now = jobs.get("taken").await.unwrap();
    assert_eq!(now.uid(), theirs.uid());
    assert_eq!(now.metadata.deletion_timestamp, None);
    assert_eq!(now.spec, theirs.spec);
}

#[tokio::test]
async fn a_job_of_an_earlier_state_of_the_same_execution_is_not_adopted() {
    let scenario = Scenario::new().await;
    let state = run_job(&scenario.namespace, job("twice", "true"));
    let definition = chain([("First", state.clone()), ("Second", state)]);
    let failure = scenario.run(&definition, json!({})).await.failure().await;
    assert_eq!(failure.error, "EKS.409");
    assert_eq!(scenario.created_jobs().await, ["twice"]);
}

#[tokio::test]
async fn namespaces_that_contradict_each_other_are_refused() {
    let scenario = Scenario::new().await;
    let mut job = job("elsewhere", "true");
    job["metadata"]["namespace"] = json!("default");
    let state = run_job(&scenario.namespace, job);
    let failure = scenario
        .run(&single("Run", state), json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "EKS.400");
    assert_eq!(failure.cause_json()["ResponseBody"]["reason"], "BadRequest");
}

#[tokio::test]
async fn a_job_that_the_api_server_finds_invalid_gives_eks_422() {
    let scenario = Scenario::new().await;
    let state = run_job(
        &scenario.namespace,
        job_of("empty", json!({"containers": []})),
    );
    let failure = scenario
        .run(&single("Run", state), json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "EKS.422");
    let message = failure.cause_json()["ResponseBody"]["message"].to_string();
    assert!(
        message.contains("spec.template.spec.containers: Required value"),
        "{message}"
    );
}

#[tokio::test]
async fn misspelt_keys_of_a_job_do_not_fail_it() {
    let scenario = Scenario::new().await;
    let mut job = job("misspelt", "echo fine");
    job["spec"]["backofLimit"] = json!(7);
    let state = run_job(&scenario.namespace, job);
    let result = scenario
        .run(&single("Run", state), json!({}))
        .await
        .output()
        .await;
    assert_eq!(only_log(&result), "fine\n");
    assert!(result["spec"].get("backofLimit").is_none());
}
