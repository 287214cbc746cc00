//! What the HTTP client of Step Functions adds to the answers of services.

use asl::Value;
use asl::value::{Object, ObjectBuilder};

const DATE: &str = "2024-01-01T00:00:00Z";
const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";
const TRACE_ID: &str = "root=1-00000000-000000000000000000000000;sampled=0";

/// `lambda:invoke`'s answer around a payload.
pub(super) fn lambda_answer(payload: &Value) -> Object {
    let length = payload.to_string().len().to_string();
    let headers = [
        ("X-Amz-Executed-Version", "$LATEST"),
        ("x-amzn-Remapped-Content-Length", "0"),
        ("Connection", "keep-alive"),
        ("x-amzn-RequestId", REQUEST_ID),
        ("Content-Length", &length),
        ("Date", DATE),
        ("X-Amzn-Trace-Id", TRACE_ID),
        ("Content-Type", "application/json"),
    ];
    let (mut all, mut single) = (ObjectBuilder::default(), ObjectBuilder::default());
    for (name, value) in headers {
        all.set(name.into(), Value::from(vec![Value::from(value)]));
        single.set(name.into(), Value::from(value));
    }
    let metadata = ObjectBuilder::default()
        .with("AllHttpHeaders", all.build())
        .with("HttpHeaders", single.build())
        .with("HttpStatusCode", 200);
    let response = ObjectBuilder::default().with("RequestId", REQUEST_ID);
    ObjectBuilder::default()
        .with("ExecutedVersion", "$LATEST")
        .with("Payload", Value::Null)
        .with("SdkHttpMetadata", metadata.build())
        .with("SdkResponseMetadata", response.build())
        .with("StatusCode", 200)
        .build()
}
