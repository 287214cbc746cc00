use std::sync::Arc;

use asl::Value;
use asl::errors::Fault;
use engine::ports::Task;
use rstest::rstest;

use super::Call;
use crate::api_server::ApiServer;
use crate::identity::Identities;
use crate::settings::{Acting, ClusterIdentity, TaskLimits};
use crate::test_api::{Api, BROKEN, status};

const OURS: &str = r#"{"kind":"ConfigMap","metadata":{"managedFields":[{"manager":"sfn-6f9619ff-8b86-d011-b42d-00cf4fc964ff-5"}]}}"#;
const OTHERS: &str = r#"{"kind":"ConfigMap","metadata":{"managedFields":[{"manager":"kubectl"}]}}"#;

/// Sends a request about a ConfigMap, and gives its result and what was sent.
async fn call(
    method: &str,
    path: &str,
    answers: &[(u16, &str)],
) -> (Result<Value, Fault>, Vec<String>) {
    run(task(method, path), answers).await
}

fn task(method: &str, path: &str) -> Task {
    let parameters = format!(
        r#"{{"ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Method":"{method}","Path":"{path}","RequestBody":{{"metadata":{{"name":"m"}}}}}}"#
    );
    crate::test_task::task("eks:call", &parameters)
}

async fn run(task: Task, answers: &[(u16, &str)]) -> (Result<Value, Fault>, Vec<String>) {
    let api = Api::answering(answers);
    let limits = TaskLimits::default();
    let cluster = ClusterIdentity {
        name: "c".into(),
        ..ClusterIdentity::default()
    };
    let server = ApiServer::new(api.client(), &limits);
    let identities = Identities::new(Acting::AsConnection, server.clone(), limits);
    let call = Call::new(server, cluster, Arc::new(identities), limits);
    let result = call.run(&task).await;
    (result, api.requests())
}

fn code(result: Result<Value, Fault>) -> Result<i64, String> {
    match result {
        Ok(answer) => Ok(answer.get("StatusCode").unwrap().as_i64().unwrap()),
        Err(fault) => Err(fault.name().to_owned()),
    }
}

const MAPS: &str = "/api/v1/namespaces/n/configmaps";
const MAP: &str = "/api/v1/namespaces/n/configmaps/m";
const SERVICE: &str = "/api/v1/namespaces/n/services/s/proxy/orders";

#[tokio::test]
async fn a_conflict_with_what_the_task_itself_made_is_its_success() {
    let exists = status(409, "AlreadyExists");
    let (result, sent) = call("POST", MAPS, &[(409, &exists), (200, OURS)]).await;
    assert_eq!(code(result), Ok(201));
    assert_eq!(sent, [format!("POST {MAPS}"), format!("GET {MAP}")]);
}

#[tokio::test]
async fn a_conflict_with_what_others_made_is_told() {
    let exists = status(409, "AlreadyExists");
    let (result, _) = call("POST", MAPS, &[(409, &exists), (200, OTHERS)]).await;
    assert_eq!(code(result), Err("EKS.409".to_owned()));
}

#[rstest]
#[case(500, "InternalError")]
#[case(503, "ServiceUnavailable")]
#[case(504, "Timeout")]
#[tokio::test(start_paused = true)]
async fn what_the_api_server_could_not_serve_is_sent_again_and_may_have_been_done(
    #[case] code_of_trouble: u16,
    #[case] reason: &str,
) {
    let trouble = status(code_of_trouble, reason);
    let gone = status(404, "NotFound");
    let (result, sent) = call("DELETE", MAP, &[(code_of_trouble, &trouble), (404, &gone)]).await;
    assert_eq!(code(result), Ok(200));
    assert_eq!(sent.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn trouble_that_stays_is_told_after_a_while() {
    let trouble = status(500, "InternalError");
    let (result, sent) = call("GET", MAP, &[(500, &trouble)]).await;
    assert_eq!(code(result), Err("EKS.500".to_owned()));
    assert!((5..20).contains(&sent.len()), "{}", sent.len());
}

#[tokio::test(start_paused = true)]
async fn what_is_uncertain_is_not_left_so_because_the_api_server_is_busy() {
    let trouble = status(500, "InternalError");
    let busy = status(429, "TooManyRequests");
    let gone = status(404, "NotFound");
    let mut answers = vec![(500, trouble.as_str())];
    answers.extend([(429, busy.as_str()); 8]);
    answers.push((404, &gone));
    let (result, sent) = call("DELETE", MAP, &answers).await;
    assert_eq!(code(result), Ok(200));
    assert_eq!(sent.len(), 10);
}

#[rstest]
#[case::of_a_service(SERVICE, "{\"kind\":\"Status\"}")]
#[case::that_is_no_status(MAPS, "{}")]
#[tokio::test]
async fn an_error_that_is_not_the_api_servers_own_is_told_at_once(
    #[case] path: &str,
    #[case] body: &str,
) {
    let (result, sent) = call("POST", path, &[(500, body)]).await;
    assert_eq!(code(result), Err("EKS.500".to_owned()));
    assert_eq!(sent.len(), 1);
}

#[rstest]
#[case::whose_answer_is_lost(BROKEN, "EKS.503")]
#[case::that_has_no_time((429, "{}"), "EKS.429")]
#[tokio::test]
async fn a_write_is_sent_to_a_service_once(
    #[values("POST", "PUT", "PATCH", "DELETE")] method: &str,
    #[case] answer: (u16, &str),
    #[case] expected: &str,
) {
    let (result, sent) = call(method, SERVICE, &[answer]).await;
    assert_eq!(code(result), Err(expected.to_owned()));
    assert_eq!(sent.len(), 1);
}

#[rstest]
#[case::a_read_from_a_service("GET", SERVICE)]
#[case::a_write_to_what_is_called_proxy("PUT", "/api/v1/namespaces/proxy/configmaps/proxy")]
#[tokio::test(start_paused = true)]
async fn what_may_be_sent_again_is_sent_again(#[case] method: &str, #[case] path: &str) {
    let (result, sent) = call(method, path, &[BROKEN, (200, "{}")]).await;
    assert_eq!(code(result), Ok(200));
    assert_eq!(sent.len(), 2);
}

#[tokio::test]
async fn what_a_service_does_not_find_was_not_deleted_before() {
    let resumed = Task {
        resumed: true,
        ..task("DELETE", SERVICE)
    };
    let (result, _) = run(resumed, &[(404, "{}")]).await;
    assert_eq!(code(result), Err("EKS.404".to_owned()));
}

#[tokio::test]
async fn what_is_led_elsewhere_fails() {
    let (result, sent) = call("POST", MAPS, &[(307, "{}")]).await;
    assert_eq!(code(result), Err("EKS.307".to_owned()));
    assert_eq!(sent.len(), 1);
}
