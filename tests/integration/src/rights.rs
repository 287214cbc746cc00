//! The rights of the operator and of workflows in a test's namespace.

use kube::Client;
use kube::api::{Api, DynamicObject, PostParams};

use crate::{ROLE_USER, api, apply, eventually};

/// The rights of the chart's ClusterRole as far as tasks need them.
pub(crate) async fn grant(admin: &Client, namespace: &str) {
    let rbac = "rbac.authorization.k8s.io/v1";
    let operator = format!(
        r#"{{"rules":[
            {{"apiGroups":["batch"],"resources":["jobs"],"verbs":["get","list","watch","delete"]}},
            {{"apiGroups":[""],"resources":["pods"],"verbs":["get","list","watch"]}},
            {{"apiGroups":[""],"resources":["pods/log"],"verbs":["get"]}},
            {{"apiGroups":[""],"resources":["users"],"resourceNames":["{ROLE_USER}"],"verbs":["impersonate"]}},
            {{"apiGroups":[""],"resources":["groups"],"resourceNames":["sfn-integration-team"],"verbs":["impersonate"]}},
            {{"apiGroups":[""],"resources":["serviceaccounts"],"resourceNames":["workflow","stranger"],"verbs":["impersonate"]}}]}}"#
    );
    apply(admin, None, rbac, "ClusterRole", namespace, &operator).await;
    let binding = |role: &str, kind: &str, subject: &str| {
        format!(
            r#"{{"roleRef":{{"apiGroup":"rbac.authorization.k8s.io","kind":"{role}","name":"{kind}"}},"subjects":[{subject}]}}"#
        )
    };
    let account = |name: &str| {
        format!(r#"{{"kind":"ServiceAccount","name":"{name}","namespace":"{namespace}"}}"#)
    };
    let bound = binding("ClusterRole", namespace, &account("operator"));
    apply(admin, None, rbac, "ClusterRoleBinding", namespace, &bound).await;

    let reads = r#"{"rules":[{"apiGroups":[""],"resources":["configmaps"],"resourceNames":["aws-auth"],"verbs":["get","list","watch"]}]}"#;
    apply(
        admin,
        Some("kube-system"),
        rbac,
        "Role",
        "sfn-integration-aws-auth",
        reads,
    )
    .await;
    let bound = binding("Role", "sfn-integration-aws-auth", &account("operator"));
    apply(
        admin,
        Some("kube-system"),
        rbac,
        "RoleBinding",
        namespace,
        &bound,
    )
    .await;

    let all = r#"{"rules":[{"apiGroups":["","batch","apps","integration.sfn"],"resources":["*"],"verbs":["*"]}]}"#;
    apply(admin, Some(namespace), rbac, "Role", "workflow", all).await;
    let user =
        format!(r#"{{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"{ROLE_USER}"}}"#);
    let both = format!("{},{user}", account("workflow"));
    let bound = binding("Role", "workflow", &both);
    apply(
        admin,
        Some(namespace),
        rbac,
        "RoleBinding",
        "workflow",
        &bound,
    )
    .await;
}

/// The API server learns of new rights a little later.
pub(crate) async fn wait_for_rights(admin: &Client, namespace: &str) {
    let account = |name: &str| format!("system:serviceaccount:{namespace}:{name}");
    let rights = [
        (
            account("workflow"),
            namespace,
            "batch",
            "jobs",
            "",
            "create",
        ),
        (
            ROLE_USER.to_owned(),
            namespace,
            "batch",
            "jobs",
            "",
            "create",
        ),
        (
            account("operator"),
            namespace,
            "batch",
            "jobs",
            "",
            "delete",
        ),
        (
            account("operator"),
            "kube-system",
            "",
            "configmaps",
            "aws-auth",
            "watch",
        ),
    ];
    let reviews = api(
        admin,
        None,
        "authorization.k8s.io/v1",
        "SubjectAccessReview",
    );
    for (user, namespace, group, resource, name, verb) in rights {
        let review: DynamicObject = serde_json::from_value(serde_json::json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "metadata": {},
            "spec": {"user": user, "resourceAttributes": {
                "namespace": namespace, "group": group, "resource": resource, "name": name, "verb": verb,
            }},
        }))
        .unwrap();
        eventually("the rights are there", || async {
            let answer = reviews
                .create(&PostParams::default(), &review)
                .await
                .unwrap();
            (answer.data["status"]["allowed"] == true).then_some(())
        })
        .await;
    }
}

pub(crate) async fn request_token(admin: &Client, namespace: &str) -> String {
    use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
    use k8s_openapi::api::core::v1::ServiceAccount;
    let accounts = Api::<ServiceAccount>::namespaced(admin.clone(), namespace);
    let request = TokenRequest {
        spec: TokenRequestSpec {
            expiration_seconds: Some(3600),
            ..TokenRequestSpec::default()
        },
        ..TokenRequest::default()
    };
    let token = accounts
        .create_token_request("operator", &PostParams::default(), &request)
        .await
        .expect("a token can be requested");
    token.status.expect("the token is there").token
}
