//! What the operator writes: it executes each workload once, and is watched.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use crd::{Execution, RunStatus};
use futures::{StreamExt as _, TryStreamExt as _, future};
use k8s_openapi::api::batch::v1::Job;
use kube::runtime::{WatchStreamExt as _, watcher};
use serde_json::{Value, json};

use crate::bench::{Bench, Place};
use crate::plain;
use crate::workload::Workload;

/// How long one execution may take.
const PATIENCE: Duration = Duration::from_mins(3);

/// The statuses that the operator writes.
pub struct Statuses {
    /// Of an execution that ended without having waited.
    pub pass_ended: Value,
    /// Of one in a Wait.
    pub wait_running: Value,
    /// Of one that ended after it.
    pub wait_ended: Value,
    /// Of one that runs a Job.
    pub job_running: Value,
    /// Of one that ended after it.
    pub job_ended: Value,
    /// What Jobs are marked with.
    pub marks: Marks,
}

/// What the operator marks Jobs with.
pub struct Marks {
    /// The Job's and the pod's.
    pub labels: Value,
    /// The Job's.
    pub annotations: Value,
}

/// Has the operator execute each workload once, and looks at what it writes.
pub async fn sample(bench: &Bench, place: &Place) -> Result<Statuses> {
    let mut operator = bench.operator(place).await?;
    let workloads = [
        Workload::pass(),
        Workload::wait(1),
        Workload::job(&place.name),
    ];
    let mut statuses = Vec::new();
    for workload in &workloads {
        place.deploy(workload).await?;
        plain::create(&place.executions(bench), workload.executions(1)?).await?;
        statuses.push(statuses_of(place, &format!("{}-0", workload.name)).await?);
    }
    operator
        .until_succeeded(PATIENCE, workloads.len())
        .await
        .context("samples")?;
    operator.stop().await?;
    let job = place.api::<Job>().get("job-0").await?;
    let Ok(
        [
            (_, pass_ended),
            (wait_running, wait_ended),
            (job_running, job_ended),
        ],
    ) = <[_; 3]>::try_from(statuses)
    else {
        bail!("three workloads are sampled");
    };
    Ok(Statuses {
        pass_ended,
        wait_running,
        wait_ended,
        job_running,
        job_ended,
        marks: read_marks(&job)?,
    })
}

/// An execution's first and last status.
async fn statuses_of(place: &Place, name: &str) -> Result<(Value, Value)> {
    let config = watcher::Config::default().fields(&format!("metadata.name={name}"));
    let statuses = watcher(place.api::<Execution>(), config)
        .applied_objects()
        .try_filter_map(|execution| future::ok(execution.status));
    let mut statuses = std::pin::pin!(statuses);
    let mut first = None;
    let reading = async {
        while let Some(status) = statuses.next().await {
            let status = status?;
            let ended = status.status == Some(RunStatus::Succeeded);
            let status = serde_json::to_value(status)?;
            first.get_or_insert_with(|| status.clone());
            if ended {
                return Ok((first.unwrap_or_default(), status));
            }
        }
        bail!("the watch of {name} ended");
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    read.with_context(|| format!("{name} did not succeed within {PATIENCE:?}"))?
}

/// The marks that the operator gave a Job.
fn read_marks(job: &Job) -> Result<Marks> {
    let ours = |labels: &Option<BTreeMap<String, String>>| {
        let labels = labels.iter().flatten();
        let ours = labels.filter(|(name, _)| name.starts_with("sfn.services.k8s.aws/"));
        ours.map(|(name, value)| (name.clone(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
    };
    let labels = ours(&job.metadata.labels);
    if labels.is_empty() {
        bail!("the operator's Job has no labels of its own");
    }
    Ok(Marks {
        labels: labels.into(),
        annotations: ours(&job.metadata.annotations).into(),
    })
}
