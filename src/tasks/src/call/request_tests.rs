use super::{CallRequest, build_request};
use crate::test_task::task;
use asl::errors::Fault;
use rstest::rstest;

const MANAGER: &str = "sfn-6f9619ff-8b86-d011-b42d-00cf4fc964ff-5";

fn build(fields: &str) -> Result<CallRequest, Fault> {
    let cluster = r#""ClusterName":"c","Endpoint":"https://e","CertificateAuthority":"a""#;
    build_request(&task("eks:call", &format!("{{{cluster},{fields}}}")))
}

#[test]
fn the_example_of_the_developer_guide_is_a_get_with_a_query() {
    let request = build(
        r#""Method":"GET","Path":"/api/v1/namespaces/default/pods","QueryParameters":{"labelSelector":["job-name=example-job"]}"#,
    )
    .unwrap();
    assert_eq!(request.method, "GET");
    assert_eq!(
        request.target,
        "/api/v1/namespaces/default/pods?labelSelector=job-name%3Dexample-job"
    );
    assert_eq!((request.body, request.manager), (None, None));
}

#[rstest]
#[case("/a?x=1&y=%20", "/a?x=1&y=%20&q=v")]
#[case("/a?", "/a?q=v")]
#[case("/api/v1/namespaces/my ns/pods", "/api/v1/namespaces/my%20ns/pods?q=v")]
#[case("/a#fragment", "/a%23fragment?q=v")]
#[case("/a\\n\\u0000b", "/a%0A%00b?q=v")]
#[case("/ä/@evil.example:443", "/%C3%A4/@evil.example:443?q=v")]
fn a_path_may_have_a_query_and_is_encoded(#[case] path: &str, #[case] expected: &str) {
    let fields = format!(r#""Method":"GET","Path":"{path}","QueryParameters":{{"q":"v"}}"#);
    assert_eq!(build(&fields).unwrap().target, expected);
}

#[rstest]
#[case("https://evil.example/api", "begins with one /")]
#[case("//evil.example/api", "begins with one /")]
#[case("api/v1", "begins with one /")]
#[case("", "begins with one /")]
#[case("/k8s/../other", "segments . and ..")]
#[case("/k8s/%2e%2E/other", "segments . and ..")]
#[case("/k8s/..%2fother", "segments . and ..")]
#[case("/k8s/.", "segments . and ..")]
fn a_path_that_leads_elsewhere_is_refused(#[case] path: &str, #[case] expected: &str) {
    let fault = build(&format!(r#""Method":"GET","Path":"{path}""#)).unwrap_err();
    assert_eq!(fault.name(), "States.Runtime");
    assert!(
        fault.cause.as_deref().unwrap().contains(expected),
        "{fault:?}"
    );
}

#[test]
fn a_path_without_end_is_refused() {
    let path = "/x".repeat(40_000);
    let fault = build(&format!(r#""Method":"GET","Path":"{path}""#)).unwrap_err();
    assert!(fault.cause.unwrap().len() < 4_000);
}

#[rstest]
#[case("get")]
#[case("OPTIONS")]
#[case("CONNECT")]
fn only_the_six_methods_are_supported(#[case] method: &str) {
    let fault = build(&format!(r#""Method":"{method}","Path":"/api""#)).unwrap_err();
    let cause = fault.cause.unwrap();
    assert!(cause.contains("'Method' must be one of GET, POST, PUT, DELETE, HEAD, PATCH"));
}

#[rstest]
#[case("POST", "/api/v1/x", "", Some(MANAGER))]
#[case("PUT", "/api/v1/x", "", Some(MANAGER))]
#[case("PATCH", "/api/v1/x", "", Some(MANAGER))]
#[case("DELETE", "/api/v1/x", "", None)]
#[case("GET", "/api/v1/x", "", None)]
#[case(
    "POST",
    "/api/v1/x",
    r#","QueryParameters":{"fieldManager":["me"]}"#,
    None
)]
#[case("POST", "/api/v1/x?fieldManager=me", "", None)]
#[case("POST", "/api/v1/namespaces/a/services/b/proxy/x", "", None)]
#[case("POST", "/api/v1/namespaces/proxy/configmaps", "", Some(MANAGER))]
fn a_write_names_the_task_unless_the_user_names_another(
    #[case] method: &str,
    #[case] path: &str,
    #[case] query: &str,
    #[case] manager: Option<&str>,
) {
    let request = build(&format!(r#""Method":"{method}","Path":"{path}"{query}"#)).unwrap();
    let named = request.target.split_once("fieldManager=");
    let named = named
        .map(|(_, manager)| manager)
        .filter(|manager| *manager != "me");
    assert_eq!(named, manager);
}

#[rstest]
#[case("/api/v1/namespaces/a/services/b/proxy", true)]
#[case("/api/v1/namespaces/a/services/https:b:web/proxy/x/y", true)]
#[case("/api/v1/namespaces/a/pods/b/prox%79/", true)]
#[case("/api/v1/nodes/n/proxy/metrics", true)]
#[case("/api/v1/namespaces/proxy/configmaps/proxy", false)]
#[case("/api/v1/namespaces/a/services/proxy", false)]
#[case("/api/v1/namespaces/a/configmaps/b/proxy", false)]
#[case("/apis/x/v1/namespaces/a/services/b/proxy", false)]
fn what_the_api_server_passes_on_is_told_by_its_subresource(
    #[case] path: &str,
    #[case] expected: bool,
) {
    let request = build(&format!(r#""Method":"POST","Path":"{path}""#)).unwrap();
    assert_eq!(
        (request.forwarded, request.is_sent_once()),
        (expected, expected)
    );
    let read = build(&format!(r#""Method":"GET","Path":"{path}""#)).unwrap();
    assert_eq!((read.forwarded, read.is_sent_once()), (expected, false));
}

#[test]
fn null_stands_for_absent() {
    let request = build(r#""Method":"GET","Path":"/a","QueryParameters":null,"RequestBody":null"#);
    let request = request.unwrap();
    assert_eq!((&*request.target, request.body), ("/a", None));
}

#[test]
fn a_body_for_a_service_is_left_alone() {
    let body = r#"{"metadata":{"generateName":"x-"}}"#;
    let path = "/api/v1/namespaces/a/services/b/proxy/x";
    let fields = format!(r#""Method":"POST","Path":"{path}","RequestBody":{body}"#);
    let (_, content) = build(&fields).unwrap().body.unwrap();
    assert_eq!(content, body.as_bytes());
}

#[test]
fn an_object_is_marked_where_the_user_names_another_field_manager() {
    let body = r#"{"metadata":{"name":"m"},"data":{"a":"b"}}"#;
    let query = r#""QueryParameters":{"fieldManager":["me"]}"#;
    let fields = format!(r#""Method":"POST","Path":"/api/v1/x",{query},"RequestBody":{body}"#);
    let (_, content) = build(&fields).unwrap().body.unwrap();
    let mark = format!(r#"{{"sfn.services.k8s.aws/field-manager":"{MANAGER}"}}"#);
    let content = String::from_utf8(content).unwrap();
    assert!(content.contains(&mark), "{content}");
}
