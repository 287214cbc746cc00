//! `eks:call`: any request to the API server.

use e2e::Scenario;
use e2e::definition::{call, call_with, chain, job, run_job, single, with, with_parameter};
use rstest::rstest;
use serde_json::{Value, json};

fn config_map(name: &str, data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"of": "e2e"}}, "data": data})
}

/// The state that keeps body and status of its answer under a name.
fn keep(state: Value, name: &str) -> Value {
    let selected =
        json!({"code.$": "$.StatusCode", "text.$": "$.StatusText", "body.$": "$.ResponseBody"});
    let state = with(state, "ResultSelector", selected);
    with(state, "ResultPath", json!(format!("$.{name}")))
}

#[tokio::test]
async fn all_six_methods_answer_with_body_and_status() {
    let scenario = Scenario::new().await;
    let all = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let one = format!("{all}/six");
    allow_head(&scenario);
    let definition = chain([
        (
            "Post",
            keep(
                call_with("POST", &all, config_map("six", json!({"a": "1"}))),
                "post",
            ),
        ),
        ("Get", keep(call("GET", &one), "get")),
        ("Head", keep(call("HEAD", "/readyz"), "head")),
        (
            "Put",
            keep(
                call_with("PUT", &one, config_map("six", json!({"a": "2"}))),
                "put",
            ),
        ),
        (
            "Patch",
            keep(
                call_with("PATCH", &one, json!({"data": {"b": "3"}})),
                "patch",
            ),
        ),
        ("Delete", keep(call("DELETE", &one), "delete")),
    ]);
    let output = scenario.run(&definition, json!({})).await.output().await;
    let answer = |name: &str| {
        (
            output[name]["code"].as_i64().unwrap(),
            output[name]["text"].as_str().unwrap(),
        )
    };
    assert_eq!(answer("post"), (201, "Created"));
    assert_eq!(output["post"]["body"]["data"], json!({"a": "1"}));
    assert_eq!(answer("get"), (200, "OK"));
    assert_eq!(
        output["get"]["body"]["metadata"]["uid"],
        output["post"]["body"]["metadata"]["uid"]
    );
    assert_eq!(answer("head"), (200, "OK"));
    assert_eq!(output["head"]["body"], Value::Null);
    assert_eq!(answer("put"), (200, "OK"));
    assert_eq!(output["put"]["body"]["data"], json!({"a": "2"}));
    assert_eq!(answer("patch"), (200, "OK"));
    assert_eq!(output["patch"]["body"]["data"], json!({"a": "2", "b": "3"}));
    assert_eq!(answer("delete"), (200, "OK"));
    assert_eq!(output["delete"]["body"]["status"], "Success");
}

/// The API server answers HEAD for few paths, none of them an object's.
fn allow_head(scenario: &Scenario) {
    let namespace = &scenario.namespace;
    scenario.apply(&format!(
        r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: e2e-head, labels: {{e2e.sfn-operator: test}}}}
rules:
- {{nonResourceURLs: [/readyz], verbs: [head]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: e2e-head, labels: {{e2e.sfn-operator: test}}}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: e2e-head}}
subjects:
- {{kind: ServiceAccount, name: workflow, namespace: {namespace}}}
"#
    ));
}

#[tokio::test]
async fn a_patch_that_is_an_array_is_a_json_patch() {
    let scenario = Scenario::new().await;
    scenario.apply(&config_map("patched", json!({"a": "1", "b": "2"})).to_string());
    let path = format!(
        "/api/v1/namespaces/{}/configmaps/patched",
        scenario.namespace
    );
    let patch = json!([{"op": "remove", "path": "/data/a"}, {"op": "replace", "path": "/data/b", "value": "3"}]);
    let definition = single("Patch", call_with("PATCH", &path, patch));
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output["ResponseBody"]["data"], json!({"b": "3"}));
}

#[tokio::test]
async fn a_patch_that_is_an_object_is_a_strategic_merge() {
    let scenario = Scenario::new().await;
    let mut deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "patched"},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "patched"}},
            "template": {"metadata": {"labels": {"app": "patched"}}, "spec": {"containers": []}},
        },
    });
    deployment["spec"]["template"]["spec"]["containers"] =
        json!([{"name": "one", "image": "busybox"}, {"name": "two", "image": "busybox"}]);
    scenario.apply(&deployment.to_string());
    let path = format!(
        "/apis/apps/v1/namespaces/{}/deployments/patched",
        scenario.namespace
    );
    // a list that strategic merge goes by name in; JSON merge would replace it
    let patch =
        json!({"spec": {"template": {"spec": {"containers": [{"name": "two", "image": "perl"}]}}}});
    let definition = single("Patch", call_with("PATCH", &path, patch));
    let output = scenario.run(&definition, json!({})).await.output().await;
    let containers = &output["ResponseBody"]["spec"]["template"]["spec"]["containers"];
    let containers = containers.as_array().unwrap().iter();
    let mut images: Vec<_> = containers
        .map(|found| {
            (
                found["name"].as_str().unwrap(),
                found["image"].as_str().unwrap(),
            )
        })
        .collect();
    images.sort_unstable();
    assert_eq!(images, [("one", "busybox"), ("two", "perl")]);
}

#[tokio::test]
async fn a_patch_of_a_custom_resource_is_a_json_merge() {
    let scenario = Scenario::new().await;
    let definition = json!({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}});
    scenario.state_machine("target", &definition).await;
    let path = format!(
        "/apis/sfn.services.k8s.aws/v1alpha1/namespaces/{}/statemachines/target",
        scenario.namespace
    );
    let patch = json!({"metadata": {"annotations": {"example.com/seen": "yes"}}, "spec": {"tags": [{"key": "k", "value": "v"}]}});
    let output = scenario
        .run(
            &single("Patch", call_with("PATCH", &path, patch)),
            json!({}),
        )
        .await
        .output()
        .await;
    assert_eq!(output["StatusCode"], 200);
    assert_eq!(
        output["ResponseBody"]["metadata"]["annotations"]["example.com/seen"],
        "yes"
    );
    assert_eq!(
        output["ResponseBody"]["spec"]["tags"],
        json!([{"key": "k", "value": "v"}])
    );
}

#[tokio::test]
async fn a_body_may_be_json_text() {
    let scenario = Scenario::new().await;
    let path = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let body = config_map("from-text", json!({"t": "x"})).to_string();
    let definition = single("Post", call_with("POST", &path, json!(body)));
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output["ResponseBody"]["data"], json!({"t": "x"}));
}

#[tokio::test]
async fn the_log_of_a_pod_is_text() {
    let scenario = Scenario::new().await;
    let namespace = scenario.namespace.clone();
    let run = with(
        run_job(&namespace, job("talks", "echo first; echo '{}'")),
        "ResultPath",
        json!("$.job"),
    );
    let list = call("GET", &format!("/api/v1/namespaces/{namespace}/pods"));
    let list = with_parameter(
        list,
        "QueryParameters",
        json!({"labelSelector": ["job-name=talks"], "limit": ["1"]}),
    );
    let list = with(
        list,
        "ResultSelector",
        json!({"name.$": "$.ResponseBody.items[0].metadata.name"}),
    );
    let list = with(list, "ResultPath", json!("$.pod"));
    let mut log = call("GET", "");
    let parameters = log["Parameters"].as_object_mut().unwrap();
    parameters.remove("Path");
    let path = format!("States.Format('/api/v1/namespaces/{namespace}/pods/{{}}/log', $.pod.name)");
    parameters.insert("Path.$".to_owned(), json!(path));
    let definition = chain([("Run", run), ("List", list), ("Log", log)]);
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output["ResponseBody"], "first\n{}\n");
    assert_eq!(output["StatusCode"], 200);
}

#[tokio::test]
async fn query_parameters_may_be_null_or_lists() {
    let scenario = Scenario::new().await;
    scenario.apply(&config_map("queried", json!({})).to_string());
    let path = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let none = with_parameter(call("GET", &path), "QueryParameters", Value::Null);
    let some = with_parameter(
        call("GET", &path),
        "QueryParameters",
        json!({"labelSelector": ["of=e2e"], "fieldSelector": ["metadata.name=queried"]}),
    );
    let definition = chain([("None", keep(none, "none")), ("Some", keep(some, "some"))]);
    let output = scenario.run(&definition, json!({})).await.output().await;
    let names = |answer: &str| -> Vec<String> {
        let items = output[answer]["body"]["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names("none"), ["kube-root-ca.crt", "queried"]);
    assert_eq!(names("some"), ["queried"]);
}

#[tokio::test]
async fn an_object_that_is_there_gives_eks_409() {
    let scenario = Scenario::new().await;
    scenario.apply(&config_map("there", json!({})).to_string());
    let path = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let definition = single(
        "Post",
        call_with("POST", &path, config_map("there", json!({}))),
    );
    let failure = scenario.run(&definition, json!({})).await.failure().await;
    assert_eq!(failure.error, "EKS.409");
    assert_eq!(
        failure.cause_json()["ResponseBody"]["reason"],
        "AlreadyExists"
    );
}

#[tokio::test]
async fn a_generated_name_is_made_once() {
    let scenario = Scenario::new().await;
    let path = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let mut body = config_map("", json!({}));
    body["metadata"] = json!({"generateName": "made-up-"});
    let output = scenario
        .run(&single("Post", call_with("POST", &path, body)), json!({}))
        .await
        .output()
        .await;
    let name = output["ResponseBody"]["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("made-up-") && name.len() > 8, "{name}");
    if let Some(audit) = &scenario.audit {
        let created = audit.created(&scenario.namespace, "configmaps");
        assert!(
            created
                .iter()
                .filter(|found| **found != "kube-root-ca.crt")
                .eq([name]),
            "{created:?}"
        );
    }
}

#[tokio::test]
async fn a_request_that_never_ends_is_ended_by_the_tasks_timeout() {
    let scenario = Scenario::new().await;
    let path = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let watch = with_parameter(
        call("GET", &path),
        "QueryParameters",
        json!({"watch": ["true"]}),
    );
    let definition = single("Watch", with(watch, "TimeoutSeconds", json!(3)));
    let failure = scenario.run(&definition, json!({})).await.failure().await;
    assert_eq!(failure.error, "States.Timeout");
}

#[tokio::test]
async fn an_answer_that_is_too_large_fails_the_task() {
    let scenario = Scenario::new().await;
    let data = json!({"large": "x".repeat(300 * 1024)});
    let path = std::env::temp_dir().join(format!("{}.json", scenario.namespace));
    std::fs::write(&path, config_map("large", data).to_string()).unwrap();
    // as a file: it is too large for the annotation that `apply` writes
    let _ = scenario.kubectl(&["create", "-f", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    let path = format!("/api/v1/namespaces/{}/configmaps/large", scenario.namespace);
    let failure = scenario
        .run(&single("Get", call("GET", &path)), json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "States.DataLimitExceeded");
}

#[rstest]
#[case("https://example.com/")]
#[case("//example.com/api")]
#[case("@example.com/")]
#[case("api/v1")]
#[case("")]
#[case("/api/v1/../../version")]
#[case("/api/v1/%2e%2E/version")]
#[tokio::test]
async fn a_path_leads_nowhere_but_to_the_api_server(#[case] path: &str) {
    let scenario = Scenario::new().await;
    let run = scenario
        .run(&single("Get", call("GET", path)), json!({}))
        .await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "States.Runtime");
    assert!(failure.cause.contains("'Path'"), "{}", failure.cause);
}

#[tokio::test]
async fn a_path_cannot_smuggle_a_header() {
    let scenario = Scenario::new().await;
    let path = "/version HTTP/1.1\r\nImpersonate-User: admin\r\n\r\n";
    let run = scenario
        .run(&single("Get", call("GET", path)), json!({}))
        .await;
    // what cannot stand in a path is encoded, and such a path is not there
    let failure = run.failure().await;
    assert!(
        ["EKS.403", "EKS.404", "States.Runtime"].contains(&&*failure.error),
        "{failure:?}"
    );
}
