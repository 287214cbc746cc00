//! Gathers the logs of a Job that has ended.

use std::collections::HashSet;
use std::time::Duration;

use asl::Value;
use futures::{StreamExt, stream};
use k8s_openapi::api::core::v1::Pod;
use tracing::warn;

use super::RunJob;
use super::early_logs::EarlyLogs;
use super::log_options::LogOptions;
use super::log_reader::LogSource;
use super::registry::Awaited;
use super::result::{LogFailure, LogRead, Logs};
use super::view::{Observed, PODS, PodView, is_pod_of};
use crate::api_server::{Outgoing, Patience};
use crate::marks::TASK_ID;
use crate::paths;

/// How many logs of one Job are read at the same time.
const READS_AT_ONCE: usize = 4;
/// How long a page of the list of a Job's pods is tried to be read. Who has not seen the pods, since
/// the Job ended before it took over, knows of no logs without it.
const LIST_PATIENCE: Duration = Duration::from_mins(5);
/// The largest page.
const LIST_BYTES: usize = 64 * 1024 * 1024;
/// How many pages are read.
const LIST_PAGES: usize = 20;

/// A log that is wanted.
struct Wanted {
    source: LogSource,
    /// What was read of it before the Job ended.
    early: Option<String>,
    /// Whether its pod can still be asked.
    present: bool,
}

impl RunJob {
    /// The logs of a Job that has ended; also the last one as text.
    pub(super) async fn gather(
        &self,
        awaited: &Awaited,
        options: &LogOptions,
        observed: &mut Observed,
        early: &mut EarlyLogs,
        mut logs: Logs,
    ) -> (Value, String) {
        let listed = self.list_pods(awaited).await;
        // Where pods cannot be listed, each is asked for its log.
        let present: Option<HashSet<String>> = listed
            .as_ref()
            .map(|pods| pods.iter().map(|pod| pod.name.clone()).collect());
        for pod in listed.unwrap_or_default() {
            observed.see_pod(pod);
        }
        let is_present = |pod: &str| present.as_ref().is_none_or(|names| names.contains(pod));
        logs.leave_out(observed.forgotten.values().sum());
        let wanted = list_wanted(awaited, observed, early, is_present);
        let limit = logs.left();
        let mut reads = stream::iter(wanted)
            .map(|wanted| async move {
                let read = match wanted.early {
                    Some(log) => Ok(log),
                    None if wanted.present => self.logs.read(&wanted.source, options, limit).await,
                    None => Err(build_vanished(&wanted.source)),
                };
                (wanted.source, read)
            })
            .buffered(READS_AT_ONCE);
        let mut last = String::new();
        while let Some((source, read)) = reads.next().await {
            let read: LogRead = read;
            logs.add(&source.pod, &source.container, &read);
            last = read.unwrap_or(last);
        }
        drop(reads);
        (logs.build(), last)
    }

    /// The pods of a task's Job; none where not all of them can be listed.
    pub(super) async fn list_pods(&self, awaited: &Awaited) -> Option<Vec<PodView>> {
        let mut pods = Vec::new();
        let mut next = None;
        for _ in 0..LIST_PAGES {
            let page = self.list_page(awaited, next.as_deref()).await?;
            pods.extend(read_pods(&page, &awaited.name));
            next = read_continue(&page);
            if next.is_none() {
                return Some(pods);
            }
        }
        let (job, count) = (&awaited.name, pods.len());
        warn!(job, "a Job has more than {count} pods, not all are listed");
        None
    }

    async fn list_page(&self, awaited: &Awaited, next: Option<&str>) -> Option<Value> {
        let request = Outgoing {
            answer_bytes: LIST_BYTES,
            ..Outgoing::get(build_list_target(awaited, next)?)
        };
        let patience = Patience::beyond_outages(LIST_PATIENCE);
        let why = match self.api.send_patiently(&request, patience).await {
            Ok(answer) if answer.is_success() => return Some(answer.value()),
            Ok(answer) => answer.message(),
            Err(error) => error.to_string(),
        };
        warn!(job = awaited.name, "cannot list the pods of a Job: {why}");
        None
    }
}

/// Source: Kubernetes API concepts, "Retrieving large results sets in chunks".
fn build_list_target(awaited: &Awaited, next: Option<&str>) -> Option<String> {
    let mut target = paths::pods(&awaited.namespace)?;
    let selector = format!("{TASK_ID}={}", awaited.label);
    paths::add_query(&mut target, "labelSelector", &selector);
    paths::add_query(&mut target, "limit", &PODS.to_string());
    if let Some(next) = next {
        paths::add_query(&mut target, "continue", next);
    }
    Some(target)
}

/// Where the next page begins, if there is one.
pub(super) fn read_continue(page: &Value) -> Option<String> {
    let next = page.get("metadata")?.get("continue")?.as_str()?;
    (!next.is_empty()).then(|| next.to_owned())
}

/// The containers whose logs are wanted, with what is known of these already: pods by age, init
/// containers first.
fn list_wanted(
    awaited: &Awaited,
    observed: &Observed,
    early: &mut EarlyLogs,
    is_present: impl Fn(&str) -> bool,
) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for pod in &observed.pods {
        let present = is_present(&pod.name);
        for container in &pod.containers {
            let source = LogSource {
                namespace: awaited.namespace.clone(),
                pod: pod.name.clone(),
                container: container.name.clone(),
            };
            // Of a pod that is gone, the last log that was read is the best there is.
            let restarts = present.then_some(container.restarts);
            wanted.push(Wanted {
                early: early.take(&source, restarts),
                source,
                present,
            });
        }
    }
    wanted
}

fn read_pods(list: &Value, job: &str) -> Vec<PodView> {
    let items = list.get("items").and_then(Value::as_array);
    items
        .unwrap_or_default()
        .iter()
        .filter_map(|pod| pod.deserialize_into::<Pod>().ok())
        .filter(|pod| is_pod_of(pod, job))
        .filter_map(|pod| PodView::read(&pod))
        .collect()
}

fn build_vanished(source: &LogSource) -> LogFailure {
    let LogSource { pod, container, .. } = source;
    let cause = format!("the pod {pod} was removed before the log of {container} could be read");
    LogFailure::new("EKS.404", cause)
}

#[cfg(test)]
#[path = "gather_tests.rs"]
mod tests;
