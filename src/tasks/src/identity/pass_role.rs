//! Whether a task may act with the role that its `Credentials` name: its state machine's own
//! identity must be allowed to use that role, as on AWS the execution role must be allowed
//! `sts:AssumeRole`. The definition itself cannot be checked at admission, for the role may come
//! from a path.
//!
//! Source: Step Functions developer guide, "Accessing resources in other AWS accounts"; Kubernetes
//! documentation, "Checking API access", `SelfSubjectAccessReview`.

use asl::Value;
use asl::errors::{Fault, PERMISSIONS};
use asl::value::ObjectBuilder;
use http::{Method, StatusCode};

use crate::api_server::{Actor, ApiServer, Outgoing, Patience, build_failure};
use crate::settings::TaskLimits;

const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Asks the API server whether `actor` may use a role in a namespace: verb `use` on resource
/// `rolearns`, with the ARN as the name.
///
/// # Errors
/// `States.Permissions` when it may not; `EKS.<code>` when that cannot be found out.
pub(super) async fn check_pass_role(
    api: &ApiServer,
    actor: &Actor,
    namespace: &str,
    arn: &str,
    limits: &TaskLimits,
) -> Result<(), Fault> {
    let review = build_review(namespace, arn);
    let request = Outgoing::json(actor.clone(), Method::POST, REVIEWS.into(), &review);
    let mut patience = Patience::new(limits.retry_time);
    loop {
        let (fault, asked_for) = match api.send(&request).await {
            Ok(answer) if answer.is_success() => {
                return match is_allowed(&answer.value()) {
                    true => Ok(()),
                    false => Err(build_denied(namespace, arn)),
                };
            }
            Ok(answer) if !answer.may_succeed_later() => {
                return Err(answer.fault(limits.cause_bytes));
            }
            Ok(answer) => (answer.fault(limits.cause_bytes), answer.retry_after()),
            Err(error) => {
                let status = StatusCode::SERVICE_UNAVAILABLE;
                let body = Value::from(error.to_string());
                (build_failure(status, body, limits.cause_bytes), None)
            }
        };
        if !patience.try_pause(asked_for).await {
            return Err(fault);
        }
    }
}

fn build_review(namespace: &str, arn: &str) -> Value {
    let attributes = ObjectBuilder::default()
        .with("namespace", namespace)
        .with("verb", "use")
        .with("group", "sfn.services.k8s.aws")
        .with("resource", "rolearns")
        .with("name", arn);
    let spec = ObjectBuilder::default().with("resourceAttributes", attributes.build());
    ObjectBuilder::default()
        .with("apiVersion", "authorization.k8s.io/v1")
        .with("kind", "SelfSubjectAccessReview")
        .with("spec", spec.build())
        .build()
        .into()
}

fn is_allowed(review: &Value) -> bool {
    let allowed = review
        .get("status")
        .and_then(|status| status.get("allowed"));
    allowed.and_then(Value::as_bool) == Some(true)
}

fn build_denied(namespace: &str, arn: &str) -> Fault {
    let cause = format!(
        "The state machine may not use the role {arn} of the state's Credentials: its own role or \
         ServiceAccount needs the verb \"use\" on resource \"rolearns\" of group \
         \"sfn.services.k8s.aws\" with that name in namespace \"{namespace}\""
    );
    Fault::new(PERMISSIONS, cause)
}

#[cfg(test)]
mod tests {
    use super::{build_review, is_allowed};
    use asl::value::parse;
    use rstest::rstest;

    #[test]
    fn the_review_is_about_the_use_of_one_role_in_one_namespace() {
        assert_eq!(
            build_review("ns", "arn:aws:iam::1:role/r").to_string(),
            r#"{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"ns","verb":"use","group":"sfn.services.k8s.aws","resource":"rolearns","name":"arn:aws:iam::1:role/r"}}}"#
        );
    }

    #[rstest]
    #[case(r#"{"status":{"allowed":true}}"#, true)]
    #[case(r#"{"status":{"allowed":false}}"#, false)]
    #[case(r#"{"status":{}}"#, false)]
    #[case("null", false)]
    fn only_a_clear_yes_allows(#[case] review: &str, #[case] expected: bool) {
        assert_eq!(is_allowed(&parse(review).unwrap()), expected);
    }
}
