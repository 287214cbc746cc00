use std::time::Duration;

use asl::errors::Fault;
use engine::ports::Identity;
use integration::{Place, at, eventually, run};
use tasks::{Acting, KubernetesTasks};

const MAPS: &str = r#""Path":"/api/v1/namespaces/NS/configmaps""#;
const MAP: &str = r#""Path":"/api/v1/namespaces/NS/configmaps/m""#;

async fn call(
    place: &Place,
    runner: &KubernetesTasks,
    parameters: &str,
) -> Result<asl::Value, Fault> {
    run(runner, place.task("eks:call", parameters)).await.result
}

#[tokio::test]
async fn objects_are_read_and_written() {
    let Some(place) = Place::new("methods").await else {
        return;
    };
    let runner = place.runner();
    let call = async |parameters: &str| call(&place, &runner, parameters).await.unwrap();

    let body = r#"{"metadata":{"name":"m"},"data":{"a":"1"}}"#;
    let answer = call(&format!(r#""Method":"POST",{MAPS},"RequestBody":{body}"#)).await;
    assert_eq!(at(&answer, "StatusCode").as_i64(), Some(201));
    assert_eq!(at(&answer, "ResponseBody/data/a").as_str(), Some("1"));
    let manager = at(&answer, "ResponseBody/metadata/managedFields/0/manager");
    assert!(manager.as_str().unwrap().starts_with("sfn-"), "{manager}");

    let body = r#""{\"metadata\":{\"name\":\"m\"},\"data\":{\"a\":\"2\",\"b\":\"x\"}}""#;
    let answer = call(&format!(r#""Method":"PUT",{MAP},"RequestBody":{body}"#)).await;
    assert_eq!(at(&answer, "ResponseBody/data/a").as_str(), Some("2"));

    let body = r#"{"data":{"a":"3","b":null}}"#;
    let answer = call(&format!(r#""Method":"PATCH",{MAP},"RequestBody":{body}"#)).await;
    assert_eq!(at(&answer, "ResponseBody/data").to_string(), r#"{"a":"3"}"#);

    let body = r#"[{"op":"add","path":"/data/c","value":"4"}]"#;
    let answer = call(&format!(r#""Method":"PATCH",{MAP},"RequestBody":{body}"#)).await;
    assert_eq!(at(&answer, "ResponseBody/data/c").as_str(), Some("4"));

    let list = r#""QueryParameters":{"fieldSelector":["metadata.name=m"],"limit":[5]}"#;
    let answer = call(&format!(r#""Method":"GET",{MAPS},{list}"#)).await;
    assert_eq!(
        at(&answer, "ResponseBody/items").as_array().unwrap().len(),
        1
    );
    assert_eq!(at(&answer, "StatusText").as_str(), Some("OK"));
    assert_eq!(
        at(&answer, "ResponseHeaders/Content-Type/0").as_str(),
        Some("application/json")
    );

    let answer = call(&format!(
        r#""Method":"DELETE",{MAP},"QueryParameters":null,"RequestBody":null"#
    ))
    .await;
    assert_eq!(at(&answer, "ResponseBody/status").as_str(), Some("Success"));
    place.leave().await;
}

#[tokio::test]
async fn a_head_has_no_body_and_is_for_what_the_api_server_offers_it() {
    let Some(place) = Place::new("head").await else {
        return;
    };
    let fault = call(
        &place,
        &place.runner(),
        &format!(r#""Method":"HEAD",{MAPS}"#),
    )
    .await
    .unwrap_err();
    assert_eq!(fault.name(), "EKS.405");
    assert_eq!(
        fault.cause.as_deref(),
        Some(r#"{"ResponseBody":null,"StatusCode":405,"StatusText":"Method Not Allowed"}"#)
    );

    // As the administrator, who may ask for everything.
    let mut settings = place.settings();
    settings.connection = place.admin_connection.clone();
    settings.acting = Acting::AsConnection;
    let runner = KubernetesTasks::new(settings).unwrap();
    let mut task = place.task("eks:call", r#""Method":"HEAD","Path":"/healthz""#);
    task.identity = Identity::None;
    let answer = run(&runner, task).await.result.unwrap();
    assert_eq!(at(&answer, "StatusCode").as_i64(), Some(200));
    assert_eq!(at(&answer, "ResponseBody"), asl::Value::Null);
    place.leave().await;
}

#[tokio::test]
async fn what_is_not_there_is_eks_404_with_the_status() {
    let Some(place) = Place::new("missing").await else {
        return;
    };
    let fault = call(&place, &place.runner(), &format!(r#""Method":"GET",{MAP}"#))
        .await
        .unwrap_err();
    assert_eq!(fault.name(), "EKS.404");
    assert_eq!(
        fault.cause.as_deref(),
        Some(
            r#"{"ResponseBody":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"configmaps \"m\" not found","reason":"NotFound","details":{"name":"m","kind":"configmaps"},"code":404},"StatusCode":404,"StatusText":"Not Found"}"#
        )
    );
    place.leave().await;
}

#[tokio::test]
async fn custom_resources_take_a_patch_too() {
    let Some(place) = Place::new("custom").await else {
        return;
    };
    let crd = r#"{"metadata":{"name":"things.integration.sfn"},"spec":{"group":"integration.sfn","scope":"Namespaced","names":{"plural":"things","singular":"thing","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}"#;
    integration::apply_cluster_wide(
        &place.admin,
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "things.integration.sfn",
        crd,
    )
    .await;
    let runner = place.runner();
    let things = r#""Path":"/apis/integration.sfn/v1/namespaces/NS/things""#;
    let body = r#"{"apiVersion":"integration.sfn/v1","kind":"Thing","metadata":{"name":"t"},"spec":{"a":1}}"#;
    eventually("the kind is served", || async {
        call(
            &place,
            &runner,
            &format!(r#""Method":"POST",{things},"RequestBody":{body}"#),
        )
        .await
        .ok()
    })
    .await;
    let thing = r#""Path":"/apis/integration.sfn/v1/namespaces/NS/things/t""#;
    let patch = r#"{"spec":{"b":2}}"#;
    let answer = call(
        &place,
        &runner,
        &format!(r#""Method":"PATCH",{thing},"RequestBody":{patch}"#),
    )
    .await
    .unwrap();
    assert_eq!(
        at(&answer, "ResponseBody/spec").to_string(),
        r#"{"a":1,"b":2}"#
    );
    place.leave().await;
}

#[tokio::test]
async fn a_request_that_is_sent_again_recognizes_what_it_did() {
    let Some(place) = Place::new("resend").await else {
        return;
    };
    let runner = place.runner();
    let again = async |parameters: &str| {
        let mut task = place.task("eks:call", parameters);
        let first = run(&runner, task.clone()).await.result;
        task.resumed = true;
        let second = run(&runner, task).await.result;
        (first.unwrap(), second)
    };
    let uid = |answer: &asl::Value| at(answer, "ResponseBody/metadata/uid").to_string();

    let body = r#"{"metadata":{"name":"m"},"data":{"a":"1"}}"#;
    let (first, second) = again(&format!(r#""Method":"POST",{MAPS},"RequestBody":{body}"#)).await;
    let second = second.unwrap();
    assert_eq!(at(&second, "StatusCode").as_i64(), Some(201));
    assert_eq!(uid(&first), uid(&second));

    let generated = r#"{"metadata":{"generateName":"m-"}}"#;
    let (first, second) = again(&format!(
        r#""Method":"POST",{MAPS},"RequestBody":{generated}"#
    ))
    .await;
    assert_eq!(uid(&first), uid(&second.unwrap()));

    let version = place
        .api("v1", "ConfigMap")
        .get("m")
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    let body = format!(
        r#"{{"metadata":{{"name":"m","resourceVersion":"{version}"}},"data":{{"a":"2"}}}}"#
    );
    let (first, second) = again(&format!(r#""Method":"PUT",{MAP},"RequestBody":{body}"#)).await;
    let version =
        |answer: &asl::Value| at(answer, "ResponseBody/metadata/resourceVersion").to_string();
    assert_eq!(version(&first), version(&second.unwrap()));

    let patch = r#"[{"op":"test","path":"/data/a","value":"2"},{"op":"replace","path":"/data/a","value":"3"}]"#;
    let (first, second) = again(&format!(r#""Method":"PATCH",{MAP},"RequestBody":{patch}"#)).await;
    assert_eq!(version(&first), version(&second.unwrap()));

    let (_, second) = again(&format!(r#""Method":"DELETE",{MAP}"#)).await;
    let second = second.unwrap();
    assert_eq!(at(&second, "StatusCode").as_i64(), Some(200));
    assert_eq!(at(&second, "ResponseBody/status").as_str(), Some("Success"));
    place.leave().await;
}

#[tokio::test]
async fn what_others_did_is_not_taken_for_ones_own() {
    let Some(place) = Place::new("others").await else {
        return;
    };
    place.apply("v1", "ConfigMap", "m", "{}").await;
    let runner = place.runner();
    let body = r#"{"metadata":{"name":"m"}}"#;
    let mut task = place.task(
        "eks:call",
        &format!(r#""Method":"POST",{MAPS},"RequestBody":{body}"#),
    );
    for resumed in [false, true] {
        task.resumed = resumed;
        let fault = run(&runner, task.clone()).await.result.unwrap_err();
        assert_eq!(fault.name(), "EKS.409");
    }
    let gone = place.task(
        "eks:call",
        r#""Method":"DELETE","Path":"/api/v1/namespaces/NS/configmaps/none""#,
    );
    assert_eq!(
        run(&runner, gone).await.result.unwrap_err().name(),
        "EKS.404"
    );
    place.leave().await;
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_never_ends_is_given_up() {
    let Some(place) = Place::new("endless").await else {
        return;
    };
    let mut settings = place.settings();
    settings.limits.answer_time = Duration::from_secs(2);
    settings.limits.payload_bytes = 20_000;
    let runner = KubernetesTasks::new(settings).unwrap();

    let watch = format!(r#""Method":"GET",{MAPS},"QueryParameters":{{"watch":["true"]}}"#);
    let fault = call(&place, &runner, &watch).await.unwrap_err();
    assert_eq!(fault.name(), "States.Timeout");
    assert!(fault.cause.unwrap().contains("timeoutSeconds"));

    let bounded = format!(
        r#""Method":"GET",{MAPS},"QueryParameters":{{"watch":["true"],"timeoutSeconds":["1"]}}"#
    );
    let answer = call(&place, &runner, &bounded).await.unwrap();
    assert!(at(&answer, "ResponseBody").to_string().contains("ADDED"));

    let large = format!(r#"{{"data":{{"x":"{}"}}}}"#, "x".repeat(30_000));
    place.apply("v1", "ConfigMap", "m", &large).await;
    let fault = call(&place, &runner, &format!(r#""Method":"GET",{MAP}"#))
        .await
        .unwrap_err();
    assert_eq!(fault.name(), "States.DataLimitExceeded");
    assert!(fault.cause.unwrap().contains("is larger than 20000 bytes"));
    place.leave().await;
}

#[tokio::test]
async fn logs_of_pods_are_text() {
    let Some(place) = Place::new("podlog").await else {
        return;
    };
    let runner = place.runner();
    let job = place.job_task("log", "", "echo 42", r#"{"RetrieveLogs":true}"#);
    let job = run(&runner, job).await.result.unwrap();
    let pods = at(&job, "logs/pods");
    let pod = &pods.as_object().unwrap().members()[0].0;
    let path = format!(r#""Method":"GET","Path":"/api/v1/namespaces/NS/pods/{pod}/log""#);
    let answer = call(&place, &runner, &path).await.unwrap();
    assert_eq!(at(&answer, "ResponseBody").as_str(), Some("42\n"));
    place.leave().await;
}

#[tokio::test]
async fn an_api_server_that_is_away_is_told_of_when_patience_ends() {
    let Some(place) = Place::new("away").await else {
        return;
    };
    let mut settings = place.settings();
    settings.connection.cluster_url = "https://127.0.0.1:1".parse().unwrap();
    settings.limits.retry_time = Duration::from_secs(1);
    let runner = KubernetesTasks::new(settings).unwrap();
    let fault = call(&place, &runner, r#""Method":"GET","Path":"/version""#)
        .await
        .unwrap_err();
    assert_eq!(fault.name(), "EKS.503");
    assert!(
        fault
            .cause
            .unwrap()
            .contains("the API server cannot be reached: ")
    );
    place.leave().await;
}

#[tokio::test]
async fn another_cluster_is_not_called() {
    let Some(place) = Place::new("elsewhere").await else {
        return;
    };
    let mut task = place.task("eks:call", r#""Method":"GET","Path":"/version""#);
    let text = task
        .request
        .parameters
        .to_string()
        .replace("EKSCluster", "Other");
    task.request.parameters = asl::value::parse(&text).unwrap();
    let fault = run(&place.runner(), task).await.result.unwrap_err();
    assert_eq!(fault.name(), "EKS.ClusterNotAllowed");
    place.leave().await;
}
