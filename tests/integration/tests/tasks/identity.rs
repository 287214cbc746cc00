use engine::ports::Identity;
use integration::{Place, ROLE_USER, at, eventually, run};
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use rstest::rstest;

const UNAUTHORIZED: &str = r#"{"ResponseBody":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401},"StatusCode":401,"StatusText":"Unauthorized"}"#;
const GET_JOBS: &str = r#""Method":"GET","Path":"/apis/batch/v1/namespaces/NS/jobs""#;

#[rstest]
#[case::none(Identity::None)]
#[case::unmapped(Identity::Role("arn:aws:iam::123456789012:role/Nobody".into()))]
#[tokio::test]
async fn who_is_nobody_gets_the_401_of_the_developer_guide(#[case] identity: Identity) {
    let Some(place) = Place::new("nobody").await else {
        return;
    };
    let runner = place.runner();
    for resource in ["eks:call", "eks:runJob.sync"] {
        let parameters = match resource {
            "eks:call" => GET_JOBS,
            _ => r#""Job":{"metadata":{"name":"x"}}"#,
        };
        let mut task = place.task(resource, parameters);
        task.identity = identity.clone();
        let fault = run(&runner, task).await.result.unwrap_err();
        assert_eq!(fault.name(), "EKS.401");
        assert_eq!(fault.cause.as_deref(), Some(UNAUTHORIZED));
    }
    place.leave().await;
}

#[tokio::test]
async fn a_service_account_without_rights_gets_403() {
    let Some(place) = Place::new("stranger").await else {
        return;
    };
    let runner = place.runner();
    let mut task = place.job_task("x", "", "true", "null");
    task.identity = Identity::ServiceAccount("stranger".into());
    let fault = run(&runner, task).await.result.unwrap_err();
    assert_eq!(fault.name(), "EKS.403");
    let cause = asl::value::parse(fault.cause.as_deref().unwrap()).unwrap();
    assert_eq!(
        at(&cause, "ResponseBody/reason").as_str(),
        Some("Forbidden")
    );
    let user = format!("system:serviceaccount:{}:stranger", place.namespace);
    assert!(
        at(&cause, "ResponseBody/message")
            .as_str()
            .unwrap()
            .contains(&user)
    );
    place.leave().await;
}

#[tokio::test]
async fn a_service_account_that_the_operator_may_not_act_as_gets_403() {
    let Some(place) = Place::new("unlisted").await else {
        return;
    };
    let mut task = place.task("eks:call", GET_JOBS);
    task.identity = Identity::ServiceAccount("operator".into());
    let fault = run(&place.runner(), task).await.result.unwrap_err();
    assert_eq!(fault.name(), "EKS.403");
    assert!(fault.cause.unwrap().contains("cannot impersonate"));
    place.leave().await;
}

/// Changes only this test's own line of `aws-auth`: others may use it at the same time.
async fn map_role(place: &Place, lines: &str) {
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk("", "v1", "ConfigMap"));
    let maps: Api<DynamicObject> =
        Api::namespaced_with(place.admin.clone(), "kube-system", &resource);
    let patch = |data: serde_json::Value| serde_json::json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "aws-auth"}, "data": data});
    let parameters = PatchParams::apply("integration");
    let object = patch(serde_json::json!({}));
    maps.patch("aws-auth", &parameters, &Patch::Apply(&object))
        .await
        .unwrap();
    let known = maps.get("aws-auth").await.unwrap();
    let known = known.data["data"]["mapRoles"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let others = known.split("# integration\n").next().unwrap_or_default();
    let others = others.trim();
    let data = serde_json::json!({"mapRoles": format!("{others}\n# integration\n{lines}")});
    maps.patch(
        "aws-auth",
        &PatchParams::default(),
        &Patch::Merge(&patch(data)),
    )
    .await
    .unwrap();
}

#[tokio::test]
async fn a_mapped_role_acts_as_its_user_without_privileged_groups() {
    let Some(place) = Place::new("mapped").await else {
        return;
    };
    let runner = place.runner();
    let role = format!("arn:aws:iam::123456789012:role/{}", place.namespace);
    let mut task = place.job_task("mapped", "", "true", "null");
    task.identity = Identity::Role(role.replace(":role/", ":role/service-role/").into());
    let fault = run(&runner, task.clone()).await.result.unwrap_err();
    assert_eq!(fault.name(), "EKS.401");

    let mapped = |user: &str, groups: &str| {
        format!("- rolearn: {role}\n  username: {user}\n  groups: [{groups}]\n")
    };
    map_role(
        &place,
        &mapped(ROLE_USER, "sfn-integration-team, system:masters"),
    )
    .await;
    let ended = eventually("the mapping is seen", || async {
        let ended = run(&runner, task.clone()).await;
        ended.result.is_ok().then_some(ended)
    })
    .await;
    let message = ended.progress[0].message.clone().unwrap();
    assert_eq!(
        message,
        format!(
            "the user {ROLE_USER} acts without the groups system:masters, which the operator may not impersonate"
        )
    );

    map_role(&place, &mapped("system:admin", "")).await;
    let cause = eventually("the change is seen", || async {
        let fault = run(&runner, task.clone()).await.result.err()?;
        (fault.name() == "EKS.403").then_some(fault.cause?)
    })
    .await;
    assert!(
        cause.contains(r#"does not act as \"system:admin\""#),
        "{cause}"
    );

    map_role(&place, "  : : [broken").await;
    let cause = eventually("the change is seen", || async {
        let fault = run(&runner, task.clone()).await.result.err()?;
        (fault.name() == "EKS.401").then_some(fault.cause?)
    })
    .await;
    assert!(
        cause.contains("Unauthorized: mapRoles of ConfigMap kube-system/aws-auth: "),
        "{cause}"
    );
    map_role(&place, "").await;
    place.leave().await;
}
