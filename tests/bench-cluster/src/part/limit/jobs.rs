//! Jobs by plain clients.

use std::collections::HashSet;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use futures::{StreamExt as _, TryStreamExt as _, future};
use k8s_openapi::api::batch::v1::Job;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use super::per_second;
use super::statuses::Marks;
use crate::bench::{Bench, Place};
use crate::plain::{self, Done};
use crate::report::Report;
use crate::workload;

/// Measures Jobs that are only created, and Jobs that run: how many a second of these.
pub async fn measure(
    bench: &Bench,
    place: &Place,
    marks: &Marks,
    report: &mut Report,
) -> Result<f64> {
    let client = bench.impersonating(place)?;
    let count = bench.sizes.jobs;
    let suspended = create_jobs(&client, place, marks, "suspended", count, true).await?;
    report.figure("Job creates (suspended)", per_second(suspended.per_second));
    let jobs = Api::<Job>::namespaced(bench.plain.clone(), &place.name);
    let params = DeleteParams::background();
    jobs.delete_collection(&params, &ListParams::default())
        .await?;

    let since = Instant::now();
    let creating = create_jobs(&client, place, marks, "running", count, false);
    tokio::try_join!(creating, until_complete(&jobs, count))?;
    let rate = count as f64 / since.elapsed().as_secs_f64();
    report.figure(
        "Jobs by Kubernetes and kwok, created to complete",
        per_second(rate),
    );
    Ok(rate)
}

async fn create_jobs(
    client: &Client,
    place: &Place,
    marks: &Marks,
    prefix: &str,
    count: usize,
    suspend: bool,
) -> Result<Done<()>> {
    let api = Api::<Job>::namespaced(client.clone(), &place.name);
    let api = &api;
    let build = |number: usize| {
        let Marks {
            labels,
            annotations,
        } = marks;
        let name = format!("{prefix}-{number}");
        let metadata = json!({"name": name, "labels": labels, "annotations": annotations});
        let job = workload::job(&metadata, labels, suspend);
        Ok(serde_json::from_value::<Job>(job)?)
    };
    let jobs = (0..count).map(build).collect::<Result<Vec<_>>>()?;
    plain::with_each(jobs, |job| async move {
        api.create(&PostParams::default(), &job).await?;
        Ok(())
    })
    .await
}

/// Waits until so many Jobs that run are complete.
async fn until_complete(jobs: &Api<Job>, count: usize) -> Result<()> {
    let complete = watcher(jobs.clone(), watcher::Config::default())
        .default_backoff()
        .applied_objects()
        .try_filter_map(|job| {
            let complete = job.name_any().starts_with("running") && is_complete(&job);
            future::ok(complete.then(|| job.name_any()))
        });
    let mut complete = std::pin::pin!(complete);
    let mut names = HashSet::new();
    let waiting = async {
        while names.len() < count {
            match complete.next().await {
                Some(name) => names.insert(name?),
                None => bail!("the watch of Jobs ended"),
            };
        }
        Ok(())
    };
    let waited = tokio::time::timeout(super::super::LIMIT, waiting).await;
    waited.context("the Jobs are not complete")?
}

fn is_complete(job: &Job) -> bool {
    let conditions = job
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let mut conditions = conditions.into_iter().flatten();
    conditions.any(|found| found.type_ == "Complete" && found.status == "True")
}
