//! What a watch does not tell of that was broken off for too long: the API server says that it is
//! too late to go on, and gives a new list.

use std::sync::Arc;

use controller::{Clients, Options, Place};
use crd::ExecutionStatus;
use crd::reasons::STATE_MACHINE_NOT_FOUND;
use e2e::definition::single;
use e2e::operator::Operator;
use e2e::{Run, Scenario};
use engine::ports::NoTasks;
use http::{Request, Response, Uri};
use kube::Client;
use kube::client::Body;
use serde_json::{Value, json};
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

/// Plays a scene with an operator of its own, in place of the installed one.
async fn play(scenario: &Scenario, gap: &Gap, scene: impl Future<Output = ()>) {
    let installed = Operator::new(&scenario.client);
    installed.scale(0).await;
    let clients = Clients {
        work: gap.client(scenario.client.clone()),
        election: scenario.client.clone(),
    };
    let shutdown = CancellationToken::new();
    let runner = Arc::new(NoTasks);
    let operator = controller::run(options(scenario), runner, clients, shutdown.clone());
    let scene = async {
        scene.await;
        shutdown.cancel();
    };
    let (ended, ()) = tokio::join!(operator, scene);
    ended.unwrap();
    installed.scale(1).await;
}

fn wait() -> Value {
    single("Pause", json!({"Type": "Wait", "Seconds": 3600}))
}

async fn until_it_pauses(run: &Run<'_>) {
    let pauses = |status: &ExecutionStatus| status.current_states == ["Pause"];
    run.until("in its turn", AWAY, pauses).await;
}

#[tokio::test]
async fn an_execution_that_was_deleted_while_nothing_was_watched_gives_its_place_to_another() {
    let (_turn, scenario, _) = begin().await;
    let gap = Gap::new();
    let scene = async {
        let first = scenario.run(&wait(), json!({})).await;
        until_it_pauses(&first).await;
        gap.begin().await;
        first.delete().await;
        first.until_gone().await;
        let second = scenario.start("machine-0", json!({})).await;
        gap.end();
        until_it_pauses(&second).await;
    };
    play(&scenario, &gap, scene).await;
}

#[tokio::test]
async fn an_execution_without_a_state_machine_holds_up_no_other_after_a_new_list() {
    let (_turn, scenario, _) = begin().await;
    let gap = Gap::new();
    let scene = async {
        let stuck = scenario.start("nothing", json!({})).await;
        let says_why = |status: &ExecutionStatus| {
            let conditions = &status.conditions;
            conditions
                .iter()
                .any(|one| one.reason.as_deref() == Some(STATE_MACHINE_NOT_FOUND))
        };
        stuck.until("told why it waits", AWAY, says_why).await;
        scenario.state_machine("machine", &wait()).await;
        gap.begin().await;
        let other = scenario.start("machine", json!({})).await;
        gap.end();
        until_it_pauses(&other).await;
    };
    play(&scenario, &gap, scene).await;
}
