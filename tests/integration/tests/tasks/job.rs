use integration::{Place, at, eventually, run};
use kube::api::DeleteParams;
use rstest::rstest;

#[tokio::test]
async fn a_finished_job_is_the_result_and_its_creation_the_submission() {
    let Some(place) = Place::new("finished").await else {
        return;
    };
    let task = place.job_task(
        "hello",
        "",
        "echo '{\"answer\": 42}'",
        r#"{"RetrieveLogs":"true"}"#,
    );
    let ended = run(&place.runner(), task).await;

    let job = ended.result.unwrap();
    assert_eq!(at(&job, "apiVersion").as_str(), Some("batch/v1"));
    assert_eq!(at(&job, "kind").as_str(), Some("Job"));
    assert_eq!(at(&job, "metadata/name").as_str(), Some("hello"));
    assert_eq!(at(&job, "metadata/managedFields"), asl::Value::Null);
    assert_eq!(at(&job, "status/succeeded").as_i64(), Some(1));
    let pods = at(&job, "logs/pods");
    let (_, pod) = &pods.as_object().unwrap().members()[0];
    assert_eq!(at(pod, "containers/main/log/answer").as_i64(), Some(42));

    let submitted = ended.submitted.unwrap();
    assert_eq!(at(&submitted, "StatusCode").as_i64(), Some(201));
    assert_eq!(at(&submitted, "StatusText").as_str(), Some("Created"));
    assert_eq!(
        at(&submitted, "ResponseBody/metadata/uid"),
        at(&job, "metadata/uid")
    );
    assert!(
        at(&submitted, "ResponseHeaders/Audit-Id/0")
            .as_str()
            .is_some()
    );

    let last = ended.progress.last().unwrap();
    assert_eq!(last.job_name.as_deref(), Some("hello"));
    assert_eq!(last.job_namespace.as_deref(), Some(&*place.namespace));
    assert_eq!(last.job_uid.as_deref(), at(&job, "metadata/uid").as_str());
    assert_eq!((last.active, last.succeeded, last.failed), (0, 1, 0));
    assert_eq!(last.pods.len(), 1);
    assert_eq!(last.log_tail.as_deref(), Some("{\"answer\": 42}"));
    assert_eq!(last.message, None);
    place.leave().await;
}

#[tokio::test]
async fn without_sync_the_answer_to_the_creation_is_the_result() {
    let Some(place) = Place::new("nosync").await else {
        return;
    };
    let task = place.task(
        "eks:runJob",
        r#""Job":"{\"apiversion\":\"batch/v1\",\"metadata\":{\"generateName\":\"pi-\",\"namespace\":\"NS\"},\"spec\":{\"suspend\":true,\"template\":{\"spec\":{\"restartpolicy\":1,\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"c\",\"image\":\"busybox\"}]}}}}""#,
    );
    let ended = run(&place.runner(), task).await;
    let envelope = ended.result.unwrap();
    assert_eq!(at(&envelope, "StatusCode").as_i64(), Some(201));
    let name = at(&envelope, "ResponseBody/metadata/name");
    let name = name.as_str().unwrap();
    assert!(name.starts_with("pi-") && name.len() == 13, "{name}");
    assert!(place.job(name).await.is_some());
    assert_eq!(ended.submitted, None);
    place.leave().await;
}

#[tokio::test]
async fn a_failed_job_fails_the_task_with_the_job_and_its_logs_as_cause() {
    let Some(place) = Place::new("failed").await else {
        return;
    };
    let task = place.job_task(
        "bad",
        "",
        "echo going down; exit 3",
        r#"{"RetrieveLogs":true}"#,
    );
    let ended = run(&place.runner(), task).await;
    let fault = ended.result.unwrap_err();
    assert_eq!(fault.name(), "States.TaskFailed");
    let cause = asl::value::parse(fault.cause.as_deref().unwrap()).unwrap();
    assert_eq!(at(&cause, "metadata/name").as_str(), Some("bad"));
    assert_eq!(at(&cause, "status/failed").as_i64(), Some(1));
    let pods = at(&cause, "logs/pods");
    let (_, pod) = &pods.as_object().unwrap().members()[0];
    assert_eq!(
        at(pod, "containers/main/log").as_str(),
        Some("going down\n")
    );
    let message = ended.progress.last().unwrap().message.clone().unwrap();
    assert!(message.starts_with("BackoffLimitExceeded: "), "{message}");
    assert!(
        message.contains("container main: Error: exit code 3"),
        "{message}"
    );
    place.leave().await;
}

#[tokio::test]
async fn a_job_that_somebody_deletes_fails_the_task() {
    let Some(place) = Place::new("deleted").await else {
        return;
    };
    let runner = place.runner();
    let task = place.job_task("gone", "", "sleep 600", "null");
    let running = run(&runner, task);
    let deleting = async {
        eventually("the Job is there", || place.job("gone")).await;
        let jobs = place.api("batch/v1", "Job");
        jobs.delete("gone", &DeleteParams::background())
            .await
            .unwrap();
    };
    let (ended, ()) = tokio::join!(running, deleting);
    let fault = ended.result.unwrap_err();
    assert_eq!(fault.name(), "States.TaskFailed");
    let cause = fault.cause.unwrap();
    assert!(
        cause.contains("gone (uid ") && cause.contains("was deleted before it finished"),
        "{cause}"
    );
    place.leave().await;
}

#[rstest]
#[case::name("Not_A_Name", "", "EKS.422", "Invalid value: \\\"Not_A_Name\\\"")]
#[case::template(
    "x",
    r#","completions":-1"#,
    "EKS.422",
    "must be greater than or equal to 0"
)]
#[tokio::test]
async fn what_the_api_server_refuses_comes_back_as_its_status(
    #[case] name: &str,
    #[case] spec: &str,
    #[case] error: &str,
    #[case] expected: &str,
) {
    let Some(place) = Place::new("refused").await else {
        return;
    };
    let ended = run(&place.runner(), place.job_task(name, spec, "true", "null")).await;
    let fault = ended.result.unwrap_err();
    assert_eq!(fault.name(), error);
    let cause = fault.cause.unwrap();
    assert!(cause.contains(expected), "{cause}");
    assert!(
        cause.contains(r#""StatusCode":422,"StatusText":"Unprocessable Entity""#),
        "{cause}"
    );
    assert_eq!(ended.submitted, None);
    place.leave().await;
}

#[tokio::test]
async fn two_namespaces_that_differ_are_refused_by_the_api_server() {
    let Some(place) = Place::new("differ").await else {
        return;
    };
    let task = place.task(
        "eks:runJob.sync",
        r#""Namespace":"NS","Job":{"metadata":{"name":"x","namespace":"other"}}"#,
    );
    let fault = run(&place.runner(), task).await.result.unwrap_err();
    assert_eq!(fault.name(), "EKS.400");
    assert!(
        fault
            .cause
            .unwrap()
            .contains("does not match the namespace sent on the request")
    );
    place.leave().await;
}

#[tokio::test]
async fn people_see_why_a_pod_does_not_run() {
    let Some(place) = Place::new("stuck").await else {
        return;
    };
    let runner = place.runner();
    let task = place.task(
        "eks:runJob.sync",
        r#""Namespace":"NS","Job":{"metadata":{"name":"stuck"},"spec":{"activeDeadlineSeconds":8,"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"no-such-image:1"}]}}}}"#,
    );
    let ended = run(&runner, task).await;
    let messages: Vec<_> = ended
        .progress
        .iter()
        .filter_map(|seen| seen.message.clone())
        .collect();
    assert!(
        messages
            .iter()
            .any(|message| message.contains("container main: ErrImagePull")),
        "{messages:?}"
    );
    let fault = ended.result.unwrap_err();
    assert!(fault.cause.unwrap().contains("DeadlineExceeded"));
    place.leave().await;
}
