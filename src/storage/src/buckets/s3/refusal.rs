//! What S3 says when it refuses a request. The library tells it in one sentence with all else;
//! here it is heard in parts.
//!
//! Source: Amazon S3 API reference, "Error responses".

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use object_store::client::{HttpClient, HttpError, HttpRequest, HttpResponse, HttpService};
use serde::Deserialize;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// S3's code, such as `NoSuchKey`; empty where there is none.
    pub(crate) code: String,
    /// What it says to people; empty where it says nothing.
    pub(crate) message: String,
    /// Names the request to AWS's support; empty where it has no name.
    pub(crate) request_id: String,
    /// The same, longer.
    pub(crate) host_id: String,
}

/// `<Error>` in the answer's body.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct ErrorBody {
    code: String,
    message: String,
    request_id: String,
    host_id: String,
}

impl Refusal {
    fn read(status: u16, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let error: ErrorBody = quick_xml::de::from_str(&text).unwrap_or_default();
        Self {
            status,
            code: error.code,
            message: error.message,
            request_id: error.request_id,
            host_id: error.host_id,
        }
    }
}

/// Whether the last request of a bucket was refused, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct LastAnswer(Arc<Mutex<Option<Refusal>>>);

impl LastAnswer {
    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, refusal: Option<Refusal>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = refusal;
    }
}

/// Sends requests and listens to their answers.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) client: HttpClient,
    pub(super) last_answer: LastAnswer,
}

#[async_trait]
impl HttpService for Listener {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.last_answer.set(None);
        let response = self.client.execute(request).await?;
        let status = response.status();
        if status.is_success() || status.is_informational() {
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = body.bytes().await?;
        self.last_answer
            .set(Some(Refusal::read(status.as_u16(), &body)));
        Ok(HttpResponse::from_parts(parts, body.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use rstest::rstest;

    #[rstest]
    #[case(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message><Key>a&amp;b</Key><RequestId>4442</RequestId><HostId>Lj+/=</HostId></Error>"#,
        ["NoSuchKey", "The specified key does not exist.", "4442", "Lj+/="]
    )]
    #[case(
        "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
        ["AccessDenied", "Access Denied", "", ""]
    )]
    #[case("", ["", "", "", ""])]
    #[case("<html>Bad Gateway", ["", "", "", ""])]
    fn an_answer_is_read_as_far_as_it_says_something(
        #[case] body: &str,
        #[case] expected: [&str; 4],
    ) {
        let [code, message, request_id, host_id] = expected;
        let expected = Refusal {
            status: 404,
            code: code.into(),
            message: message.into(),
            request_id: request_id.into(),
            host_id: host_id.into(),
        };
        assert_eq!(Refusal::read(404, body.as_bytes()), expected);
    }
}
