//! Kubernetes Events: for people, best effort, off the path of executions.
//!
//! Each Event is an object of its own, because each is about another execution; kube's recorder,
//! which looks for earlier ones to count up, goes through all of the last six minutes for each.
//! What comes faster than the limit, or while the queue is full, is dropped and counted.

use std::sync::Arc;
use std::time::Duration;

use engine::ports::ExecutionKey;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client, Resource};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::Instant;

use crate::metrics::Metrics;

/// How many Events wait to be written at most.
const QUEUE: usize = 1024;
/// The longest note, in bytes.
const MAX_NOTE: usize = 1024;
/// How many Events may come at once.
const BURST: f64 = 100.0;

/// Something that people are told.
#[derive(Debug)]
pub struct Notice {
    /// About which execution.
    pub about: ExecutionKey,
    /// Whether something is wrong.
    pub warning: bool,
    /// Why, in PascalCase.
    pub reason: &'static str,
    /// What was done.
    pub action: &'static str,
    /// In words.
    pub note: String,
}

/// Takes notices.
#[derive(Clone)]
pub struct Events {
    queue: Option<Sender<Notice>>,
    metrics: Arc<Metrics>,
}

impl Events {
    /// Events at this rate a second; zero for none.
    #[must_use]
    pub fn start(client: Client, reporter: &str, rate: u32, metrics: Arc<Metrics>) -> Self {
        let queue = (rate > 0).then(|| {
            let (sender, receiver) = channel(QUEUE);
            let publisher = Publisher {
                client,
                reporter: reporter.to_owned(),
                metrics: metrics.clone(),
            };
            tokio::spawn(publisher.run(receiver, f64::from(rate)));
            sender
        });
        Self { queue, metrics }
    }

    /// Tells people, if there is room.
    pub fn tell(&self, notice: Notice) {
        if let Some(queue) = &self.queue
            && queue.try_send(notice).is_err()
        {
            self.metrics.event("dropped");
        }
    }
}

struct Publisher {
    client: Client,
    reporter: String,
    metrics: Arc<Metrics>,
}

impl Publisher {
    async fn run(self, mut queue: Receiver<Notice>, rate: f64) {
        let mut tokens = BURST;
        let mut last = Instant::now();
        while let Some(notice) = queue.recv().await {
            tokens = (tokens + last.elapsed().as_secs_f64() * rate).min(BURST);
            last = Instant::now();
            if tokens < 1.0 {
                self.metrics.event("dropped");
                continue;
            }
            tokens -= 1.0;
            self.publish(notice).await;
        }
    }

    async fn publish(&self, notice: Notice) {
        let events = Api::<Event>::namespaced(self.client.clone(), &notice.about.namespace);
        let event = build_event(notice, &self.reporter, Timestamp::now());
        let params = PostParams::default();
        let create = events.create(&params, &event);
        match tokio::time::timeout(Duration::from_secs(5), create).await {
            Ok(Ok(_)) => self.metrics.event("written"),
            Ok(Err(error)) => {
                self.metrics.event("failed");
                tracing::debug!(%error, "an Event was not written");
            }
            Err(_) => self.metrics.event("failed"),
        }
    }
}

fn build_event(notice: Notice, reporter: &str, now: Timestamp) -> Event {
    let mut note = notice.note;
    note.truncate(note.floor_char_boundary(MAX_NOTE));
    let about = notice.about;
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{}.{:x}", about.name, now.as_nanosecond())),
            namespace: Some(about.namespace.to_string()),
            ..ObjectMeta::default()
        },
        type_: Some(if notice.warning { "Warning" } else { "Normal" }.to_owned()),
        reason: Some(notice.reason.to_owned()),
        action: Some(notice.action.to_owned()),
        note: Some(note),
        event_time: Some(MicroTime(now)),
        reporting_controller: Some(crd::metadata::GROUP.to_owned() + "/sfn-operator"),
        reporting_instance: Some(reporter.to_owned()),
        regarding: Some(ObjectReference {
            api_version: Some(crd::Execution::api_version(&()).into_owned()),
            kind: Some(crd::Execution::kind(&()).into_owned()),
            name: Some(about.name.to_string()),
            namespace: Some(about.namespace.to_string()),
            uid: Some(about.uid.to_string()),
            ..ObjectReference::default()
        }),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_about_its_execution_and_its_note_is_cut() {
        let notice = Notice {
            about: ExecutionKey {
                namespace: "ns".into(),
                name: "e".into(),
                uid: "u".into(),
            },
            warning: true,
            reason: "TaskFailed",
            action: "RunTask",
            note: "ä".repeat(MAX_NOTE),
        };
        let event = build_event(notice, "pod-1", Timestamp::UNIX_EPOCH);
        assert_eq!(event.note.unwrap().len(), MAX_NOTE);
        assert_eq!(event.metadata.namespace.as_deref(), Some("ns"));
        assert_eq!(event.regarding.unwrap().uid.as_deref(), Some("u"));
        assert_eq!(event.type_.as_deref(), Some("Warning"));
    }
}
