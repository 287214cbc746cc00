use std::collections::HashSet;
use std::sync::Arc;

use asl::value::parse;
use kube::runtime::watcher::{self, Event};

use super::{Awaited, Subscription};
use crate::run_job::view::End;
use crate::run_job::watched_job::WatchedJob;

fn subscription() -> Subscription {
    let awaited = Awaited {
        label: "task".into(),
        namespace: "ns".into(),
        name: "job".into(),
    };
    Subscription::new(Arc::default(), awaited)
}

fn job(name: &str, status: &str) -> WatchedJob {
    let labels = r#"{"sfn.services.k8s.aws/task-id":"task"}"#;
    parse(&format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"ns","uid":"{name}","labels":{labels}}},"status":{status}}}"#
    ))
    .unwrap()
    .deserialize_into()
    .unwrap()
}

const COMPLETE: &str = r#"{"conditions":[{"type":"Complete","status":"True"}]}"#;

#[test]
fn a_copy_of_the_job_under_another_name_is_not_the_tasks() {
    let mut subscription = subscription();
    subscription
        .registry
        .job_event(&job("copy", COMPLETE), false);
    assert_eq!(subscription.now().job, None);
    subscription
        .registry
        .job_event(&job("job", COMPLETE), false);
    assert!(matches!(
        subscription.now().job.unwrap().end,
        Some(End::Complete(_))
    ));
}

#[test]
fn a_job_that_is_deleted_after_it_completed_is_complete() {
    let mut subscription = subscription();
    subscription.registry.job_event(&job("job", "{}"), false);
    subscription.registry.job_event(&job("job", COMPLETE), true);
    assert!(matches!(
        subscription.now().job.unwrap().end,
        Some(End::Complete(_))
    ));
}

#[test]
fn a_job_that_a_listing_does_not_show_is_missing() {
    let mut subscription = subscription();
    subscription.registry.job_event(&job("job", "{}"), false);
    subscription
        .registry
        .jobs_listed(&HashSet::from(["task".to_owned()]));
    assert!(!subscription.now().missing);
    subscription.registry.jobs_listed(&HashSet::new());
    assert!(subscription.now().missing);
}

#[test]
fn a_task_that_waits_no_more_is_forgotten() {
    let subscription = subscription();
    let registry = subscription.registry.clone();
    let again = Subscription::new(registry.clone(), subscription.awaited.clone());
    drop(subscription);
    assert_eq!(
        registry.lock().len(),
        1,
        "another run of the same task waits still"
    );
    drop(again);
    assert_eq!(registry.lock().len(), 0);
}

fn denied() -> watcher::Result<Event<WatchedJob>> {
    Err(watcher::Error::NoResourceVersion)
}

#[test]
fn a_watch_that_never_began_is_told_of_and_one_that_breaks_off_is_not() {
    let mut subscription = subscription();
    let registry = subscription.registry.clone();
    registry.note("Jobs", |health| &mut health.jobs, &denied());
    let trouble = subscription.trouble().unwrap();
    assert!(
        trouble.starts_with("the operator cannot watch Jobs: "),
        "{trouble}"
    );
    let listed = Ok(Event::<WatchedJob>::InitDone);
    registry.note("Jobs", |health| &mut health.jobs, &listed);
    assert_eq!(subscription.trouble(), None);
    registry.note("Jobs", |health| &mut health.jobs, &denied());
    assert_eq!(subscription.trouble(), None);
}
