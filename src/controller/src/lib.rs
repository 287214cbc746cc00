//! The operator: reconciles StateMachines and Executions, elects a leader, reports how it is.
//!
//! A reconcile has five steps: dereference (client), validate (pure), decide (pure), apply
//! (client), status. Only the ends hold a client. Executions that started are carried by drivers
//! of the engine, one actor each.

mod admission;
pub mod arn;
mod backoff;
mod context;
mod definitions;
mod error;
mod events;
mod execution;
mod expiry;
mod finalizer;
mod finished;
mod health;
mod history_limits;
pub mod leadership;
mod leading;
pub mod lease;
mod live;
mod metrics;
mod observer;
pub mod options;
mod paging;
mod queue;
mod reconciling;
mod revision;
mod state_machine;
mod watching;

use std::sync::Arc;

use engine::ports::TaskRunner;
use kube::Client;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use arn::Place;
pub use execution::pages::load_page;
pub use leadership::Leadership;
pub use lease::LeaseOptions;
pub use options::Options;

use health::Phase;
use lease::Election;
use metrics::Metrics;

/// How the operator reaches the API server.
#[derive(Clone)]
pub struct Clients {
    /// For all that it does.
    pub work: Client,
    /// For the election alone, which must not wait for what there is to do; retries nothing.
    pub election: Client,
}

/// Why the operator ended without being told to.
#[derive(Debug, thiserror::Error)]
pub enum ControllerError {
    /// The lease could not be renewed, or another replica has it. The process is to exit: what
    /// it remembers may be out of date.
    #[error("this process is not the leader any more")]
    LeadershipLost,
    /// Health and metrics cannot be served.
    #[error("cannot serve health and metrics")]
    Serve(#[source] std::io::Error),
    /// A part of the operator ended unexpectedly.
    #[error("the {0} ended unexpectedly")]
    Ended(&'static str),
}

/// Runs the operator until `shutdown` is cancelled: then it takes up nothing new, finishes the
/// writes that are under way, and lets another replica lead at once.
///
/// # Errors
/// See [`ControllerError`].
pub async fn run(
    options: Options,
    runner: Arc<dyn TaskRunner>,
    clients: Clients,
    shutdown: CancellationToken,
) -> Result<(), ControllerError> {
    let metrics = Arc::new(Metrics::default());
    let (phase, phases) = watch::channel(Phase::Standby);
    let served = CancellationToken::new();
    let server = serve(&options, metrics.clone(), phases, served.clone());
    let work = async {
        let result = elect(options.clone(), runner, clients, metrics, &phase, &shutdown).await;
        served.cancel();
        result
    };
    // An operator that nobody can watch, such as one whose port is taken, is not to work.
    tokio::try_join!(server, work).map(|_| ())
}

async fn serve(
    options: &Options,
    metrics: Arc<Metrics>,
    phases: watch::Receiver<Phase>,
    served: CancellationToken,
) -> Result<(), ControllerError> {
    let Some(address) = options.listen else {
        return Ok(());
    };
    let result = health::run_server(address, metrics, phases, served).await;
    result.map_err(ControllerError::Serve)
}

/// Leads once this process may, and gives the lead back in the end.
async fn elect(
    options: Options,
    runner: Arc<dyn TaskRunner>,
    clients: Clients,
    metrics: Arc<Metrics>,
    phase: &watch::Sender<Phase>,
    shutdown: &CancellationToken,
) -> Result<(), ControllerError> {
    let client = clients.work;
    let Some(lease) = options.lease.clone() else {
        return leading::run(options, runner, client, metrics, phase, shutdown.clone()).await;
    };
    let mut election = Election::new(clients.election, lease);
    tracing::info!("waiting for the lease");
    tokio::select! {
        () = shutdown.cancelled() => return Ok(()),
        () = election.acquire() => {}
    }
    tracing::info!("leading");
    let lead = leading::run(options, runner, client, metrics, phase, shutdown.clone());
    let result = tokio::select! {
        result = lead => result,
        () = election.hold() => return Err(ControllerError::LeadershipLost),
    };
    election.release().await;
    result
}
