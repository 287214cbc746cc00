//! An API server for tests that gives the answers it is told to give.

use std::io;
use std::sync::{Arc, Mutex};

use http::{Request, Response};
use kube::Client;
use kube::client::Body;
use serde_json::json;

/// In place of an answer: the connection breaks.
pub(crate) const BROKEN: (u16, &str) = (0, "");

/// The answers, in order, the last one again and again; and what was asked.
#[derive(Clone)]
pub(crate) struct Api {
    answers: Arc<[(u16, String)]>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Api {
    /// One that gives these answers, status and JSON body.
    pub(crate) fn answering(answers: &[(u16, &str)]) -> Self {
        let owned = answers.iter().map(|&(code, body)| (code, body.to_owned()));
        Self {
            answers: owned.collect(),
            requests: Arc::default(),
        }
    }

    pub(crate) fn client(&self) -> Client {
        let api = self.clone();
        let answer = move |request| {
            let answer = api.answer(&request);
            async move { answer }
        };
        Client::new(tower::service_fn(answer), "default")
    }

    /// What was asked so far: method and path of each request.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    fn answer(&self, request: &Request<Body>) -> io::Result<Response<Body>> {
        let mut requests = self.requests.lock().unwrap();
        let last = self.answers.len() - 1;
        let (code, body) = self.answers[requests.len().min(last)].clone();
        requests.push(format!("{} {}", request.method(), request.uri().path()));
        if code == BROKEN.0 {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let answer = Response::builder()
            .status(code)
            .header("content-type", "application/json")
            .body(Body::from(body.into_bytes()));
        Ok(answer.unwrap())
    }
}

/// A Kubernetes Status.
pub(crate) fn status(code: u16, reason: &str) -> String {
    json!({"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason}).to_string()
}
