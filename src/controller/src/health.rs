//! `/healthz`, `/readyz` and `/metrics`.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::metrics::Metrics;

/// How far the process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It waits for the lease: ready to take over.
    Standby,
    /// It leads, and reads what there is.
    Syncing,
    /// It leads.
    Leading,
    /// It is to stop.
    Stopping,
}

impl Phase {
    fn is_ready(self) -> bool {
        matches!(self, Self::Standby | Self::Leading)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Standby => "standing by: another replica leads",
            Self::Syncing => "waiting for the first list of StateMachines and Executions",
            Self::Leading => "leading",
            Self::Stopping => "stopping",
        }
    }
}

#[derive(Clone)]
struct Served {
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
}

/// Serves until `shutdown`.
///
/// # Errors
/// The address cannot be listened on.
pub async fn run_server(
    address: SocketAddr,
    metrics: Arc<Metrics>,
    phase: watch::Receiver<Phase>,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let listener = TcpListener::bind(address).await?;
    tracing::info!(address = %listener.local_addr()?, "serving /healthz, /readyz and /metrics");
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(scrape))
        .with_state(Served { metrics, phase });
    axum::serve(listener, router)
        .with_graceful_shutdown(shutdown.cancelled_owned())
        .await
}

async fn ready(State(served): State<Served>) -> impl IntoResponse {
    let phase = *served.phase.borrow();
    let code = match phase.is_ready() {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (code, format!("{}\n", phase.words()))
}

async fn scrape(State(served): State<Served>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], served.metrics.encode())
}
