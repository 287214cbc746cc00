use super::{End, JobView, Observed, PODS, PodView, build_finished};
use asl::Value;
use asl::value::parse;
use k8s_openapi::api::core::v1::Pod;
use rstest::rstest;

fn job(status: &str) -> Value {
    let metadata = r#"{"name":"n","namespace":"ns","uid":"u","managedFields":[{}],"labels":{}}"#;
    parse(&format!(
        r#"{{"metadata":{metadata},"spec":{{}},"status":{status}}}"#
    ))
    .unwrap()
}

fn view(status: &str) -> JobView {
    JobView::read(&job(status)).unwrap()
}

fn pod(name: &str, created: &str, status: &str) -> PodView {
    let pod: Pod = parse(&format!(
        r#"{{"metadata":{{"name":"{name}","creationTimestamp":"{created}"}},
            "spec":{{"initContainers":[{{"name":"init"}}],"containers":[{{"name":"main"}}]}},"status":{status}}}"#
    ))
    .unwrap()
    .deserialize_into()
    .unwrap();
    PodView::read(&pod).unwrap()
}

#[rstest]
#[case(r#"{"active":1,"conditions":[{"type":"Suspended","status":"True"}]}"#)]
#[case(r#"{"conditions":[{"type":"SuccessCriteriaMet","status":"True"}]}"#)]
#[case(r#"{"conditions":[{"type":"FailureTarget","status":"True"}]}"#)]
#[case(r#"{"conditions":[{"type":"Complete","status":"False"}]}"#)]
#[case("{}")]
fn a_job_ends_with_a_terminal_condition_only(#[case] status: &str) {
    assert_eq!(view(status).end, None);
}

#[test]
fn a_complete_job_is_the_result_without_managed_fields() {
    let view = view(r#"{"succeeded":1,"conditions":[{"type":"Complete","status":"True"}]}"#);
    assert_eq!(view.succeeded, 1);
    let Some(End::Complete(job)) = view.end else {
        panic!("{view:?}");
    };
    assert_eq!(
        job.to_string(),
        r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"n","namespace":"ns","uid":"u","labels":{}},"spec":{},"status":{"succeeded":1,"conditions":[{"type":"Complete","status":"True"}]}}"#
    );
}

#[test]
fn a_failed_job_says_why() {
    let view = view(
        r#"{"failed":2,"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"Job has reached the specified backoff limit"}]}"#,
    );
    let Some(End::Failed(_, why)) = view.end else {
        panic!("{view:?}");
    };
    assert_eq!(
        why,
        "BackoffLimitExceeded: Job has reached the specified backoff limit"
    );
}

#[test]
fn an_end_is_never_taken_back() {
    let complete = view(r#"{"conditions":[{"type":"Complete","status":"True"}]}"#);
    let mut observed = Observed::default();
    observed.see_job(view("{}"));
    observed.see_job(complete.clone());
    observed.see_job(view(r#"{"active":1}"#));
    observed.lose_job();
    assert_eq!(observed.job, Some(complete));
}

#[test]
fn a_job_that_is_removed_before_it_finished_is_deleted_for_good() {
    let mut observed = Observed::default();
    observed.see_job(view("{}"));
    observed.lose_job();
    observed.see_job(view(r#"{"active":1}"#));
    assert_eq!(observed.job.unwrap().end, Some(End::Deleted));
}

#[test]
fn another_job_of_the_same_name_means_that_ours_was_deleted() {
    let mut observed = Observed::default();
    observed.see_job(view("{}"));
    let mut other = view(r#"{"conditions":[{"type":"Complete","status":"True"}]}"#);
    other.uid = "another".into();
    assert!(observed.see_job(other));
    let job = observed.job.unwrap();
    assert_eq!((&*job.uid, job.end), ("u", Some(End::Deleted)));
}

#[test]
fn what_is_no_news_is_not_told() {
    let mut observed = Observed::default();
    assert!(!observed.lose_job());
    assert!(!observed.miss_job());
    assert!(observed.see_job(view("{}")));
    assert!(!observed.see_job(view("{}")));
    assert!(observed.miss_job());
    assert!(
        observed.see_job(view("{}")),
        "a missing Job that is found is news"
    );
    assert!(observed.see_pod(pod("p", "2026-01-01T00:00:00Z", "{}")));
    assert!(!observed.see_pod(pod("p", "2026-01-01T00:00:00Z", "{}")));
}

#[test]
fn pods_are_ordered_by_age_and_the_newest_are_kept() {
    let mut observed = Observed::default();
    for minute in (0..PODS + 5).rev() {
        let created = format!("2026-01-01T{:02}:{:02}:00Z", minute / 60, minute % 60);
        observed.see_pod(pod(&format!("p{minute}"), &created, "{}"));
    }
    assert_eq!(observed.pods.len(), PODS);
    assert_eq!(observed.pods[0].name, "p5");
    assert_eq!(observed.pods[PODS - 1].name, format!("p{}", PODS + 4));
    assert!(
        !observed.see_pod(pod("p0", "2026-01-01T00:00:00Z", "{}")),
        "what was forgotten before is no news"
    );
    assert_eq!(observed.forgotten.len(), 5);
    assert_eq!(observed.forgotten["p4"], 2);
}

#[test]
fn a_pod_that_is_seen_again_replaces_itself() {
    let mut observed = Observed::default();
    observed.see_pod(pod("p", "2026-01-01T00:00:00Z", "{}"));
    let status = r#"{"containerStatuses":[{"name":"main","restartCount":2,"image":"","imageID":"","ready":false,"state":{"terminated":{"exitCode":0}}}]}"#;
    observed.see_pod(pod("p", "2026-01-01T00:00:00Z", status));
    assert_eq!(observed.pods.len(), 1);
    let main = &observed.pods[0].containers[1];
    assert_eq!((&*main.name, main.restarts, main.ended), ("main", 2, true));
    assert!(!observed.pods[0].containers[0].ended);
}

const STATUS: &str = r#""restartCount":0,"image":"","imageID":"","ready":false"#;

#[rstest]
#[case::pull(
    r#"{"containerStatuses":[{"name":"main",@,"state":{"waiting":{"reason":"ImagePullBackOff","message":"Back-off pulling image \"x\""}}}]}"#,
    Some("container main: ImagePullBackOff: Back-off pulling image \"x\"")
)]
#[case::creating(
    r#"{"containerStatuses":[{"name":"main",@,"state":{"waiting":{"reason":"ContainerCreating"}}}]}"#,
    None
)]
#[case::unschedulable(
    r#"{"conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/1 nodes are available"}]}"#,
    Some("Unschedulable: 0/1 nodes are available")
)]
#[case::exit(
    r#"{"initContainerStatuses":[{"name":"init",@,"state":{"terminated":{"exitCode":3,"reason":"Error"}}}]}"#,
    Some("container init: Error: exit code 3")
)]
#[case::success(
    r#"{"containerStatuses":[{"name":"main",@,"state":{"terminated":{"exitCode":0,"reason":"Completed"}}}]}"#,
    None
)]
fn what_keeps_a_pod_from_succeeding_is_told(#[case] status: &str, #[case] expected: Option<&str>) {
    let pod = pod("p", "2026-01-01T00:00:00Z", &status.replace('@', STATUS));
    assert_eq!(pod.trouble.as_deref(), expected);
}

#[test]
fn a_job_from_a_list_gets_its_kind() {
    let finished = build_finished(&parse(r#"{"metadata":{},"kind":"Job"}"#).unwrap());
    assert_eq!(
        finished.to_string(),
        r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{}}"#
    );
}
