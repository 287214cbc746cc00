//! What two replicas do when the one that leads is told to end, is killed, or sleeps.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use e2e::definition::{chain, job, only_log, run_job, single};
use e2e::operator::{NAME, NAMESPACE, Operator};
use e2e::watch::PATIENCE;
use e2e::{Run, Scenario};
use futures::StreamExt;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::watch_object;
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::{begin, output};

/// Two Jobs, one after the other. The first runs when this returns.
async fn run_two_jobs(scenario: &Scenario) -> Run<'_> {
    let work = |name: &str, script: &str| run_job(&scenario.namespace, job(name, script));
    let definition = chain([
        ("First", work("first", "sleep 20; echo one")),
        ("Second", work("second", "echo two")),
    ]);
    let run = scenario.run(&definition, json!({})).await;
    run.until_job_runs().await;
    run
}

/// Each Job was asked for once, and the history knows of no other.
async fn expect_each_job_once(scenario: &Scenario, run: &Run<'_>) {
    assert_eq!(only_log(&output(run).await), "two\n");
    assert_eq!(scenario.created_jobs().await, ["first", "second"]);
    let audit = scenario.audit.as_ref();
    let requests = audit.map(|audit| audit.requests(&scenario.namespace, "jobs"));
    let asked = requests.map(|mut requests| {
        requests.retain(|request| request.verb == "create");
        requests.len()
    });
    assert!(asked.is_none_or(|asked| asked == 2), "{asked:?}");
    let types = run.event_types().await;
    let count = |kind: &str| types.iter().filter(|found| *found == kind).count();
    assert_eq!((count("TaskScheduled"), count("TaskSucceeded")), (2, 2));
}

/// Everybody who held the Lease, one after the other; nobody is an empty name.
struct Holders(Arc<Mutex<Vec<String>>>);

impl Holders {
    fn watch(client: &Client) -> Self {
        let leases = Api::<Lease>::namespaced(client.clone(), NAMESPACE);
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        tokio::spawn(async move {
            let mut states = std::pin::pin!(watch_object(leases, NAME).default_backoff());
            while let Some(state) = states.next().await {
                let spec = state.ok().flatten().and_then(|lease: Lease| lease.spec);
                let holder = spec.and_then(|spec| spec.holder_identity);
                let holder = holder.unwrap_or_default();
                let mut noted = noted.lock().unwrap();
                if noted.last() != Some(&holder) {
                    noted.push(holder);
                }
            }
        });
        Self(seen)
    }

    /// All of them up to this one, which another watch may have shown before this one does.
    async fn seen_until(&self, last: &str) -> Vec<String> {
        let seen = || self.0.lock().unwrap().clone();
        let noted = async {
            while !seen().iter().any(|holder| holder == last) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, noted).await;
        assert!(in_time.is_ok(), "{last} is not among {:?}", seen());
        seen()
    }
}

/// The two replicas: the one that leads, and the other.
async fn two_replicas(operator: &Operator) -> (Pod, Pod) {
    operator.scale(2).await;
    let leader = operator.leader().await;
    let pods = operator.until_ready(2).await;
    let other = pods
        .into_iter()
        .find(|pod| pod.name_any() != leader.name_any());
    (leader, other.unwrap())
}

async fn until_held_by(operator: &Operator, pod: &Pod) -> i32 {
    let name = pod.name_any();
    let what = format!("held by {name}");
    let held = |lease: &LeaseSpec| lease.holder_identity.as_ref() == Some(&name);
    let lease = operator.until_lease(&what, held).await;
    lease.lease_transitions.unwrap_or_default()
}

/// Who leads after a pod that was deleted: the other replica, or the one that takes its place.
async fn until_taken_over(operator: &Operator, from: &Pod) -> String {
    let before = from.name_any();
    let what = format!("taken over from {before}");
    let holder = |lease: &LeaseSpec| lease.holder_identity.clone().unwrap_or_default();
    let taken = |lease: &LeaseSpec| !holder(lease).is_empty() && holder(lease) != before;
    holder(&operator.until_lease(&what, taken).await)
}

#[tokio::test]
async fn a_leader_that_is_told_to_end_hands_over_at_once() {
    let (_turn, scenario, operator) = begin().await;
    let (leader, _) = two_replicas(&operator).await;
    let holders = Holders::watch(&scenario.client);
    let run = run_two_jobs(&scenario).await;
    let name = leader.name_any();
    let _ = e2e::kubectl::kubectl(
        &["delete", "pod", "-n", NAMESPACE, &name, "--wait=false"],
        "",
    );
    let next = until_taken_over(&operator, &leader).await;
    // it gave the Lease away, so that nobody waited for that to expire
    let seen = holders.seen_until(&next).await;
    assert_eq!(seen, [name, String::new(), next]);
    expect_each_job_once(&scenario, &run).await;
    operator.scale(1).await;
}

#[tokio::test]
async fn another_replica_takes_over_when_the_leader_is_killed() {
    let (_turn, scenario, operator) = begin().await;
    let (leader, _) = two_replicas(&operator).await;
    let signals = operator.signals(&scenario.namespace).await;
    let holders = Holders::watch(&scenario.client);
    let run = run_two_jobs(&scenario).await;
    // a signal that comes before the one that kills is not heard by who sleeps
    signals.send(&leader, "STOP");
    operator.lose(&leader);
    let next = until_taken_over(&operator, &leader).await;
    let seen = holders.seen_until(&next).await;
    assert_eq!(seen, [leader.name_any(), next]);
    expect_each_job_once(&scenario, &run).await;

    // the new leader serves what is new
    let echo = scenario
        .run(&single("Echo", json!({"Type": "Pass"})), json!(2))
        .await;
    assert_eq!(output(&echo).await, json!(2));
    operator.scale(1).await;
}

#[tokio::test]
async fn a_leader_that_slept_finds_that_another_leads_and_harms_nothing() {
    let (_turn, scenario, operator) = begin().await;
    let (leader, other) = two_replicas(&operator).await;
    let signals = operator.signals(&scenario.namespace).await;
    let run = run_two_jobs(&scenario).await;
    signals.send(&leader, "STOP");
    let transitions = until_held_by(&operator, &other).await;
    signals.send(&leader, "CONT");
    // it ended by itself: by no signal, and not in peace
    assert_eq!(operator.until_restarted(&leader).await, Some(2));
    expect_each_job_once(&scenario, &run).await;
    assert_eq!(until_held_by(&operator, &other).await, transitions);
    operator.scale(1).await;
}
