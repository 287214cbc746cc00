//! An answer of the API server, and how workflows see it.
//!
//! Source: Step Functions developer guide, "Call Amazon EKS with Step Functions": results have
//! `ResponseBody`, `StatusCode`, `StatusText` and `ResponseHeaders`, failures the error name
//! `EKS.<status code>` and a JSON text as Cause.

use std::time::Duration;

use asl::Value;
use asl::errors::Fault;
use asl::value::{Key, MAX_DEPTH, ObjectBuilder, parse_bytes};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};

use crate::parameters::shortened;

/// The longest pause that the API server may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// An answer, read whole.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// An answer that the API server gave to an earlier sending of the same request, as far as
    /// it is known.
    pub(crate) fn recalled(status: StatusCode, body: &Value) -> Self {
        let json = http::HeaderValue::from_static(super::JSON);
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            body: body.to_string().into_bytes(),
        }
    }

    /// The same answer with another JSON body.
    pub(crate) fn with_value(self, value: &Value) -> Self {
        Self {
            body: value.to_string().into_bytes(),
            ..self
        }
    }

    /// Whether the request was carried out. One that an answer leads elsewhere (3xx) was not.
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Whether the request was refused for trouble of the API server's, or of the kubelet's
    /// behind it, that time will mend.
    pub(crate) fn may_succeed_later(&self) -> bool {
        self.status.is_server_error() || self.status == StatusCode::TOO_MANY_REQUESTS
    }

    /// The body: the value of JSON, else the text; null when there is none. JSON that is nested
    /// too deep for a result, where it stands in an object, is text as well.
    pub(crate) fn value(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        let content_type = self.headers.get(CONTENT_TYPE);
        let is_json = content_type
            .is_some_and(|value| value.to_str().is_ok_and(|value| value.contains("json")));
        let json = is_json.then(|| parse_bytes(&self.body).ok()).flatten();
        let json = json.filter(|value| value.depth() < MAX_DEPTH);
        json.unwrap_or_else(|| Value::from(self.text()))
    }

    /// The body as text; bytes that are not UTF-8 become replacement characters.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The `reason` of a Kubernetes Status, such as `AlreadyExists`.
    pub(crate) fn reason(&self) -> Option<String> {
        Some(self.value().get("reason")?.as_str()?.to_owned())
    }

    /// What a Kubernetes Status says, else the start of the body.
    pub(crate) fn message(&self) -> String {
        let value = self.value();
        match value.get("message").and_then(Value::as_str) {
            Some(message) => shortened(message, 1024),
            None => shortened(&self.text(), 1024),
        }
    }

    /// How long the API server asks to be left alone, as far as that is heeded.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds).min(LONGEST_ASKED))
    }

    /// The result of a task: body, status and headers.
    pub(crate) fn envelope(&self) -> Value {
        envelope(self.value(), self.status)
            .with("ResponseHeaders", build_headers(&self.headers))
            .build()
            .into()
    }

    /// The fault of a task whose request was refused.
    pub(crate) fn fault(&self, cause_bytes: usize) -> Fault {
        build_failure(self.status, self.value(), cause_bytes)
    }
}

/// The fault `EKS.<code>`. A body that would make the Cause too long is cut, and is text then.
pub(crate) fn build_failure(status: StatusCode, body: Value, cause_bytes: usize) -> Fault {
    let cause = Value::from(envelope(body.clone(), status).build()).to_string();
    let cause = if cause.len() <= cause_bytes {
        cause
    } else {
        let text = shortened(&body.to_string(), cause_bytes / 4);
        Value::from(envelope(text.into(), status).build()).to_string()
    };
    Fault::new(&format!("EKS.{}", status.as_u16()), cause)
}

fn envelope(body: Value, status: StatusCode) -> ObjectBuilder {
    let text = status.canonical_reason().unwrap_or_default();
    ObjectBuilder::with_capacity(4)
        .with("ResponseBody", body)
        .with("StatusCode", i64::from(status.as_u16()))
        .with("StatusText", text)
}

/// Headers as a map of lists, their names as the API server writes them (`Audit-Id`).
fn build_headers(headers: &HeaderMap) -> Value {
    let mut builder = ObjectBuilder::default();
    for name in headers.keys() {
        let values = headers.get_all(name).iter();
        let values: Vec<Value> = values
            .map(|value| Value::from(String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        builder.set(Key::from(canonical(name.as_str())), Value::from(values));
    }
    builder.build().into()
}

/// `audit-id` becomes `Audit-Id`.
fn canonical(name: &str) -> String {
    let mut start = true;
    name.chars()
        .map(|letter| {
            let upper = std::mem::replace(&mut start, letter == '-');
            if upper {
                letter.to_ascii_uppercase()
            } else {
                letter
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Answer, build_failure};
    use asl::Value;
    use asl::value::{MAX_DEPTH, parse};
    use http::{HeaderMap, HeaderValue, StatusCode, header};
    use rstest::rstest;

    fn answer(status: u16, content_type: &'static str, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        headers.append("audit-id", HeaderValue::from_static("7"));
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_result_has_body_status_and_headers() {
        let envelope = answer(201, "application/json", r#"{"kind":"Job"}"#).envelope();
        assert_eq!(
            envelope.to_string(),
            r#"{"ResponseBody":{"kind":"Job"},"StatusCode":201,"StatusText":"Created","ResponseHeaders":{"Content-Type":["application/json"],"Audit-Id":["7"]}}"#
        );
    }

    #[rstest]
    #[case("application/json", "42", "42")]
    #[case("application/json", "not json", "\"not json\"")]
    #[case("text/plain", "42", "\"42\"")]
    #[case("application/json", "", "null")]
    fn a_body_that_is_not_json_is_text(
        #[case] content_type: &'static str,
        #[case] body: &str,
        #[case] expected: &str,
    ) {
        let value = answer(200, content_type, body).value();
        assert_eq!(value, parse(expected).unwrap());
    }

    #[test]
    fn a_refusal_is_named_after_its_status() {
        let body = r#"{"kind":"Status","reason":"NotFound","code":404}"#;
        let fault = answer(404, "application/json", body).fault(1000);
        assert_eq!(fault.name(), "EKS.404");
        assert_eq!(
            fault.cause.as_deref().unwrap(),
            format!(r#"{{"ResponseBody":{body},"StatusCode":404,"StatusText":"Not Found"}}"#)
        );
    }

    #[test]
    fn a_huge_refusal_is_cut_and_its_cause_is_still_json() {
        let body = Value::from("\"".repeat(10_000));
        let fault = build_failure(StatusCode::BAD_GATEWAY, body, 1000);
        let cause = fault.cause.unwrap();
        assert!(cause.len() <= 1000, "{}", cause.len());
        assert_eq!(
            parse(&cause).unwrap().get("StatusCode").unwrap().as_i64(),
            Some(502)
        );
    }

    #[rstest]
    #[case(99, true)]
    #[case(100, false)]
    fn a_result_is_never_nested_too_deep(#[case] levels: usize, #[case] json: bool) {
        let body = "[".repeat(levels) + &"]".repeat(levels);
        let envelope = answer(200, "application/json", &body).envelope();
        assert!(envelope.depth() <= MAX_DEPTH);
        let body = envelope.get("ResponseBody").unwrap();
        assert_eq!(body.as_array().is_some(), json);
    }

    #[rstest]
    #[case(200, true)]
    #[case(204, true)]
    #[case(301, false)]
    #[case(304, false)]
    #[case(404, false)]
    fn what_leads_elsewhere_is_no_success(#[case] status: u16, #[case] expected: bool) {
        assert_eq!(answer(status, "text/plain", "").is_success(), expected);
    }

    #[rstest]
    #[case("7", Some(7))]
    #[case("86400", Some(60))]
    #[case("Thu, 26 Nov 2026 08:00:00 GMT", None)]
    fn a_pause_that_is_asked_for_is_no_longer_than_a_minute(
        #[case] asked: &'static str,
        #[case] expected: Option<u64>,
    ) {
        let mut answer = answer(429, "text/plain", "");
        let value = HeaderValue::from_static(asked);
        answer.headers.insert(header::RETRY_AFTER, value);
        let pause = answer.retry_after().map(|pause| pause.as_secs());
        assert_eq!(pause, expected);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced() {
        let mut answer = answer(200, "text/plain", "");
        answer.body = vec![b'a', 0xff, b'b'];
        assert_eq!(answer.value(), Value::from("a\u{fffd}b"));
    }
}
