//! Waits for a Job's end, by the watches alone, and gathers its logs.

use std::time::Duration;

use asl::Value;
use asl::errors::{Fault, TASK_FAILED};
use futures::StreamExt;
use futures::stream;
use http::StatusCode;
use k8s_openapi::api::core::v1::Pod;
use tracing::warn;

use super::RunJob;
use super::build::Order;
use super::create::Created;
use super::early_logs::EarlyLogs;
use super::log_reader::LogSource;
use super::report::Report;
use super::result::{LogFailure, LogRead, Logs, build_job_fault, build_result};
use super::view::{End, JobView, Observed, PODS, PodView, is_pod_of, task_label_of};
use super::watch::Subscription;
use crate::api_server::{Outgoing, Patience};
use crate::marks::TASK_ID;
use crate::paths;

/// How many logs of one Job are read at the same time.
const READS_AT_ONCE: usize = 4;
/// How long the pods of a Job that has ended are tried to be listed.
const LIST_PATIENCE: Duration = Duration::from_secs(30);
/// The pause before a Job that a listing did not show is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl RunJob {
    /// Waits until the Job has ended; gives it with its logs.
    pub(super) async fn wait(
        &self,
        order: &Order,
        created: Created,
        mut subscription: Subscription,
        mut report: Report,
    ) -> Result<Value, Fault> {
        let label = task_label_of(&created.job).unwrap_or_default().to_owned();
        if let Some(view) = JobView::read(&created.job) {
            subscription.see_job(view);
        }
        if created.adopted && subscription.late {
            for pod in self.list_pods(order, &label).await.unwrap_or_default() {
                subscription.see_pod(pod);
            }
        }
        let mut early = EarlyLogs::new(
            self.logs.clone(),
            order.logs.clone(),
            order.namespace.clone(),
            self.limits.payload_bytes,
        );
        let (end, mut observed) = loop {
            let observed = subscription.now();
            report.trouble(subscription.trouble());
            report.show(&observed);
            early.start(&observed.pods);
            if let Some(end) = observed.job.as_ref().and_then(|job| job.end.clone()) {
                break (end, observed);
            }
            if observed.missing {
                self.look_up(&observed, &subscription).await;
                continue;
            }
            tokio::select! {
                () = subscription.changed() => {}
                () = early.next() => {
                    if let Some(log) = early.newest() {
                        report.log(log);
                    }
                }
            }
        };
        early.finish().await;
        let (job, limit) = match &end {
            End::Complete(job) => (job, self.limits.payload_bytes),
            End::Failed(job, _) => (job, self.limits.cause_bytes),
            End::Deleted => return Err(build_deleted(&observed)),
        };
        let logs = Logs::new(job, limit, order.logs.raw);
        let logs = self
            .gather(order, &label, &mut observed, &mut early, logs)
            .await;
        if let Some((_, last)) = &logs {
            report.log(last);
            report.show(&observed);
        }
        let logs = logs.map(|(logs, _)| logs);
        match end {
            End::Failed(job, _) => Err(build_job_fault(job, logs, self.limits.cause_bytes)),
            _ => Ok(build_result(job.clone(), logs)),
        }
    }

    /// Looks up a Job that a listing did not show.
    async fn look_up(&self, observed: &Observed, subscription: &Subscription) {
        let Some(known) = &observed.job else {
            return;
        };
        let target = paths::job(&known.namespace, &known.name).unwrap_or_default();
        match self.api.send(&Outgoing::get(target)).await {
            Ok(answer) if answer.is_success() => match JobView::read(&answer.value()) {
                Some(job) => subscription.see_job(job),
                None => tokio::time::sleep(LOOK_AGAIN).await,
            },
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => subscription.lose_job(),
            Ok(answer) => {
                warn!(
                    job = known.name,
                    "cannot look up the Job: {}",
                    answer.message()
                );
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(error) => {
                warn!(job = known.name, "cannot look up the Job: {error}");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }

    /// Gathers the logs of a Job that has ended; gives also the last one as text.
    async fn gather(
        &self,
        order: &Order,
        label: &str,
        observed: &mut Observed,
        early: &mut EarlyLogs,
        mut logs: Logs,
    ) -> Option<(Value, String)> {
        if !order.logs.retrieve {
            return None;
        }
        let listed = self.list_pods(order, label).await;
        let present: Option<Vec<String>> = listed.map(|pods| {
            let name = |pod: PodView| {
                let name = pod.name.clone();
                observed.see_pod(pod);
                name
            };
            pods.into_iter().map(name).collect()
        });
        let is_present = |pod: &str| {
            let names = present.as_ref();
            names.is_none_or(|names| names.iter().any(|name| name == pod))
        };
        let mut wanted = Vec::new();
        for pod in &observed.pods {
            for container in &pod.containers {
                let source = LogSource {
                    namespace: order.namespace.clone(),
                    pod: pod.name.clone(),
                    container: container.name.clone(),
                };
                let present = is_present(&pod.name);
                let restarts = present.then_some(container.restarts);
                let read = early.take(&source, restarts);
                wanted.push((source, read, present));
            }
        }
        let limit = logs.left();
        let mut reads = stream::iter(wanted)
            .map(|(source, read, present)| async move {
                let read = match read {
                    Some(log) => Ok(log),
                    None if present => self.logs.read(&source, &order.logs, limit).await,
                    None => Err(build_vanished(&source)),
                };
                (source, read)
            })
            .buffered(READS_AT_ONCE);
        let mut last = String::new();
        while let Some((source, read)) = reads.next().await {
            let read: LogRead = read;
            logs.add(&source.pod, &source.container, &read);
            last = read.unwrap_or(last);
        }
        Some((logs.build(), last))
    }

    /// The pods of a task's Job; none where they cannot be listed.
    async fn list_pods(&self, order: &Order, label: &str) -> Option<Vec<PodView>> {
        let mut target = paths::pods(&order.namespace)?;
        paths::add_query(&mut target, "labelSelector", &format!("{TASK_ID}={label}"));
        paths::add_query(&mut target, "limit", &PODS.to_string());
        let request = Outgoing {
            answer_bytes: 64 * 1024 * 1024,
            ..Outgoing::get(target)
        };
        let mut patience = Patience::new(LIST_PATIENCE);
        loop {
            let why = match self.api.send(&request).await {
                Ok(answer) if answer.is_success() => {
                    let pods = answer.value();
                    let pods = pods
                        .get("items")
                        .and_then(Value::as_array)
                        .unwrap_or_default();
                    let pods = pods
                        .iter()
                        .filter_map(|pod| pod.deserialize_into::<Pod>().ok());
                    let name = order.name.as_deref().unwrap_or_default();
                    let ours = pods.filter(|pod| is_pod_of(pod, name));
                    return Some(ours.filter_map(|pod| PodView::read(&pod)).collect());
                }
                Ok(answer) => answer.message(),
                Err(error) => error.to_string(),
            };
            if !patience.try_pause(None).await {
                warn!(
                    namespace = order.namespace,
                    "cannot list the pods of a Job: {why}"
                );
                return None;
            }
        }
    }
}

fn build_deleted(observed: &Observed) -> Fault {
    let job = observed.job.as_ref();
    let name = job.map(|job| format!("{}/{} (uid {})", job.namespace, job.name, job.uid));
    let cause = format!(
        "the Job {} was deleted before it finished",
        name.unwrap_or_default()
    );
    Fault::new(TASK_FAILED, cause)
}

fn build_vanished(source: &LogSource) -> LogFailure {
    let LogSource { pod, container, .. } = source;
    let cause = format!("the pod {pod} was removed before the log of {container} could be read");
    LogFailure::new("EKS.404", cause)
}
