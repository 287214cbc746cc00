use std::time::Duration;

use asl::Value;
use asl::errors::Fault;
use asl::value::parse;
use engine::ports::Task;
use http::StatusCode;
use rstest::rstest;
use tokio::sync::mpsc::unbounded_channel;

use super::is_contended;
use crate::api_server::Answer;
use crate::run_job::test_runner::runner;
use crate::settings::{Acting, TaskLimits};
use crate::test_api::{Api, status};
use crate::test_task::task;

const POST: &str = "POST /apis/batch/v1/namespaces/ns/jobs";
const GET: &str = "GET /apis/batch/v1/namespaces/ns/jobs/pi";
const UID: &str = "6f9619ff-8b86-d011-b42d-00cf4fc964ff";

/// Limits without patience.
fn impatient() -> TaskLimits {
    TaskLimits {
        retry_time: Duration::ZERO,
        ..TaskLimits::default()
    }
}

fn job_task() -> Task {
    task(
        "eks:runJob",
        r#"{"ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Namespace":"ns","Job":{"metadata":{"name":"pi"}}}"#,
    )
}

/// A Job of task `number` of the execution with this uid.
fn job(uid: &str, number: u64, more: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"pi","namespace":"ns","uid":"u","labels":{{"sfn.services.k8s.aws/task-id":"{uid}-{number}","sfn.services.k8s.aws/execution-uid":"{uid}"}}{more}}}}}"#
    )
}

fn own_job() -> String {
    job(UID, 5, "")
}

fn leaving_job(uid: &str) -> String {
    job(uid, 4, r#","deletionTimestamp":"2026-01-01T00:00:00Z""#)
}

fn code(result: Result<Value, Fault>) -> Result<i64, String> {
    match result {
        Ok(answer) => Ok(answer.get("StatusCode").unwrap().as_i64().unwrap()),
        Err(fault) => Err(fault.name().to_owned()),
    }
}

/// Creates a Job; gives the status or the error, and what was sent.
async fn create(
    task: Task,
    acting: Acting,
    limits: TaskLimits,
    answers: &[(u16, &str)],
) -> (Result<i64, String>, Vec<String>) {
    let api = Api::answering(answers);
    let (updates, _heard) = unbounded_channel();
    let result = runner(&api, acting, limits).run(task, updates).await;
    (code(result), api.requests())
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_being_deleted_for_the_same_execution_is_waited_for() {
    let (exists, leaving, own) = (status(409, "AlreadyExists"), leaving_job(UID), own_job());
    let answers: [(u16, &str); 5] = [
        (409, &exists),
        (200, &leaving),
        (409, &exists),
        (200, &leaving),
        (201, &own),
    ];
    let limits = TaskLimits::default();
    let (result, sent) = create(job_task(), Acting::AsConnection, limits, &answers).await;
    assert_eq!(result, Ok(201));
    assert_eq!(sent, [POST, GET, POST, GET, POST]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_about_to_be_deleted_for_the_same_execution_is_waited_for() {
    let (exists, cancelled, own) = (status(409, "AlreadyExists"), job(UID, 4, ""), own_job());
    let answers: [(u16, &str); 3] = [(409, &exists), (200, &cancelled), (201, &own)];
    let task = Task {
        leaving: [3, 4].into(),
        ..job_task()
    };
    let limits = TaskLimits::default();
    let (result, sent) = create(task, Acting::AsConnection, limits, &answers).await;
    assert_eq!(result, Ok(201));
    assert_eq!(sent, [POST, GET, POST]);
}

#[rstest]
#[case::of_a_task_that_goes_on(job(UID, 6, ""), false)]
#[case::of_another_execution(job("another", 4, ""), false)]
#[case::that_is_kept(job(UID, 4, ""), true)]
#[tokio::test]
async fn a_job_that_will_not_be_deleted_is_not_waited_for(
    #[case] found: String,
    #[case] retain_jobs: bool,
) {
    let exists = status(409, "AlreadyExists");
    let answers = [(409, &*exists), (200, &*found)];
    let task = Task {
        leaving: [4].into(),
        retain_jobs,
        ..job_task()
    };
    let limits = TaskLimits::default();
    let (result, sent) = create(task, Acting::AsConnection, limits, &answers).await;
    assert_eq!(result, Err("EKS.409".to_owned()));
    assert_eq!(sent, [POST, GET]);
}

#[rstest]
#[case::that_stays(leaving_job(UID), &[POST, GET, GET])]
#[case::of_another_execution(leaving_job("another"), &[POST, GET])]
#[case::that_is_not_being_deleted(job(UID, 4, ""), &[POST, GET])]
#[tokio::test]
async fn a_name_that_is_taken_by_another_job_is_told(
    #[case] found: String,
    #[case] expected: &[&str],
) {
    let exists = status(409, "AlreadyExists");
    let answers = [(409, &*exists), (200, &*found)];
    let (result, sent) = create(job_task(), Acting::AsConnection, impatient(), &answers).await;
    assert_eq!(result, Err("EKS.409".to_owned()));
    assert_eq!(sent, expected);
}

#[rstest]
#[case::trouble_that_stays(impatient(), &[(500, "InternalError")])]
#[case::the_quota_that_its_own_job_takes(
    TaskLimits::default(),
    &[(500, "InternalError"), (403, "Forbidden")]
)]
#[tokio::test(start_paused = true)]
async fn a_job_that_a_lost_answer_leaves_behind_is_found_before_the_task_fails(
    #[case] limits: TaskLimits,
    #[case] refusals: &[(u16, &str)],
) {
    let refusals: Vec<_> = refusals.iter().map(|&(c, r)| (c, status(c, r))).collect();
    let own = own_job();
    let mut answers: Vec<(u16, &str)> = refusals.iter().map(|(c, r)| (*c, &**r)).collect();
    answers.push((200, &own));
    let (result, sent) = create(job_task(), Acting::AsConnection, limits, &answers).await;
    assert_eq!(result, Ok(201));
    assert_eq!(sent.last().unwrap(), GET);
}

#[tokio::test]
async fn a_request_that_was_refused_at_once_left_nothing() {
    let forbidden = status(403, "Forbidden");
    let answers = [(403, &*forbidden)];
    let (result, sent) = create(job_task(), Acting::AsConnection, impatient(), &answers).await;
    assert_eq!(result, Err("EKS.403".to_owned()));
    assert_eq!(sent, [POST]);
}

#[rstest]
#[case::there(200, "{}", 200, Ok(201))]
#[case::not_there(200, "{}", 404, Err("EKS.200".to_owned()))]
#[case::led_elsewhere(302, "{}", 200, Err("EKS.302".to_owned()))]
#[tokio::test]
async fn only_a_job_tells_that_a_job_was_created(
    #[case] code: u16,
    #[case] body: &str,
    #[case] code_of_look: u16,
    #[case] expected: Result<i64, String>,
) {
    let own = own_job();
    let answers = [(code, body), (code_of_look, &*own)];
    let (result, _) = create(job_task(), Acting::AsConnection, impatient(), &answers).await;
    assert_eq!(result, expected);
}

#[tokio::test]
async fn a_job_is_adopted_whoever_the_task_may_act_as_now() {
    let acting = Acting::AsWorkflow {
        privileged_groups: [].into(),
    };
    let resumed = Task {
        resumed: true,
        ..job_task()
    };
    let own = own_job();
    let (result, sent) = create(resumed, acting.clone(), impatient(), &[(200, &own)]).await;
    assert_eq!((result, sent), (Ok(201), vec![GET.to_owned()]));
    let (result, _) = create(job_task(), acting, impatient(), &[(200, &own)]).await;
    assert_eq!(
        result,
        Err("EKS.401".to_owned()),
        "a new one needs an identity"
    );
}

#[rstest]
#[case(409, "Conflict", true)]
#[case(409, "AlreadyExists", false)]
#[case(403, "Conflict", false)]
fn a_lost_race_is_told_from_a_name_that_is_taken(
    #[case] code: u16,
    #[case] reason: &str,
    #[case] expected: bool,
) {
    let status = parse(&status(code, reason)).unwrap();
    let answer = Answer::recalled(StatusCode::from_u16(code).unwrap(), &status);
    assert_eq!(is_contended(&answer), expected);
}
