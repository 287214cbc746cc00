//! One watch on the Jobs and one on the pods of all tasks; each task hears of its own.
//!
//! The watches begin with the first task that waits. They hold nothing of Jobs that no task waits
//! for, so what has finished costs no memory.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt, watcher as watch_objects};
use kube::{Api, Client};
use tokio::task::JoinSet;

use super::registry::{Awaited, Registry, Subscription};
use super::watched_job::WatchedJob;
use crate::marks::TASK_ID;

/// The watches, and who waits for what.
pub(crate) struct JobWatch {
    client: Client,
    registry: Arc<Registry>,
    following: OnceLock<JoinSet<()>>,
}

impl JobWatch {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            registry: Arc::default(),
            following: OnceLock::new(),
        }
    }

    /// From here on the task hears of its Job. To be called before the Job is made.
    pub(crate) fn subscribe(&self, awaited: Awaited) -> Subscription {
        let subscription = Subscription::new(self.registry.clone(), awaited);
        self.following.get_or_init(|| {
            let mut tasks = JoinSet::new();
            tasks.spawn(follow_jobs(self.client.clone(), self.registry.clone()));
            tasks.spawn(follow_pods(self.client.clone(), self.registry.clone()));
            tasks
        });
        subscription
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
