//! `RequestBody` of `eks:call`, as it is sent.

use asl::Value;
use asl::value::parse;
use http::Method;

use crate::api_server::JSON;
use crate::{marks, paths};

/// Patches of JSON documents, in the order of their operations (RFC 6902).
const JSON_PATCH: &str = "application/json-patch+json";
/// Patches that know how to merge the lists of Kubernetes' own kinds.
pub(super) const STRATEGIC_MERGE_PATCH: &str = "application/strategic-merge-patch+json";
/// Patches of any JSON document (RFC 7396).
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";

/// A body, ready to be sent.
pub(super) struct RequestBody {
    pub(super) content_type: &'static str,
    pub(super) content: Vec<u8>,
    /// The name of the object that a POST creates, encoded as a segment of a path.
    pub(super) creates: Option<String>,
}

/// By what an object that is posted is known as the task's when it is posted again.
pub(super) struct Mark<'a> {
    /// The task's id.
    pub(super) id: String,
    /// The task's field manager.
    pub(super) manager: &'a str,
    /// The request names another field manager, which the API server then notes.
    pub(super) another_is_named: bool,
}

/// Builds the body. A text is sent as it is, anything else as its JSON text; only a POST that
/// could not be recognized when it is sent again is changed, whichever it is. What is for others
/// than the API server gets no mark.
pub(super) fn build_body(body: &Value, method: &Method, mark: Option<&Mark<'_>>) -> RequestBody {
    let parsed = body.as_str().and_then(|text| parse(text).ok());
    let value = parsed.as_ref().unwrap_or(body);
    let mark = mark.filter(|_| *method == Method::POST);
    let posted = mark.map(|mark| build_posted(value, mark));
    let changed = posted.as_ref().filter(|posted| *posted != value);
    RequestBody {
        content_type: match value {
            _ if *method != Method::PATCH => JSON,
            Value::Array(_) => JSON_PATCH,
            _ => STRATEGIC_MERGE_PATCH,
        },
        content: match (changed, body) {
            (Some(changed), _) => changed.to_string().into_bytes(),
            (None, Value::String(text)) => text.as_bytes().to_vec(),
            (None, other) => other.to_string().into_bytes(),
        },
        creates: posted.as_ref().and_then(name).and_then(paths::segment),
    }
}

/// An object whose name is the same, and whose maker is known, when it is posted again.
fn build_posted(object: &Value, mark: &Mark<'_>) -> Value {
    let named = marks::with_generated_name(object.clone(), &mark.id);
    let is_noted = !mark.another_is_named && !has_only_a_name(&named);
    if is_noted || name(&named).is_none() {
        return named;
    }
    let manager = [(marks::MANAGER, mark.manager.to_owned())];
    marks::with_metadata(named, "annotations", &manager)
}

fn name(object: &Value) -> Option<&str> {
    object.get("metadata")?.get("name")?.as_str()
}

fn has_only_a_name(object: &Value) -> bool {
    let has_only = |value: Option<&Value>, names: &[&str]| {
        let members = value
            .and_then(Value::as_object)
            .map(|object| object.members());
        members
            .unwrap_or_default()
            .iter()
            .all(|(name, value)| names.contains(&&**name) || is_empty(value))
    };
    has_only(Some(object), &["apiVersion", "kind", "metadata"])
        && has_only(
            object.get("metadata"),
            &["name", "generateName", "namespace"],
        )
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(array) => array.items().is_empty(),
        Value::Object(object) => object.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, build_body};
    use asl::value::parse;
    use http::Method;
    use rstest::rstest;

    fn mark(id: &str) -> Mark<'static> {
        Mark {
            id: id.into(),
            manager: "m",
            another_is_named: false,
        }
    }

    #[rstest]
    #[case("POST", r#"{"a":1}"#, "application/json", r#"{"a":1}"#)]
    #[case("POST", r#""{\"a\" : 1}""#, "application/json", r#"{"a" : 1}"#)]
    #[case("POST", r#""plain""#, "application/json", "plain")]
    #[case("DELETE", r#"{"a":1}"#, "application/json", r#"{"a":1}"#)]
    #[case(
        "PATCH",
        r#"[{"op":"add"}]"#,
        "application/json-patch+json",
        r#"[{"op":"add"}]"#
    )]
    #[case("PATCH", r#""[]""#, "application/json-patch+json", "[]")]
    #[case(
        "PATCH",
        r#"{"a":1}"#,
        "application/strategic-merge-patch+json",
        r#"{"a":1}"#
    )]
    fn a_body_is_sent_as_what_it_is(
        #[case] method: &str,
        #[case] body: &str,
        #[case] content_type: &str,
        #[case] content: &str,
    ) {
        let method: Method = method.parse().unwrap();
        let built = build_body(&parse(body).unwrap(), &method, Some(&mark("id")));
        assert_eq!(built.content_type, content_type);
        assert_eq!(built.content, content.as_bytes());
    }

    #[rstest]
    #[case(r#"{"metadata":{"generateName":"x-"},"data":{"a":"b"}}"#)]
    #[case(r#""{\"metadata\":{\"generateName\":\"x-\"},\"data\":{\"a\":\"b\"}}""#)]
    fn a_generated_name_is_the_same_when_asked_again(#[case] body: &str) {
        let body = parse(body).unwrap();
        let first = build_body(&body, &Method::POST, Some(&mark("id")));
        let name = first.creates.unwrap();
        assert!(name.starts_with("x-") && name.len() == 12, "{name}");
        let content = parse(std::str::from_utf8(&first.content).unwrap()).unwrap();
        assert_eq!(
            content.to_string(),
            format!(r#"{{"metadata":{{"generateName":"x-","name":"{name}"}},"data":{{"a":"b"}}}}"#)
        );
        let again = build_body(&body, &Method::POST, Some(&mark("id")));
        assert_eq!(again.content, first.content);
        let of_another_task = build_body(&body, &Method::POST, Some(&mark("id2")));
        assert_ne!(of_another_task.creates, Some(name));
    }

    #[test]
    fn what_is_for_others_than_the_api_server_is_left_alone() {
        let body = parse(r#"{"metadata":{"generateName":"x-"}}"#).unwrap();
        let built = build_body(&body, &Method::POST, None);
        assert_eq!(built.content, body.to_string().into_bytes());
        assert_eq!(built.creates, None);
    }

    #[rstest]
    #[case(r#"{"metadata":{"name":"x"}}"#, true, true)]
    #[case(r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","namespace":"y","labels":{}},"data":{}}"#, true, true)]
    #[case(r#"{"metadata":{"name":"x"},"data":{"a":""}}"#, false, true)]
    #[case(r#"{"metadata":{"name":"x","labels":{"a":"b"}}}"#, false, true)]
    #[case(r#"{"metadata":{}}"#, false, false)]
    #[case("{}", false, false)]
    #[case("7", false, false)]
    fn an_object_of_which_the_task_is_not_noted_as_manager_is_marked(
        #[case] body: &str,
        #[case] marked: bool,
        #[case] marked_for_another_manager: bool,
    ) {
        let body = parse(body).unwrap();
        for (another_is_named, marked) in [(false, marked), (true, marked_for_another_manager)] {
            let mark = Mark {
                another_is_named,
                ..mark("id")
            };
            let built = build_body(&body, &Method::POST, Some(&mark));
            let content = String::from_utf8(built.content).unwrap();
            let annotation = r#""annotations":{"sfn.services.k8s.aws/field-manager":"m"}"#;
            assert_eq!(content.contains(annotation), marked, "{content}");
        }
    }

    #[test]
    fn only_a_post_creates() {
        let body = parse(r#"{"metadata":{"name":"x"}}"#).unwrap();
        let put = build_body(&body, &Method::PUT, Some(&mark("id")));
        assert_eq!(
            (put.creates, put.content),
            (None, body.to_string().into_bytes())
        );
        let hostile = parse(r#"{"metadata":{"name":"../a?b"}}"#).unwrap();
        let post = build_body(&hostile, &Method::POST, Some(&mark("id")));
        assert_eq!(post.creates.as_deref(), Some("..%2Fa%3Fb"));
        let up = parse(r#"{"metadata":{"name":".."}}"#).unwrap();
        let up = build_body(&up, &Method::POST, Some(&mark("id")));
        assert_eq!(up.creates, None);
    }
}
