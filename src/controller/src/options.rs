//! What the operator is told.

use std::net::SocketAddr;
use std::time::Duration;

use asl::machine::Limits;

use crate::arn::Place;
use crate::lease::LeaseOptions;

/// How the operator runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The namespace to serve; all if absent.
    pub namespace: Option<String>,
    /// What ARNs are made of.
    pub place: Place,
    /// How many objects of a kind are reconciled at the same time.
    pub concurrency: u16,
    /// How many writes of executions are under way at the same time.
    pub write_concurrency: usize,
    /// How many executions run at the same time; others wait in the order of their creation.
    pub max_running_executions: usize,
    /// What bounds an execution.
    pub limits: Limits,
    /// Where to serve health and metrics; nowhere if absent.
    pub listen: Option<SocketAddr>,
    /// How to elect a leader; without, this process leads.
    pub lease: Option<LeaseOptions>,
    /// Kubernetes Events a second at most; zero for none.
    pub events_per_second: u32,
    /// How many revisions of a state machine are kept besides those in use.
    pub revision_history_limit: usize,
    /// Who this process is, in Events: the pod's name.
    pub identity: String,
}

impl Options {
    /// Sensible for a cluster's size up to 10,000 executions in progress.
    #[must_use]
    pub fn new(place: Place, identity: &str) -> Self {
        Self {
            namespace: None,
            place,
            concurrency: 16,
            write_concurrency: 64,
            max_running_executions: 10_000,
            limits: Limits {
                // An execution that has much to do at once lets others in between.
                states_per_step: 2_000,
                time_per_step: Duration::from_millis(50),
                ..Limits::default()
            },
            listen: None,
            lease: None,
            events_per_second: 20,
            revision_history_limit: 5,
            identity: identity.to_owned(),
        }
    }
}
