//! One watch on the Jobs and one on the pods of all tasks; each task hears of its own.
//!
//! The watches begin with the first task that waits. They hold nothing of Jobs that no task waits
//! for, so what has finished costs no memory.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{debug, warn};

use super::view::{JobView, Observed, PodView, is_pod_of};
use super::watched_job::WatchedJob;
use crate::marks::TASK_ID;

/// The watches, and who waits for what.
pub(crate) struct JobWatch {
    client: Client,
    registry: Arc<Registry>,
    following: OnceLock<JoinSet<()>>,
}

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

struct Registry {
    tasks: Mutex<HashMap<String, Waiting>>,
    health: watch::Sender<Health>,
}

struct Waiting {
    awaited: Awaited,
    observed: watch::Sender<Observed>,
}

/// How the watches are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Health {
    jobs: Feed,
    pods: Feed,
}

/// How one watch is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Feed {
    listed: bool,
    trouble: Option<String>,
}

impl JobWatch {
    pub(crate) fn new(client: Client) -> Self {
        let registry = Registry {
            tasks: Mutex::default(),
            health: watch::Sender::new(Health::default()),
        };
        Self {
            client,
            registry: Arc::new(registry),
            following: OnceLock::new(),
        }
    }

    /// From here on the task hears of its Job. To be called before the Job is made.
    pub(crate) fn subscribe(&self, awaited: Awaited) -> Subscription {
        let mut health = self.registry.health.subscribe();
        let late = health.borrow_and_update().pods.listed;
        let observed = self.registry.register(&awaited);
        self.following.get_or_init(|| {
            let mut tasks = JoinSet::new();
            tasks.spawn(follow_jobs(self.client.clone(), self.registry.clone()));
            tasks.spawn(follow_pods(self.client.clone(), self.registry.clone()));
            tasks
        });
        Subscription {
            awaited,
            registry: self.registry.clone(),
            observed,
            health,
            late,
        }
    }
}

impl Subscription {
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
    fn job_event(&self, job: &WatchedJob, deleted: bool) {
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

    fn pod_event(&self, pod: &Pod) {
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
    fn jobs_listed(&self, listed: &HashSet<String>) {
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
}

fn watcher_config() -> watcher::Config {
    watcher::Config::default().labels(TASK_ID)
}

async fn follow_jobs(client: Client, registry: Arc<Registry>) {
    let jobs = Api::<WatchedJob>::all(client);
    let mut stream = watch_objects(jobs, watcher_config())
        .default_backoff()
        .boxed();
    let mut listed = HashSet::new();
    while let Some(event) = stream.next().await {
        registry.note("Jobs", |health| &mut health.jobs, &event);
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(job)) => {
                registry.job_event(&job, false);
                listed.extend(job.label().map(str::to_owned));
            }
            Ok(Event::InitDone) => registry.jobs_listed(&std::mem::take(&mut listed)),
            Ok(Event::Apply(job)) => registry.job_event(&job, false),
            Ok(Event::Delete(job)) => registry.job_event(&job, true),
            Err(_) => {}
        }
    }
}

async fn follow_pods(client: Client, registry: Arc<Registry>) {
    let pods = Api::<Pod>::all(client);
    let mut stream = watch_objects(pods, watcher_config())
        .default_backoff()
        .boxed();
    while let Some(event) = stream.next().await {
        registry.note("pods", |health| &mut health.pods, &event);
        if let Ok(Event::InitApply(pod) | Event::Apply(pod) | Event::Delete(pod)) = event {
            registry.pod_event(&pod);
        }
    }
}

impl Registry {
    /// Notes how a watch is.
    fn note<K>(
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
                self.feed(which, |feed| feed.trouble = Some(trouble));
            }
        }
        if matches!(event, Ok(Event::InitDone)) {
            debug!("{what} are listed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Awaited, Health, Registry, Subscription};
    use crate::run_job::view::End;
    use crate::run_job::watched_job::WatchedJob;
    use asl::value::parse;
    use std::collections::HashSet;
    use std::sync::Arc;
    use tokio::sync::watch;

    fn subscription() -> Subscription {
        let registry = Arc::new(Registry {
            tasks: std::sync::Mutex::default(),
            health: watch::Sender::new(Health::default()),
        });
        let awaited = Awaited {
            label: "task".into(),
            namespace: "ns".into(),
            name: "job".into(),
        };
        Subscription {
            observed: registry.register(&awaited),
            health: registry.health.subscribe(),
            awaited,
            registry,
            late: false,
        }
    }

    fn job(name: &str, status: &str) -> WatchedJob {
        let labels = r#"{"sfn.services.k8s.aws/task-id":"task"}"#;
        parse(&format!(
            r#"{{"metadata":{{"name":"{name}","namespace":"ns","uid":"{name}","labels":{labels}}},"status":{status}}}"#
        ))
        .unwrap()
        .deserialize_into()
        .unwrap()
    }

    const COMPLETE: &str = r#"{"conditions":[{"type":"Complete","status":"True"}]}"#;

    #[test]
    fn a_copy_of_the_job_under_another_name_is_not_the_tasks() {
        let mut subscription = subscription();
        subscription
            .registry
            .job_event(&job("copy", COMPLETE), false);
        assert_eq!(subscription.now().job, None);
        subscription
            .registry
            .job_event(&job("job", COMPLETE), false);
        assert!(matches!(
            subscription.now().job.unwrap().end,
            Some(End::Complete(_))
        ));
    }

    #[test]
    fn a_job_that_is_deleted_after_it_completed_is_complete() {
        let mut subscription = subscription();
        subscription.registry.job_event(&job("job", "{}"), false);
        subscription.registry.job_event(&job("job", COMPLETE), true);
        assert!(matches!(
            subscription.now().job.unwrap().end,
            Some(End::Complete(_))
        ));
    }

    #[test]
    fn a_job_that_a_listing_does_not_show_is_missing() {
        let mut subscription = subscription();
        subscription.registry.job_event(&job("job", "{}"), false);
        subscription
            .registry
            .jobs_listed(&HashSet::from(["task".to_owned()]));
        assert!(!subscription.now().missing);
        subscription.registry.jobs_listed(&HashSet::new());
        assert!(subscription.now().missing);
    }

    #[test]
    fn a_task_that_waits_no_more_is_forgotten() {
        let subscription = subscription();
        let registry = subscription.registry.clone();
        let again = Subscription {
            awaited: subscription.awaited.clone(),
            registry: registry.clone(),
            observed: registry.register(&subscription.awaited),
            health: registry.health.subscribe(),
            late: false,
        };
        drop(subscription);
        assert_eq!(
            registry.lock().len(),
            1,
            "another run of the same task waits still"
        );
        drop(again);
        assert_eq!(registry.lock().len(), 0);
    }
}
