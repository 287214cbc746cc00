//! What reconciles share, for tests, and an API server that gives the answers it is told to give.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use crd::{Execution, ExecutionSpec, ExecutionStatus, RunStatus};
use engine::ports::NoTasks;
use kube::Client;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::arn::Place;
use crate::context::Context;
use crate::leading::set_up;
use crate::options::Options;

/// A client of an API server that answers so.
pub fn client(
    answer: impl Fn(&Request) -> (StatusCode, Value) + Clone + Send + Sync + 'static,
) -> Client {
    let answer = move |request: Request| {
        let (code, body) = answer(&request);
        std::future::ready((code, body.to_string()))
    };
    Client::new(Router::new().fallback(answer), "default")
}

/// A context with that client, which writes no Events.
pub fn context(client: Client) -> Arc<Context> {
    let place = Place {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account: "123456789012".to_owned(),
    };
    let options = Options {
        events_per_second: 0,
        ..Options::new(place, "test")
    };
    let (metrics, shutdown) = (Arc::default(), CancellationToken::new());
    let (context, _) = set_up(options, Arc::new(NoTasks), client, metrics, shutdown);
    context
}

/// An Execution that runs.
pub fn execution() -> Execution {
    let mut execution = Execution::new("e", ExecutionSpec::default());
    execution.metadata.namespace = Some("ns".to_owned());
    execution.metadata.uid = Some("uid".to_owned());
    execution.status = Some(ExecutionStatus {
        status: Some(RunStatus::Running),
        ..ExecutionStatus::default()
    });
    execution
}
