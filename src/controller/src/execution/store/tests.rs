use serde_json::{Value, json};

use super::*;

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
