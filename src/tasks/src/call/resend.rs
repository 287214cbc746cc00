//! A request that may have been carried out before: recognizes what it did.

use asl::Value;
use http::{Method, StatusCode};

use super::request::CallRequest;
use crate::api_server::{Actor, Answer, ApiServer, Outgoing, Patience};
use crate::marks::MANAGER;

/// Looks for the object that the request wrote before; gives what the API server may have
/// answered then. To be asked with the workflow's own rights: without the right to read, nothing
/// is recognized.
pub(super) async fn find_own_write(
    api: &ApiServer,
    request: &CallRequest,
    actor: &Actor,
    patience: Patience,
) -> Option<Answer> {
    let manager = request.manager.as_ref()?;
    let target = match (&request.creates, &request.method) {
        (Some(name), &Method::POST) => format!("{}/{name}", request.path.trim_end_matches('/')),
        (None, &Method::POST) => return None,
        _ => request.path.clone(),
    };
    let read = Outgoing {
        actor: actor.clone(),
        ..Outgoing::get(target)
    };
    // The same trouble that made the request be sent again.
    let answer = api.send_patiently(&read, patience).await.ok()?;
    if !answer.is_success() || !is_managed_by(&answer.value(), manager) {
        return None;
    }
    let created = request.method == Method::POST;
    Some(Answer {
        status: if created {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        },
        ..answer
    })
}

/// The answer to a DELETE whose object is gone: what the API server answers when it deletes.
pub(super) fn build_deleted() -> Answer {
    let status = asl::value::ObjectBuilder::default()
        .with("kind", "Status")
        .with("apiVersion", "v1")
        .with("metadata", Value::empty_object())
        .with("status", "Success")
        .build();
    Answer::recalled(StatusCode::OK, &status.into())
}

/// Whether a task wrote to an object, by what the API server noted of it, or by the task's mark.
///
/// Source: Kubernetes documentation, "Server-Side Apply", field management.
fn is_managed_by(object: &Value, manager: &str) -> bool {
    let metadata = |field: &str| object.get("metadata")?.get(field);
    let mark = metadata("annotations").and_then(|annotations| annotations.get(MANAGER)?.as_str());
    let managers = metadata("managedFields").and_then(Value::as_array);
    let name = |entry: &Value| entry.get("manager").and_then(Value::as_str) == Some(manager);
    mark == Some(manager) || managers.unwrap_or_default().iter().any(name)
}

#[cfg(test)]
mod tests {
    use super::{build_deleted, is_managed_by};
    use asl::value::parse;
    use rstest::rstest;

    #[rstest]
    #[case(
        r#"{"metadata":{"managedFields":[{"manager":"kubectl"},{"manager":"sfn-x-1"}]}}"#,
        true
    )]
    #[case(r#"{"metadata":{"managedFields":[{"manager":"sfn-x-11"}]}}"#, false)]
    #[case(
        r#"{"metadata":{"annotations":{"sfn.services.k8s.aws/field-manager":"sfn-x-1"},"managedFields":[{"manager":"me"}]}}"#,
        true
    )]
    #[case(
        r#"{"metadata":{"annotations":{"sfn.services.k8s.aws/field-manager":"sfn-x-2"}}}"#,
        false
    )]
    #[case(r#"{"metadata":{}}"#, false)]
    #[case("7", false)]
    fn an_object_tells_who_wrote_it(#[case] object: &str, #[case] expected: bool) {
        assert_eq!(is_managed_by(&parse(object).unwrap(), "sfn-x-1"), expected);
    }

    #[test]
    fn a_deletion_that_happened_before_is_a_success() {
        let envelope = build_deleted().envelope();
        assert_eq!(
            envelope.to_string(),
            r#"{"ResponseBody":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success"},"StatusCode":200,"StatusText":"OK","ResponseHeaders":{"Content-Type":["application/json"]}}"#
        );
    }
}
