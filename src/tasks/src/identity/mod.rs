//! Whose rights a task has: a ServiceAccount's or a mapped role's, by impersonation.
//!
//! Source: Kubernetes documentation, "User impersonation"; Amazon EKS user guide on `aws-auth`.

mod aws_auth;
mod pass_role;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::Value;
use asl::errors::Fault;
use asl::value::ObjectBuilder;
use engine::ports::{Identity, Task};
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use tracing::warn;

use self::aws_auth::{Mapping, Session, Unmapped};
use self::pass_role::check_pass_role;
use self::watch::AwsAuth;
use crate::api_server::{Actor, ApiServer, build_failure};
use crate::settings::{Acting, TaskLimits};

/// Users and groups that begin so belong to Kubernetes itself.
const PRIVILEGED: &str = "system:";
/// The longest name of a user or group that is sent.
const NAME_BYTES: usize = 1024;
/// The most groups that are sent.
const GROUPS: usize = 64;

/// Decides in whose name a task's requests are sent.
pub(crate) struct Identities {
    acting: Acting,
    api: ApiServer,
    aws_auth: AwsAuth,
    limits: TaskLimits,
}

/// In whose name requests are sent, and what people should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Resolved {
    pub(crate) actor: Actor,
    pub(crate) note: Option<String>,
}

impl Identities {
    pub(crate) fn new(acting: Acting, api: ApiServer, limits: TaskLimits) -> Self {
        Self {
            acting,
            aws_auth: AwsAuth::new(api.client()),
            api,
            limits,
        }
    }

    /// In whose name the task's requests are sent: the state machine's, or that of the role in
    /// the state's `Credentials`, if the state machine may use it.
    ///
    /// # Errors
    /// `EKS.401` when a role is not mapped, `EKS.403` when it may not be impersonated,
    /// `States.Permissions` when the state machine may not use the role of the `Credentials`.
    pub(crate) async fn resolve(&self, task: &Task) -> Result<Resolved, Fault> {
        let Acting::AsWorkflow { privileged_groups } = &self.acting else {
            return Ok(Resolved {
                actor: Actor::Operator,
                note: None,
            });
        };
        let own = self
            .resolve_identity(&task.identity, task, privileged_groups)
            .await?;
        let Some(arn) = &task.request.credentials else {
            return Ok(own);
        };
        let namespace = &task.execution.namespace;
        check_pass_role(&self.api, &own.actor, namespace, arn, &self.limits).await?;
        let role = Identity::Role(arn.clone());
        self.resolve_identity(&role, task, privileged_groups).await
    }

    async fn resolve_identity(
        &self,
        identity: &Identity,
        task: &Task,
        privileged_groups: &BTreeSet<String>,
    ) -> Result<Resolved, Fault> {
        match identity {
            Identity::None => Err(self.unauthorized("Unauthorized")),
            Identity::ServiceAccount(name) => {
                self.build(&service_account(&task.execution.namespace, name), None)
            }
            Identity::Role(arn) => {
                let mapping = self.look_up(arn, task).await?;
                if mapping.username.starts_with(PRIVILEGED) {
                    return Err(self.forbidden(&mapping.username));
                }
                let (mapping, note) = leave_out_privileged(mapping, privileged_groups);
                if let Some(note) = &note {
                    warn!(role = %arn, execution = %task.execution.name, "{note}");
                }
                self.build(&mapping, note)
            }
        }
    }

    async fn look_up(&self, arn: &str, task: &Task) -> Result<Mapping, Fault> {
        let roles = match self.aws_auth.roles(self.limits.retry_time).await {
            Ok(roles) => roles,
            Err(problem) => {
                let message = format!("the operator cannot tell who {arn} is: {problem}");
                return Err(self.refusal(StatusCode::SERVICE_UNAVAILABLE, &message));
            }
        };
        let session = Session {
            name: &task.execution.name,
        };
        roles
            .lookup(arn, session)
            .map_err(|unmapped| match unmapped {
                Unmapped::Absent => self.unauthorized("Unauthorized"),
                Unmapped::Broken(problem) => self.unauthorized(&format!(
                    "Unauthorized: mapRoles of ConfigMap kube-system/aws-auth: {problem}"
                )),
            })
    }

    fn build(&self, mapping: &Mapping, note: Option<String>) -> Result<Resolved, Fault> {
        match build_headers(mapping) {
            Ok(headers) => Ok(Resolved {
                actor: Actor::User(headers),
                note,
            }),
            Err(problem) => Err(self.unauthorized(&format!("Unauthorized: {problem}"))),
        }
    }

    fn unauthorized(&self, message: &str) -> Fault {
        self.refusal(StatusCode::UNAUTHORIZED, message)
    }

    fn forbidden(&self, username: &str) -> Fault {
        let message = format!(
            "the operator does not act as \"{username}\": names that begin with \
             \"{PRIVILEGED}\" belong to Kubernetes; map the role to another username"
        );
        self.refusal(StatusCode::FORBIDDEN, &message)
    }

    fn refusal(&self, status: StatusCode, message: &str) -> Fault {
        build_failure(
            status,
            build_status(status, message),
            self.limits.cause_bytes,
        )
    }
}

/// A Kubernetes Status, as the API server would answer it.
///
/// For 401 this is the text that the Step Functions developer guide shows, in its order.
fn build_status(status: StatusCode, message: &str) -> Value {
    let reason: String = status
        .canonical_reason()
        .unwrap_or_default()
        .split(' ')
        .collect();
    ObjectBuilder::with_capacity(7)
        .with("kind", "Status")
        .with("apiVersion", "v1")
        .with("metadata", Value::empty_object())
        .with("status", "Failure")
        .with("message", message)
        .with("reason", reason)
        .with("code", i64::from(status.as_u16()))
        .build()
        .into()
}

/// A ServiceAccount as a user. Its groups are not sent: the API server adds them by itself, and
/// the operator then needs no right to impersonate groups.
fn service_account(namespace: &str, name: &str) -> Mapping {
    Mapping {
        username: format!("system:serviceaccount:{namespace}:{name}"),
        groups: Vec::new(),
    }
}

/// Leaves out the privileged groups that are not allowed; says which.
fn leave_out_privileged(mapping: Mapping, allowed: &BTreeSet<String>) -> (Mapping, Option<String>) {
    let (groups, left_out): (Vec<_>, Vec<_>) = mapping
        .groups
        .into_iter()
        .partition(|group| !group.starts_with(PRIVILEGED) || allowed.contains(group));
    let note = (!left_out.is_empty()).then(|| {
        format!(
            "the user {} acts without the groups {}, which the operator may not impersonate",
            mapping.username,
            left_out.join(", ")
        )
    });
    let mapping = Mapping {
        username: mapping.username,
        groups,
    };
    (mapping, note)
}

fn build_headers(mapping: &Mapping) -> Result<Arc<[(HeaderName, HeaderValue)]>, String> {
    if mapping.groups.len() > GROUPS {
        return Err(format!("more than {GROUPS} groups"));
    }
    let user = std::iter::once(("impersonate-user", &mapping.username));
    let groups = mapping
        .groups
        .iter()
        .map(|group| ("impersonate-group", group));
    user.chain(groups)
        .map(|(header, name)| {
            let value = HeaderValue::from_str(name).ok();
            let value = value.filter(|_| name.len() <= NAME_BYTES && !name.trim().is_empty());
            let problem = || format!("\"{}\" is no name of a user or group", name.escape_debug());
            Ok((HeaderName::from_static(header), value.ok_or_else(problem)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Mapping, build_headers, build_status, leave_out_privileged, service_account};
    use crate::api_server::build_failure;
    use http::StatusCode;
    use rstest::rstest;

    #[test]
    fn an_unmapped_role_gives_the_cause_of_the_developer_guide() {
        let body = build_status(StatusCode::UNAUTHORIZED, "Unauthorized");
        let fault = build_failure(StatusCode::UNAUTHORIZED, body, 32_768);
        assert_eq!(fault.name(), "EKS.401");
        assert_eq!(
            fault.cause.as_deref().unwrap(),
            r#"{"ResponseBody":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401},"StatusCode":401,"StatusText":"Unauthorized"}"#
        );
    }

    fn mapping(username: &str, groups: &[&str]) -> Mapping {
        Mapping {
            username: username.into(),
            groups: groups.iter().map(|&group| group.into()).collect(),
        }
    }

    #[test]
    fn privileged_groups_are_left_out_unless_allowed() {
        let wanted = mapping("u", &["system:masters", "team", "system:allowed"]);
        let allowed = ["system:allowed".to_owned()].into();
        let (left, note) = leave_out_privileged(wanted, &allowed);
        assert_eq!(left, mapping("u", &["team", "system:allowed"]));
        assert_eq!(
            note.unwrap(),
            "the user u acts without the groups system:masters, which the operator may not impersonate"
        );
    }

    #[test]
    fn a_service_account_is_impersonated_by_its_user_name_alone() {
        let headers = build_headers(&service_account("ns", "runner")).unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|(n, v)| (n.as_str(), v.to_str().unwrap()))
            .collect();
        assert_eq!(
            headers,
            [("impersonate-user", "system:serviceaccount:ns:runner")]
        );
    }

    #[rstest]
    #[case("a\r\nImpersonate-Group: system:masters")]
    #[case("")]
    #[case(" ")]
    #[case("a\u{7f}")]
    fn a_name_that_is_no_header_is_refused(#[case] name: &str) {
        assert!(build_headers(&mapping(name, &[])).is_err());
        assert!(build_headers(&mapping("u", &[name])).is_err());
    }
}
