//! Maps over many items: time, writes, bytes.

use std::time::Instant;

use anyhow::Result;

use crate::audit::{self, Who};
use crate::bench::Bench;
use crate::plain;
use crate::report::Report;
use crate::workload::Workload;

/// Measures a Map over Jobs and one over a Pass state.
pub async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let items = bench.sizes.job_items;
    let what = format!("Map of {items} Jobs, 40 at a time");
    let jobs = |place: &str| Workload::map_of_jobs(place, items);
    measure_one(bench, &what, jobs, report).await?;
    let items = bench.sizes.pass_items;
    let passes = |_: &str| Workload::map_of_passes(items);
    measure_one(bench, &format!("Map of {items} Pass"), passes, report).await
}

async fn measure_one(
    bench: &Bench,
    what: &str,
    workload: impl Fn(&str) -> Workload,
    report: &mut Report,
) -> Result<()> {
    let place = bench.place(&workload("").name.replace("-of", "")).await?;
    let workload = workload(&place.name);
    let mut operator = bench.operator(&place).await?;
    place.deploy(&workload).await?;
    let audit = bench.audit()?;
    let (bytes, cpu) = (bytes_written(bench).await?, operator.usage()?.cpu_seconds);
    let since = Instant::now();
    plain::create(&place.executions(bench), workload.executions(1)?).await?;
    operator.until_succeeded(super::LIMIT, 1).await?;
    let seconds = since.elapsed().as_secs_f64();
    let bytes = bytes_written(bench).await? - bytes;
    let usage = operator.usage()?;
    operator.stop().await?;

    report.figure(format!("{what}: time"), format!("{seconds:.1} s"));
    let counts = audit::count(&audit::writes(&audit, &place.name));
    let writes: usize = counts
        .iter()
        .filter(|((who, what), _)| *who == Who::Operator && what.contains("executions"))
        .map(|(_, count)| count)
        .sum();
    let pages = counts
        .get(&(Who::Operator, "create executionpages".to_owned()))
        .copied()
        .unwrap_or_default();
    report.figure(
        format!("{what}: writes of the Execution"),
        writes.to_string(),
    );
    let kib = bytes / 1024.0;
    report.figure(
        format!("{what}: bytes of these and of pages"),
        format!("{kib:.0} KiB"),
    );
    report.raw(format!(
        "{what}: {pages} pages; operator {:.2} s CPU, {:.0} MB at the end; its writes: {}",
        usage.cpu_seconds - cpu,
        usage.resident_bytes / 1e6,
        audit::in_words(&counts, Who::Operator, 1)
    ));
    Ok(())
}

/// The bytes of all requests that wrote Executions and their pages, as the API server counts them.
async fn bytes_written(bench: &Bench) -> Result<f64> {
    let metrics = bench.api_server().await?;
    let sum = |resource: &str| metrics.sum("apiserver_request_body_size_bytes_sum", &[resource]);
    Ok(sum("resource=\"executions\"") + sum("resource=\"executionpages\""))
}
