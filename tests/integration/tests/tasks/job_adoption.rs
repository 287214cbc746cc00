use std::time::Duration;

use engine::ports::{Task, TaskRunner};
use integration::{Place, at, eventually, run};
use kube::api::DeleteParams;
use tasks::KubernetesTasks;
use tokio::sync::mpsc;

/// Runs a task until its Job is there, then drops it, as a crash does.
async fn run_until_created(place: &Place, runner: &KubernetesTasks, task: &Task, job: &str) {
    let (updates, _heard) = mpsc::unbounded_channel();
    tokio::select! {
        result = runner.run(task.clone(), updates) => panic!("ended: {result:?}"),
        _ = eventually("the Job is there", || place.job(job)) => {}
    }
}

fn slow_task(place: &Place, name: &str) -> Task {
    place.job_task(name, "", "sleep 3; echo done", r#"{"RetrieveLogs":true}"#)
}

#[tokio::test]
async fn a_task_that_is_run_again_adopts_its_job() {
    let Some(place) = Place::new("adopt").await else {
        return;
    };
    let mut task = slow_task(&place, "once");
    run_until_created(&place, &place.runner(), &task, "once").await;
    let uid = place.job("once").await.unwrap().metadata.uid.unwrap();

    // By another process, and by the same one, whose watches know the Job for long.
    task.resumed = true;
    let ended = run(&place.runner(), task.clone()).await;
    let job = ended.result.unwrap();
    assert_eq!(at(&job, "metadata/uid").as_str(), Some(&*uid));
    let submitted = ended.submitted.unwrap();
    assert_eq!(at(&submitted, "StatusCode").as_i64(), Some(201));
    assert_eq!(
        at(&submitted, "ResponseBody/metadata/uid").as_str(),
        Some(&*uid)
    );

    // A Job that has ended while nobody watched.
    let again = run(&place.runner(), task.clone()).await.result.unwrap();
    assert_eq!(again, job);

    // Even when the engine does not know that the request was sent.
    task.resumed = false;
    let again = run(&place.runner(), task).await.result.unwrap();
    assert_eq!(again, job);
    place.leave().await;
}

#[tokio::test]
async fn a_task_that_is_run_again_late_adopts_its_job_and_its_pods() {
    let Some(place) = Place::new("late").await else {
        return;
    };
    let runner = place.runner();
    let other = place.job_task("other", "", "true", "null");
    run(&runner, other).await.result.unwrap();

    let mut task = slow_task(&place, "late");
    run_until_created(&place, &place.runner(), &task, "late").await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    task.resumed = true;
    let ended = run(&runner, task).await;
    let first = ended
        .progress
        .iter()
        .find(|seen| !seen.pods.is_empty())
        .unwrap();
    assert_eq!(first.succeeded, 0, "its pod is known before it ends");
    assert!(ended.result.is_ok());
    place.leave().await;
}

#[tokio::test]
async fn a_job_that_was_submitted_is_never_made_again() {
    let Some(place) = Place::new("twice").await else {
        return;
    };
    let mut task = slow_task(&place, "twice");
    run_until_created(&place, &place.runner(), &task, "twice").await;
    task.resumed = true;
    task.submitted = true;
    let job = run(&place.runner(), task.clone()).await.result.unwrap();
    assert_eq!(at(&job, "status/succeeded").as_i64(), Some(1));

    let jobs = place.api("batch/v1", "Job");
    jobs.delete("twice", &DeleteParams::background())
        .await
        .unwrap();
    eventually("the Job is gone", || async {
        place.job("twice").await.is_none().then_some(())
    })
    .await;
    let fault = run(&place.runner(), task).await.result.unwrap_err();
    assert_eq!(fault.name(), "States.TaskFailed");
    assert!(
        fault
            .cause
            .unwrap()
            .contains("was removed while the operator was away")
    );
    assert!(place.job("twice").await.is_none());
    place.leave().await;
}

#[tokio::test]
async fn somebody_elses_job_is_not_adopted() {
    let Some(place) = Place::new("other").await else {
        return;
    };
    let runner = place.runner();
    let first = place.job_task("taken", "", "true", "null");
    run(&runner, first).await.result.unwrap();
    let mut second = place.job_task("taken", "", "true", "null");
    for resumed in [false, true] {
        second.resumed = resumed;
        let fault = run(&runner, second.clone()).await.result.unwrap_err();
        assert_eq!(fault.name(), "EKS.409");
        let cause = asl::value::parse(fault.cause.as_deref().unwrap()).unwrap();
        assert_eq!(
            at(&cause, "ResponseBody/reason").as_str(),
            Some("AlreadyExists")
        );
        assert_eq!(at(&cause, "StatusText").as_str(), Some("Conflict"));
    }
    place.leave().await;
}

#[tokio::test]
async fn a_task_that_never_sent_its_request_sends_it_when_it_is_run_again() {
    let Some(place) = Place::new("unsent").await else {
        return;
    };
    let mut task = place.job_task("unsent", "", "true", "null");
    task.resumed = true;
    let job = run(&place.runner(), task).await.result.unwrap();
    assert_eq!(at(&job, "status/succeeded").as_i64(), Some(1));
    place.leave().await;
}

#[tokio::test]
async fn a_generated_name_is_made_once() {
    let Some(place) = Place::new("generated").await else {
        return;
    };
    let mut task = place.task(
        "eks:runJob.sync",
        r#""Namespace":"NS","Job":{"metadata":{"generateName":"gen-"},"spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"busybox","command":["true"]}]}}}}"#,
    );
    let runner = place.runner();
    let first = run(&runner, task.clone()).await.result.unwrap();
    task.resumed = true;
    let again = run(&runner, task).await.result.unwrap();
    assert_eq!(at(&first, "metadata/uid"), at(&again, "metadata/uid"));
    place.leave().await;
}

#[tokio::test]
async fn a_job_that_was_removed_since_it_was_submitted_is_not_run_again() {
    let Some(place) = Place::new("removed").await else {
        return;
    };
    let mut task = slow_task(&place, "gone");
    task.resumed = true;
    task.submitted = true;
    let fault = run(&place.runner(), task).await.result.unwrap_err();
    assert_eq!(fault.name(), "States.TaskFailed");
    let cause = fault.cause.unwrap();
    assert!(cause.contains("/gone was removed while"), "{cause}");
    assert!(place.job("gone").await.is_none());
    place.leave().await;
}
