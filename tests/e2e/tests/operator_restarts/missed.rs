//! What a watch does not tell of that was broken off for too long: the API server says that it is
//! too late to go on, and gives a new list.

use std::sync::Arc;

use controller::{Clients, Options, Place};
use e2e::Scenario;
use e2e::definition::single;
use engine::ports::NoTasks;
use http::{Request, Response, Uri};
use kube::Client;
use kube::client::Body;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::service_fn;

use crate::{AWAY, begin};

/// What the API server answers a watch that goes on from what it does not remember.
const TOO_LATE: &str = r#"{"type": "ERROR", "object": {"apiVersion": "v1", "kind": "Status", "status": "Failure", "reason": "Expired", "message": "too old resource version", "code": 410}}"#;

/// An operator's watches of Executions: of those that have not ended, and of those to be redriven.
const WATCHES: usize = 2;

/// Whether those watches are kept out, and how many wait to be let in.
#[derive(Clone)]
struct Gap {
    lasts: Arc<watch::Sender<bool>>,
    waiting: Arc<watch::Sender<usize>>,
}

impl Gap {
    fn new() -> Self {
        Self {
            lasts: Arc::new(watch::Sender::new(false)),
            waiting: Arc::new(watch::Sender::new(0)),
        }
    }

    /// Returns once nothing is watched.
    async fn begin(&self) {
        self.lasts.send_replace(true);
        let mut waiting = self.waiting.subscribe();
        let all = waiting.wait_for(|waiting| *waiting == WATCHES);
        let _ = all.await.unwrap();
    }

    fn end(&self) {
        self.lasts.send_replace(false);
    }

    /// A client whose watches of Executions end after a second.
    fn client(&self, client: Client) -> Client {
        let gap = self.clone();
        let namespace = client.default_namespace().to_owned();
        let send = service_fn(move |mut request: Request<Body>| {
            let (gap, client) = (gap.clone(), client.clone());
            async move {
                if is_watch(request.uri()) {
                    if gap.stay_out().await {
                        return Ok(Response::new(Body::from(TOO_LATE.as_bytes().to_vec())));
                    }
                    *request.uri_mut() = for_a_second(request.uri());
                }
                client.send(request).await
            }
        });
        Client::new(send, namespace)
    }

    /// Whether there was a gap.
    async fn stay_out(&self) -> bool {
        let mut lasts = self.lasts.subscribe();
        if !*lasts.borrow_and_update() {
            return false;
        }
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _ = lasts.wait_for(|lasts| !*lasts).await.unwrap();
        true
    }
}

fn is_watch(uri: &Uri) -> bool {
    let query = uri.query().unwrap_or_default();
    uri.path().ends_with("/executions") && query.contains("watch=true")
}

fn for_a_second(uri: &Uri) -> Uri {
    let (before, after) = uri.query().unwrap().split_once("timeoutSeconds=").unwrap();
    let (_, after) = after.split_once('&').unwrap_or_default();
    let query = format!("{before}timeoutSeconds=1&{after}");
    format!("{}?{query}", uri.path()).parse().unwrap()
}

/// Lets one execution run at a time.
fn options(scenario: &Scenario) -> Options {
    let place = Place {
        partition: "aws".to_owned(),
        region: "us-east-1".to_owned(),
        account: "000000000000".to_owned(),
    };
    let mut options = Options::new(place, "missed");
    options.namespace = Some(scenario.namespace.clone());
    options.max_running_executions = 1;
    options
}

#[tokio::test]
async fn an_execution_that_was_deleted_while_nothing_was_watched_gives_its_place_to_another() {
    let (_turn, scenario, installed) = begin().await;
    installed.scale(0).await;
    let gap = Gap::new();
    let clients = Clients {
        work: gap.client(scenario.client.clone()),
        election: scenario.client.clone(),
    };
    let shutdown = CancellationToken::new();
    let operator = controller::run(
        options(&scenario),
        Arc::new(NoTasks),
        clients,
        shutdown.clone(),
    );
    let scene = async {
        let wait = single("Pause", json!({"Type": "Wait", "Seconds": 3600}));
        let first = scenario.run(&wait, json!({})).await;
        first.until_in("Pause").await;
        gap.begin().await;
        first.delete().await;
        first.until_gone().await;
        let second = scenario.start("machine-0", json!({})).await;
        gap.end();
        let in_it = |status: &crd::ExecutionStatus| status.current_states == ["Pause"];
        second.until("in its place", AWAY, in_it).await;
        shutdown.cancel();
    };
    let (ended, ()) = tokio::join!(operator, scene);
    ended.unwrap();
    installed.scale(1).await;
}
