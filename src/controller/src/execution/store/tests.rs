use axum::extract::Request;
use axum::http::{Method, StatusCode};
use engine::ports::PageKind;
use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::execution::test_context::{client, context, execution};

const MESSAGE: &str = "unable to create new content in namespace ns because it is being terminated";

fn status(code: u16, causes: &Value) -> Value {
    json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "message": MESSAGE, "details": {"causes": causes},
    })
}

fn api_error(code: u16, causes: &Value) -> kube::Error {
    let status = serde_json::from_value(status(code, causes)).unwrap();
    kube::Error::Api(status)
}

#[test]
fn what_is_refused_in_a_namespace_that_is_being_deleted_is_told_from_what_is_forbidden() {
    let terminating = json!([{"reason": "NamespaceTerminating", "field": "metadata.namespace"}]);
    let error = store_error(api_error(403, &terminating));
    assert_eq!(error, StoreError::Terminating);
    let error = store_error(api_error(403, &json!([])));
    assert!(matches!(error, StoreError::Transient { .. }), "{error:?}");
}

/// An API server that serves no pages, and of an Execution what is given.
fn without_pages(found: Option<Value>) -> Client {
    client(move |request: &Request| match (request.method(), &found) {
        (&Method::GET, Some(found)) => (StatusCode::OK, found.clone()),
        _ => (StatusCode::NOT_FOUND, status(404, &json!([]))),
    })
}

#[rstest]
#[case::is_there(Some("uid"), false)]
#[case::is_another_by_now(Some("another"), true)]
#[case::is_not_there(None, true)]
#[tokio::test]
async fn a_page_without_a_place_is_the_end_only_if_the_execution(
    #[case] found: Option<&str>,
    #[case] gone: bool,
) {
    let found = found.map(|uid| {
        let metadata = json!({"name": "e", "namespace": "ns", "uid": uid, "resourceVersion": "7"});
        json!({"metadata": metadata, "spec": {}})
    });
    let client = without_pages(found);
    let (context, execution) = (context(client.clone()), execution());
    let fixed = Fixed {
        arn: "arn".to_owned(),
        place: context.options.place.clone(),
        revision_id: "r".to_owned(),
    };
    let (writes, admission) = (context.writes.clone(), context.admission.clone());
    let store = ExecutionStore::new(client, writes, admission, fixed, &execution);
    let page = Page::new(PageKind::History, 0, "data".to_owned());
    let key = crate::execution::apply::execution_key(&execution).unwrap();
    let error = store.save_page(&key, &page).await.unwrap_err();
    match gone {
        true => assert_eq!(error, StoreError::Gone),
        false => assert!(matches!(error, StoreError::Transient { .. }), "{error:?}"),
    }
}
