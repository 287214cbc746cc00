//! The ConfigMap `kube-system/aws-auth`. On EKS the nodes depend on it, so entries are only added.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};

/// A role that stands for user `eks-stepfunctions`, as in the blog.
pub const MAPPED: &str = "arn:aws:iam::123456789012:role/EKS_StepFunctions_Integration";
/// A role that stands for a user who has no rights.
pub const WITHOUT_RIGHTS: &str = "arn:aws:iam::123456789012:role/e2e-without-rights";
/// A role that stands for a user in groups, one of them privileged.
pub const GROUPED: &str = "arn:aws:iam::123456789012:role/e2e-grouped";
/// A role that is not mapped.
pub const UNMAPPED: &str = "arn:aws:iam::123456789012:role/e2e-unmapped";

/// A role, the user it stands for, and that user's groups.
pub type Entry<'a> = (&'a str, &'a str, &'a [&'a str]);

/// What all tests rely on.
pub const ENTRIES: [Entry<'static>; 3] = [
    (MAPPED, "eks-stepfunctions", &[]),
    (WITHOUT_RIGHTS, "e2e-without-rights", &[]),
    (GROUPED, "e2e-grouped", &["e2e-workers", "system:masters"]),
];

/// Adds those entries that are not there.
///
/// # Panics
/// `mapRoles` is not a list in YAML's block style, or the API server refuses.
pub async fn add(client: &Client, entries: &[Entry<'_>]) {
    let api = Api::<ConfigMap>::namespaced(client.clone(), "kube-system");
    for _ in 0..20 {
        match try_add(&api, entries).await {
            Ok(()) => return,
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => panic!("aws-auth: {error}"),
        }
    }
    panic!("aws-auth was changed by others each time");
}

async fn try_add(api: &Api<ConfigMap>, entries: &[Entry<'_>]) -> kube::Result<()> {
    let found = api.get_opt("aws-auth").await?;
    let exists = found.is_some();
    let mut map = found.unwrap_or_else(|| ConfigMap {
        metadata: ObjectMeta {
            name: Some("aws-auth".to_owned()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    });
    let roles = map.data.get_or_insert_default();
    let roles = roles.entry("mapRoles".to_owned()).or_default();
    let missing: Vec<_> = entries
        .iter()
        .filter(|(role, ..)| !roles.lines().any(|line| line.ends_with(role)))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut lines = roles.lines().map(str::trim_end);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    assert!(
        first.is_none_or(|line| line.starts_with('-')),
        "mapRoles of aws-auth is not written as a block list; add {missing:?} to it by hand"
    );
    if !roles.is_empty() && !roles.ends_with('\n') {
        roles.push('\n');
    }
    for (role, user, groups) in missing {
        roles.push_str(&format!("- rolearn: {role}\n  username: {user}\n"));
        if !groups.is_empty() {
            roles.push_str(&format!("  groups: [\"{}\"]\n", groups.join("\", \"")));
        }
    }
    let params = PostParams::default();
    match exists {
        true => api.replace("aws-auth", &params, &map).await.map(drop),
        false => api.create(&params, &map).await.map(drop),
    }
}
