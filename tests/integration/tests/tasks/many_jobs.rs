//! What waiting for many Jobs costs. A measurement, to be asked for:
//! `cargo test -p integration --release -- --ignored --nocapture many_jobs`

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use engine::ports::{Task, TaskRunner, TaskUpdate};
use integration::Place;
use kube::api::{DeleteParams, ListParams};
use tasks::KubernetesTasks;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// How many Jobs: `JOBS`, 2,000 unless set.
fn count() -> usize {
    let jobs = std::env::var("JOBS").ok();
    jobs.and_then(|jobs| jobs.parse().ok()).unwrap_or(2000)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn many_jobs_are_waited_for_and_adopted() {
    let Some(place) = Place::new("jobs").await else {
        return;
    };
    let mut tasks: Vec<_> = (0..count())
        .map(|index| {
            place.job_task(
                &format!("job-{index}"),
                r#","suspend":true"#,
                "true",
                "null",
            )
        })
        .collect();

    let before = resident_kib();
    let runner = Arc::new(place.runner());
    let start = Instant::now();
    let waiting = wait_for_all(&runner, &tasks).await;
    report("created, and waiting", &tasks, start, before);
    drop(waiting);
    drop(runner);

    for task in &mut tasks {
        task.resumed = true;
    }
    let runner = Arc::new(place.runner());
    let start = Instant::now();
    drop(wait_for_all(&runner, &tasks).await);
    report(
        "adopted after a crash amid their creation",
        &tasks,
        start,
        before,
    );
    drop(runner);

    for task in &mut tasks {
        task.submitted = true;
    }
    let runner = Arc::new(place.runner());
    let start = Instant::now();
    let mut waiting = wait_for_all(&runner, &tasks).await;
    report(
        "adopted after a restart, and waiting",
        &tasks,
        start,
        before,
    );

    let jobs = place.api("batch/v1", "Job");
    assert_eq!(
        jobs.list(&ListParams::default()).await.unwrap().items.len(),
        tasks.len()
    );
    let start = Instant::now();
    jobs.delete_collection(&DeleteParams::background(), &ListParams::default())
        .await
        .unwrap();
    while let Some(ended) = waiting.join_next().await {
        let fault = ended.unwrap().unwrap_err();
        assert!(
            fault
                .cause
                .unwrap()
                .contains("was deleted before it finished")
        );
    }
    report("deleted, and told of", &tasks, start, before);
    place.leave().await;
}

type Waiting = JoinSet<Result<asl::Value, asl::errors::Fault>>;

/// Runs all tasks; returns when each has its Job.
async fn wait_for_all(runner: &Arc<KubernetesTasks>, tasks: &[Task]) -> Waiting {
    let (submitted, mut heard) = mpsc::unbounded_channel();
    let mut waiting = JoinSet::new();
    for task in tasks {
        let (runner, task, submitted) = (runner.clone(), task.clone(), submitted.clone());
        waiting.spawn(async move { runner.run(task, submitted).await });
    }
    let mut left = tasks.len();
    let mut seen = HashSet::new();
    while left > 0 {
        let update = tokio::time::timeout(Duration::from_secs(60), heard.recv()).await;
        let update = update
            .expect("an update within a minute")
            .expect("tasks run");
        let has_job = match update {
            TaskUpdate::Progress(progress) => progress.job_uid,
            TaskUpdate::Submitted(_) | TaskUpdate::Heartbeat => None,
        };
        left -= usize::from(has_job.is_some_and(|uid| seen.insert(uid)));
    }
    waiting
}

fn report(what: &str, tasks: &[Task], start: Instant, before: u64) {
    let (seconds, jobs) = (start.elapsed().as_secs_f64(), tasks.len());
    let each = resident_kib().saturating_sub(before) as f64 / jobs as f64;
    eprintln!(
        "{jobs} Jobs {what}: {seconds:.1} s, {:.0}/s, {each:.1} KiB each",
        jobs as f64 / seconds
    );
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.unwrap_or(0)
}
