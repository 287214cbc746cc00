//! Requests to the API server of the home cluster, as whoever a task acts for, with answers that
//! are bounded in size and time.

mod answer;
mod patience;

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request};
use http_body_util::BodyExt;
use kube::Client;
use kube::client::Body;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::debug;

pub(crate) use answer::{Answer, build_failure};
pub(crate) use patience::Patience;

use crate::settings::TaskLimits;

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";
/// The largest Kubernetes object that is read for our own use; etcd takes 1.5 MiB.
const OBJECT_BYTES: usize = 8 * 1024 * 1024;

/// In whose name a request is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Actor {
    /// In the name of the connection's own credentials.
    Operator,
    /// In the name of someone else, who needs all the rights for the request.
    User(Arc<[(HeaderName, HeaderValue)]>),
}

/// A request, ready to be sent any number of times.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    pub(crate) actor: Actor,
    pub(crate) method: Method,
    /// Path and query, both encoded.
    pub(crate) target: String,
    /// Content type and content.
    pub(crate) body: Option<(&'static str, Arc<[u8]>)>,
    /// The largest answer, in bytes.
    pub(crate) answer_bytes: usize,
}

impl Outgoing {
    /// A GET by the operator itself.
    pub(crate) fn get(target: String) -> Self {
        Self {
            actor: Actor::Operator,
            method: Method::GET,
            target,
            body: None,
            answer_bytes: OBJECT_BYTES,
        }
    }

    /// A request with a JSON body, whose answer is an object for our own use.
    pub(crate) fn json(actor: Actor, method: Method, target: String, body: &asl::Value) -> Self {
        Self {
            actor,
            method,
            target,
            body: Some((JSON, body.to_string().into_bytes().into())),
            answer_bytes: OBJECT_BYTES,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SendError {
    /// The request cannot be sent by HTTP at all.
    #[error("the request cannot be sent: {0}")]
    Malformed(String),
    /// The connection failed; the request may have been carried out nevertheless.
    #[error("the API server cannot be reached: {0}")]
    Unreachable(String),
    /// The answer is larger than allowed.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The answer did not end in time.
    #[error("the answer did not end within {} seconds", .0.as_secs())]
    TooSlow(Duration),
}

/// The API server of the home cluster.
#[derive(Clone)]
pub(crate) struct ApiServer {
    client: Client,
    turns: Arc<Semaphore>,
    answer_time: Duration,
}

impl ApiServer {
    /// At most `limits.requests_at_once` requests are on their way at a time.
    pub(crate) fn new(client: Client, limits: &TaskLimits) -> Self {
        Self {
            client,
            turns: Arc::new(Semaphore::new(limits.requests_at_once.max(1))),
            answer_time: limits.answer_time,
        }
    }

    /// The client for watches, which are not counted.
    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Sends a request once and reads the answer whole.
    pub(crate) async fn send(&self, outgoing: &Outgoing) -> Result<Answer, SendError> {
        let request = build_request(outgoing)?;
        // The semaphore is never closed; were it, requests would go unlimited, not be lost.
        let _turn = self.turns.acquire().await.ok();
        tokio::time::timeout(
            self.answer_time,
            self.exchange(request, outgoing.answer_bytes),
        )
        .await
        .unwrap_or(Err(SendError::TooSlow(self.answer_time)))
    }

    /// Sends a request that may be sent any number of times until the API server has time for it,
    /// with the pauses that it asks for. When the patience ends, gives what came last.
    pub(crate) async fn send_patiently(
        &self,
        outgoing: &Outgoing,
        mut patience: Patience,
    ) -> Result<Answer, SendError> {
        loop {
            let begun = Instant::now();
            let result = self.send(outgoing).await;
            let in_time = match &result {
                Ok(answer) if answer.may_succeed_later() => {
                    patience.try_pause(answer.retry_after()).await
                }
                Err(SendError::TooSlow(_)) => patience.try_pause(None).await,
                Err(SendError::Unreachable(_)) => patience.try_pause_unreached(begun).await,
                _ => false,
            };
            if !in_time {
                return result;
            }
        }
    }

    async fn exchange(&self, request: Request<Body>, limit: usize) -> Result<Answer, SendError> {
        let unreachable = |error: kube::Error| SendError::Unreachable(chain(&error));
        let (parts, mut stream) = self
            .client
            .send(request)
            .await
            .map_err(unreachable)?
            .into_parts();
        let mut body = Vec::new();
        while let Some(frame) = stream.frame().await {
            let Ok(data) = frame.map_err(unreachable)?.into_data() else {
                continue;
            };
            if body.len() + data.len() > limit {
                return Err(SendError::TooLarge(limit));
            }
            body.extend_from_slice(&data);
        }
        debug!(
            status = parts.status.as_u16(),
            bytes = body.len(),
            "the API server answered"
        );
        Ok(Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }
}

fn build_request(outgoing: &Outgoing) -> Result<Request<Body>, SendError> {
    let mut builder = Request::builder()
        .method(outgoing.method.clone())
        .uri(&outgoing.target)
        .header(ACCEPT, "application/json, */*;q=0.5");
    if let Actor::User(headers) = &outgoing.actor {
        for (name, value) in headers.iter() {
            builder = builder.header(name, value);
        }
    }
    if let Some((content_type, _)) = outgoing.body {
        builder = builder.header(CONTENT_TYPE, content_type);
    }
    let body = outgoing.body.as_ref().map(|(_, bytes)| bytes.to_vec());
    builder
        .body(Body::from(body.unwrap_or_default()))
        .map_err(|error| SendError::Malformed(error.to_string()))
}

/// An error with its sources, which say what really happened.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text = format!("{text}: {inner}");
        }
        source = error.source();
    }
    crate::parameters::shortened(&text, 1024)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    use super::{Actor, ApiServer, Outgoing, Patience, SendError, build_request};
    use crate::settings::TaskLimits;
    use http::header::{HeaderName, HeaderValue};
    use http::{Request, Response};
    use kube::client::Body;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn an_api_server_that_is_away_for_longer_than_the_patience_is_waited_for() {
        let back = Instant::now() + Duration::from_secs(60);
        let service = tower::service_fn(move |_: Request<Body>| {
            let is_away = Instant::now() < back;
            let answer = Response::builder().status(200).body(Body::empty());
            std::future::ready(match is_away {
                true => Err("connection refused".into()),
                false => answer.map_err(tower::BoxError::from),
            })
        });
        let client = kube::Client::new(service, "default");
        let api = ApiServer::new(client, &TaskLimits::default());
        let send = async |patience| {
            let request = Outgoing::get("/api".into());
            api.send_patiently(&request, patience).await
        };
        let ten = Duration::from_secs(10);
        let error = send(Patience::new(ten)).await.unwrap_err();
        assert!(matches!(error, SendError::Unreachable(_)), "{error}");
        let answer = send(Patience::beyond_outages(ten)).await.unwrap();
        assert_eq!(answer.status, 200);
    }

    /// An API server that has time for nothing but every third request.
    fn busy_api_server() -> ApiServer {
        let count = AtomicU32::new(0);
        let service = tower::service_fn(move |_: Request<Body>| {
            let answer = match count.fetch_add(1, Ordering::Relaxed) % 3 {
                2 => Response::builder().status(200),
                _ => Response::builder().status(429).header("Retry-After", "7"),
            };
            std::future::ready(answer.body(Body::empty()))
        });
        let client = kube::Client::new(service, "default");
        ApiServer::new(client, &TaskLimits::default())
    }

    #[tokio::test(start_paused = true)]
    async fn the_pauses_that_a_busy_api_server_asks_for_are_made() {
        let (api, start) = (busy_api_server(), Instant::now());
        let patience = Patience::new(Duration::from_secs(60));
        let request = Outgoing::get("/api".into());
        let answer = api.send_patiently(&request, patience).await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(start.elapsed() >= Duration::from_secs(14));
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_api_server_s_answer_is_given_when_the_patience_ends() {
        let patience = Patience::new(Duration::from_secs(10));
        let request = Outgoing::get("/api".into());
        let answer = busy_api_server().send_patiently(&request, patience).await;
        assert_eq!(answer.unwrap().status, 429);
    }

    #[test]
    fn a_request_carries_every_impersonated_group() {
        let group = HeaderName::from_static("impersonate-group");
        let headers = [
            (
                HeaderName::from_static("impersonate-user"),
                HeaderValue::from_static("u"),
            ),
            (group.clone(), HeaderValue::from_static("a")),
            (group, HeaderValue::from_static("b")),
        ];
        let outgoing = Outgoing {
            actor: Actor::User(headers.into()),
            ..Outgoing::get("/api".into())
        };
        let request = build_request(&outgoing).unwrap();
        let groups: Vec<_> = request
            .headers()
            .get_all("impersonate-group")
            .iter()
            .collect();
        assert_eq!(groups, ["a", "b"]);
        assert_eq!(request.headers()["impersonate-user"], "u");
    }

    #[test]
    fn a_target_that_is_no_path_is_refused() {
        let error = build_request(&Outgoing::get("/a b".into())).unwrap_err();
        assert!(matches!(error, SendError::Malformed(_)));
    }
}
