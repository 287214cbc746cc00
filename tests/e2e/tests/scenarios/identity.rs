//! Whose rights tasks have.

use e2e::definition::{call, call_with, job, run_job, single, with, with_parameter};
use e2e::kubectl::{kubectl, try_kubectl};
use e2e::scenario::LIMITED;
use e2e::{Scenario, aws_auth};
use rstest::rstest;
use serde_json::{Value, json};

/// Asks the API server who asks.
fn who_am_i() -> Value {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    single("Who am I", call_with("POST", path, body))
}

fn user(output: &Value) -> (&str, Vec<&str>) {
    let info = &output["ResponseBody"]["status"]["userInfo"];
    let groups = info["groups"].as_array().into_iter().flatten();
    let groups = groups.filter_map(Value::as_str).collect();
    (info["username"].as_str().unwrap_or_default(), groups)
}

#[tokio::test]
async fn an_unmapped_role_gives_eks_401_with_the_documented_cause() {
    let scenario = Scenario::new().await;
    let rights = json!({"roleARN": aws_auth::UNMAPPED});
    let definition = single("Run", run_job(&scenario.namespace, job("never", "true")));
    let run = scenario.run_as(rights, &definition, json!({})).await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "EKS.401");
    let documented = json!({
        "ResponseBody": {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": "Unauthorized",
            "reason": "Unauthorized",
            "code": 401
        },
        "StatusCode": 401,
        "StatusText": "Unauthorized"
    });
    assert_eq!(failure.cause_json(), documented);
    assert_eq!(scenario.created_jobs().await, Vec::<String>::new());
    let types = run.event_types().await;
    assert_eq!(
        types[2..],
        [
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitFailed",
            "ExecutionFailed"
        ]
    );
}

#[tokio::test]
async fn neither_role_nor_service_account_gives_eks_401() {
    let scenario = Scenario::new().await;
    let run = scenario.run_as(json!({}), &who_am_i(), json!({})).await;
    assert_eq!(run.failure().await.error, "EKS.401");
}

#[tokio::test]
async fn a_mapped_role_without_rights_gives_eks_403_with_the_api_servers_status() {
    let scenario = Scenario::new().await;
    let namespace = &scenario.namespace;
    let rights = json!({"roleARN": aws_auth::WITHOUT_RIGHTS});
    let definition = single("Run", run_job(namespace, job("never", "true")));
    let failure = scenario
        .run_as(rights, &definition, json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "EKS.403");
    let cause = failure.cause_json();
    assert_eq!(cause["StatusCode"], 403);
    assert_eq!(cause["StatusText"], "Forbidden");
    assert_eq!(cause["ResponseBody"]["reason"], "Forbidden");
    assert_eq!(
        cause["ResponseBody"]["message"],
        format!(
            "jobs.batch is forbidden: User \"e2e-without-rights\" cannot create resource \"jobs\" in API group \"batch\" in the namespace \"{namespace}\""
        )
    );
}

#[rstest]
#[case::as_it_is_mapped("role/")]
#[case::with_a_path_which_does_not_matter("role/service-role/")]
#[tokio::test]
async fn a_mapped_role_acts_as_its_user(#[case] path: &str) {
    let scenario = Scenario::new().await;
    let rights = json!({"roleARN": aws_auth::MAPPED.replace("role/", path)});
    let output = scenario
        .run_as(rights, &who_am_i(), json!({}))
        .await
        .output()
        .await;
    assert_eq!(user(&output).0, "eks-stepfunctions");
}

#[tokio::test]
async fn groups_are_mapped_but_privileged_ones_only_where_the_chart_lists_them() {
    let scenario = Scenario::new().await;
    let rights = json!({"roleARN": aws_auth::GROUPED});
    let output = scenario
        .run_as(rights, &who_am_i(), json!({}))
        .await
        .output()
        .await;
    let (name, groups) = user(&output);
    assert_eq!(name, "e2e-grouped");
    assert!(groups.contains(&"e2e-workers"), "{groups:?}");
    assert!(!groups.contains(&"system:masters"), "{groups:?}");
}

#[tokio::test]
async fn a_role_that_is_mapped_later_works_from_then_on() {
    let scenario = Scenario::new().await;
    let role = format!("arn:aws:iam::123456789012:role/{}", scenario.namespace);
    let rights = json!({"roleARN": role});
    let run = scenario.run_as(rights, &who_am_i(), json!({})).await;
    assert_eq!(run.failure().await.error, "EKS.401");
    aws_auth::add(&scenario.client, &[(&role, "e2e-added", &[])]).await;
    let output = scenario.start("machine-0", json!({})).await.output().await;
    assert_eq!(user(&output).0, "e2e-added");
    remove_role(&role);
}

/// Takes a role out of the map again; nobody else writes lines about it.
fn remove_role(role: &str) {
    let arguments = ["get", "configmap", "-n", "kube-system", "aws-auth", "-o"];
    let text = kubectl(
        &[&arguments[..], &["jsonpath={.data.mapRoles}"]].concat(),
        "",
    );
    let entry = format!("- rolearn: {role}\n  username: e2e-added\n");
    let patch = json!({"data": {"mapRoles": text.replace(&entry, "")}}).to_string();
    let arguments = [
        "patch",
        "configmap",
        "-n",
        "kube-system",
        "aws-auth",
        "--type=merge",
        "-p",
    ];
    let _ = kubectl(&[&arguments[..], &[&patch]].concat(), "");
}

#[tokio::test]
async fn a_task_acts_as_the_service_account_of_its_state_machine() {
    let scenario = Scenario::new().await;
    let output = scenario.run(&who_am_i(), json!({})).await.output().await;
    let (name, groups) = user(&output);
    let namespace = &scenario.namespace;
    assert_eq!(name, format!("system:serviceaccount:{namespace}:workflow"));
    assert!(groups.contains(&"system:serviceaccounts"), "{groups:?}");
    assert!(
        groups.contains(&&*format!("system:serviceaccounts:{namespace}")),
        "{groups:?}"
    );
}

#[tokio::test]
async fn a_service_account_without_rights_gives_eks_403() {
    let scenario = Scenario::new().await;
    let path = format!("/api/v1/namespaces/{}/configmaps", scenario.namespace);
    let definition = single("List", call("GET", &path));
    let rights = json!({"serviceAccountName": LIMITED});
    let failure = scenario
        .run_as(rights, &definition, json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "EKS.403");
    let message = failure.cause_json()["ResponseBody"]["message"].to_string();
    assert!(message.contains(&format!(
        "system:serviceaccount:{}:limited",
        scenario.namespace
    )));
}

/// Asks who asks, with the role of the state's own `Credentials`.
fn who_am_i_with_credentials() -> Value {
    let state = who_am_i()["States"]["Who am I"].clone();
    let credentials = json!({"RoleArn": aws_auth::MAPPED});
    single("Who am I", with(state, "Credentials", credentials))
}

#[tokio::test]
async fn a_task_acts_with_the_role_of_its_credentials_where_its_state_machine_may_use_it() {
    let scenario = Scenario::new().await;
    let run = scenario.run(&who_am_i_with_credentials(), json!({})).await;
    let output = run.output().await;
    assert_eq!(user(&output).0, "eks-stepfunctions");
}

#[tokio::test]
async fn credentials_of_a_role_that_the_state_machine_may_not_use_give_states_permissions() {
    let scenario = Scenario::new().await;
    let rights = json!({"serviceAccountName": LIMITED});
    let definition = who_am_i_with_credentials();
    let run = scenario.run_as(rights, &definition, json!({})).await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "States.Permissions");
    let expected = format!("may not use the role {}", aws_auth::MAPPED);
    assert!(failure.cause.contains(&expected), "{}", failure.cause);
}

#[tokio::test]
async fn a_service_account_that_the_chart_does_not_list_cannot_be_used() {
    let scenario = Scenario::new().await;
    let rights = json!({"serviceAccountName": "default"});
    let failure = scenario
        .run_as(rights, &who_am_i(), json!({}))
        .await
        .failure()
        .await;
    assert_eq!(failure.error, "EKS.403");
    let message = failure.cause_json()["ResponseBody"]["message"].to_string();
    assert!(message.contains("cannot impersonate resource"), "{message}");
}

#[tokio::test]
async fn a_request_cannot_bring_an_identity_of_its_own() {
    let scenario = Scenario::new().await;
    let definition = with_parameter(
        who_am_i()["States"]["Who am I"].clone(),
        "RequestHeaders",
        json!({"Impersonate-User": ["admin"]}),
    );
    let run = scenario
        .run(&single("Who am I", definition), json!({}))
        .await;
    let failure = run.failure().await;
    assert_eq!(failure.error, "States.Runtime");
    assert!(
        failure.cause.contains("RequestHeaders"),
        "{}",
        failure.cause
    );
}

#[tokio::test]
async fn who_may_not_use_a_role_cannot_write_a_state_machine_with_it() {
    let scenario = Scenario::new().await;
    let namespace = scenario.namespace.as_str();
    let binding = [
        "create",
        "rolebinding",
        "author",
        "--clusterrole=edit",
        "--user=e2e-author",
    ];
    let _ = scenario.kubectl(&binding);
    let yaml = r#"
apiVersion: sfn.services.k8s.aws/v1alpha1
kind: StateMachine
metadata: {name: passed}
spec:
  name: passed
  roleARN: arn:aws:iam::123456789012:role/EKS_StepFunctions_Integration
  definition: '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}'
"#;
    let apply = ["apply", "-n", namespace, "--as=e2e-author", "-f", "-"];
    let refused = try_kubectl(&apply, yaml);
    assert!(!refused.success);
    assert!(
        refused
            .stderr
            .contains("spec.roleARN: e2e-author may not use the role"),
        "{}",
        refused.stderr
    );

    let role = r#"
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: pass}
rules:
- apiGroups: [sfn.services.k8s.aws]
  resources: [rolearns]
  resourceNames: ["arn:aws:iam::123456789012:role/EKS_StepFunctions_Integration"]
  verbs: [use]
"#;
    scenario.apply(role);
    let _ = scenario.kubectl(&[
        "create",
        "rolebinding",
        "pass",
        "--role=pass",
        "--user=e2e-author",
    ]);
    let _ = kubectl(&apply, yaml);
}
