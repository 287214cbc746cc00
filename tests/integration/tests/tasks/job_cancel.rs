use std::time::Duration;

use engine::ports::TaskRunner;
use integration::{Place, eventually, run};
use kube::api::ListParams;
use tokio::sync::mpsc;

#[tokio::test]
async fn a_cancelled_task_leaves_neither_job_nor_pods() {
    let Some(place) = Place::new("cancel").await else {
        return;
    };
    let runner = place.runner();
    let task = place.job_task("stopped", "", "sleep 600", "null");
    let (updates, _heard) = mpsc::unbounded_channel();
    let pods = place.api("v1", "Pod");
    let pod_there = || async {
        let pods = pods.list(&ListParams::default()).await.unwrap();
        (!pods.items.is_empty()).then_some(())
    };
    tokio::select! {
        result = runner.run(task.clone(), updates) => panic!("ended: {result:?}"),
        () = eventually("the pod is there", pod_there) => {}
    }
    runner.cancel(&task).await.unwrap();
    eventually("the Job is gone", || async {
        place.job("stopped").await.is_none().then_some(())
    })
    .await;
    assert!(
        pods.list(&ListParams::default())
            .await
            .unwrap()
            .items
            .is_empty()
    );
    runner
        .cancel(&task)
        .await
        .expect("to cancel again is no error");
    place.leave().await;
}

#[tokio::test]
async fn a_task_that_is_cancelled_while_its_request_is_on_its_way_leaves_no_job() {
    let Some(place) = Place::new("race").await else {
        return;
    };
    let runner = place.runner();
    for microseconds in [0, 500, 1000, 2000, 3000, 5000, 8000, 12000, 20000] {
        let name = format!("race-{microseconds}");
        let task = place.job_task(&name, r#","suspend":true"#, "true", "null");
        let (updates, _heard) = mpsc::unbounded_channel();
        let running = runner.run(task.clone(), updates);
        let _ = tokio::time::timeout(Duration::from_micros(microseconds), running).await;
        runner.cancel(&task).await.unwrap();
        let gone = || async { place.job(&name).await.is_none().then_some(()) };
        eventually("the Job is gone", gone).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(
            place.job(&name).await.is_none(),
            "{name} came after it was cancelled"
        );
    }
    place.leave().await;
}

#[tokio::test]
async fn a_job_that_is_to_be_kept_or_is_not_the_tasks_stays() {
    let Some(place) = Place::new("keep").await else {
        return;
    };
    let runner = place.runner();
    let mut task = place.job_task("kept", "", "true", "null");
    run(&runner, task.clone()).await.result.unwrap();
    task.retain_jobs = true;
    runner.cancel(&task).await.unwrap();
    let other = place.job_task("kept", "", "true", "null");
    runner.cancel(&other).await.unwrap();
    let job = place.job("kept").await.expect("it is there");
    assert_eq!(job.metadata.deletion_timestamp, None);
    place.leave().await;
}
