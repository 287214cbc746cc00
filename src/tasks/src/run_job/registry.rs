//! Who waits for which Job, and how the watches are.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{self, Event};
use tokio::sync::watch;
use tracing::{debug, warn};

use super::view::{JobView, Observed, PodView, is_pod_of};
use super::watched_job::WatchedJob;
use crate::marks::TASK_ID;

/// How long the first listing is waited for.
const LISTING: Duration = Duration::from_secs(10);

/// Which Job a task waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Awaited {
    /// The task's label.
    pub(crate) label: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// A task that waits: hears of its Job and pods until it is dropped.
pub(crate) struct Subscription {
    awaited: Awaited,
    registry: Arc<Registry>,
    observed: watch::Receiver<Observed>,
    health: watch::Receiver<Health>,
    /// Pods were listed before this task waited: those that it has already are not known.
    pub(crate) late: bool,
}

/// All tasks that wait, by their labels.
#[derive(Default)]
pub(super) struct Registry {
    tasks: Mutex<HashMap<String, Waiting>>,
    health: watch::Sender<Health>,
}

struct Waiting {
    awaited: Awaited,
    observed: watch::Sender<Observed>,
}

/// How the watches are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Health {
    pub(super) jobs: Feed,
    pub(super) pods: Feed,
}

/// How one watch is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Feed {
    listed: bool,
    trouble: Option<String>,
}

impl Subscription {
    pub(super) fn new(registry: Arc<Registry>, awaited: Awaited) -> Self {
        let mut health = registry.health.subscribe();
        let late = health.borrow_and_update().pods.listed;
        Self {
            observed: registry.register(&awaited),
            awaited,
            registry,
            health,
            late,
        }
    }

    /// The Job that is waited for.
    pub(crate) fn awaited(&self) -> &Awaited {
        &self.awaited
    }

    /// Whether the first listing of all Jobs, which may be under way, shows this one. After a
    /// restart this spares each task a request of its own.
    pub(crate) async fn is_listed(&mut self) -> bool {
        let listed = self.health.wait_for(|health| health.jobs.listed);
        let in_time = tokio::time::timeout(LISTING, listed).await.is_ok();
        in_time && self.observed.borrow().job.is_some()
    }

    /// What is known now.
    pub(crate) fn now(&mut self) -> Observed {
        self.observed.borrow_and_update().clone()
    }

    /// Returns when there is news of Job, pods or watches.
    pub(crate) async fn changed(&mut self) {
        // The registry, which this holds, keeps both senders.
        tokio::select! {
            _ = self.observed.changed() => {}
            _ = self.health.changed() => {}
        }
    }

    /// Why there may be no news, if the watches do not work.
    pub(crate) fn trouble(&mut self) -> Option<String> {
        let health = self.health.borrow_and_update();
        let trouble = health
            .jobs
            .trouble
            .as_ref()
            .or(health.pods.trouble.as_ref());
        trouble.cloned()
    }

    /// Takes in what was read of the Job other than by the watch.
    pub(crate) fn see_job(&self, job: JobView) {
        self.change(|observed| observed.see_job(job));
    }

    /// Takes in that the Job was looked for in vain.
    pub(crate) fn lose_job(&self) {
        self.change(Observed::lose_job);
    }

    /// Takes in what was read of a pod other than by the watch.
    pub(crate) fn see_pod(&self, pod: PodView) {
        self.change(|observed| observed.see_pod(pod));
    }

    fn change(&self, change: impl FnOnce(&mut Observed) -> bool) {
        if let Some(waiting) = self.registry.lock().get(&self.awaited.label) {
            waiting.observed.send_if_modified(change);
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut tasks = self.registry.lock();
        let last = tasks
            .get(&self.awaited.label)
            .is_some_and(|waiting| waiting.observed.receiver_count() <= 1);
        if last {
            tasks.remove(&self.awaited.label);
        }
    }
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Waiting>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn register(&self, awaited: &Awaited) -> watch::Receiver<Observed> {
        let mut tasks = self.lock();
        let waiting = tasks
            .entry(awaited.label.clone())
            .or_insert_with(|| Waiting {
                awaited: awaited.clone(),
                observed: watch::Sender::new(Observed::default()),
            });
        waiting.observed.subscribe()
    }

    /// A Job was seen, or it left the cluster in this state.
    pub(super) fn job_event(&self, job: &WatchedJob, deleted: bool) {
        let tasks = self.lock();
        let Some(waiting) = job.label().and_then(|label| tasks.get(label)) else {
            return;
        };
        let Some(view) = JobView::read(job.object()) else {
            return;
        };
        // A copy that somebody made of the Job, labels and all, is not the task's.
        if view.name != waiting.awaited.name || view.namespace != waiting.awaited.namespace {
            return;
        }
        waiting.observed.send_if_modified(|observed| {
            let seen = observed.see_job(view);
            let lost = deleted && observed.lose_job();
            seen || lost
        });
    }

    pub(super) fn pod_event(&self, pod: &Pod) {
        let labels = pod.metadata.labels.as_ref();
        let tasks = self.lock();
        let Some(waiting) = labels.and_then(|labels| tasks.get(labels.get(TASK_ID)?)) else {
            return;
        };
        let here = pod.metadata.namespace.as_ref() == Some(&waiting.awaited.namespace);
        if !here || !is_pod_of(pod, &waiting.awaited.name) {
            return;
        }
        if let Some(view) = PodView::read(pod) {
            waiting
                .observed
                .send_if_modified(|observed| observed.see_pod(view));
        }
    }

    /// All Jobs were listed, and these were among them.
    pub(super) fn jobs_listed(&self, listed: &HashSet<String>) {
        let tasks = self.lock();
        for waiting in tasks
            .values()
            .filter(|waiting| !listed.contains(&waiting.awaited.label))
        {
            waiting.observed.send_if_modified(Observed::miss_job);
        }
    }

    fn feed(&self, which: fn(&mut Health) -> &mut Feed, change: impl FnOnce(&mut Feed)) {
        self.health.send_if_modified(|health| {
            let feed = which(health);
            let before = feed.clone();
            change(feed);
            *feed != before
        });
    }

    /// Notes how a watch is.
    pub(super) fn note<K>(
        &self,
        what: &str,
        which: fn(&mut Health) -> &mut Feed,
        event: &watcher::Result<Event<K>>,
    ) {
        match event {
            Ok(event) => self.feed(which, |feed| {
                feed.trouble = None;
                feed.listed |= matches!(event, Event::InitDone);
            }),
            Err(error) => {
                let error = crate::api_server::chain(error);
                warn!(error, "the watch on {what} broke off");
                let trouble = format!("the operator cannot watch {what}: {error}");
                // A watch that breaks off comes back by itself, and thousands of tasks telling of
                // it would be thousands of writes. One that never began needs people.
                self.feed(which, |feed| {
                    feed.trouble = (!feed.listed).then_some(trouble)
                });
            }
        }
        if matches!(event, Ok(Event::InitDone)) {
            debug!("{what} are listed");
        }
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
