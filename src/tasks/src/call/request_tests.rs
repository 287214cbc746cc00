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
fn a_write_names_the_task_unless_the_user_names_another(
    #[case] method: &str,
    #[case] path: &str,
    #[case] query: &str,
    #[case] manager: Option<&str>,
) {
    let request = build(&format!(r#""Method":"{method}","Path":"{path}"{query}"#)).unwrap();
    assert_eq!(request.manager.as_deref(), manager);
    let ours = format!("fieldManager={MANAGER}");
    assert_eq!(request.target.contains(&ours), manager.is_some());
}

#[test]
fn null_stands_for_absent() {
    let request = build(r#""Method":"GET","Path":"/a","QueryParameters":null,"RequestBody":null"#);
    let request = request.unwrap();
    assert_eq!((&*request.target, request.body), ("/a", None));
}
