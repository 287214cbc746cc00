//! Executions that wait: what they cost while nothing happens, and after a restart.

use std::time::Duration;

use anyhow::Result;

use crate::bench::Bench;
use crate::plain;
use crate::report::{Goal, Report};
use crate::workload::Workload;

/// What memory is to stay below, in MB.
const MEMORY: f64 = 200.0;
/// "About none", in percent of one CPU.
const CPU: f64 = 1.0;
/// Seconds until all are carried again.
const RESTART: f64 = 5.0;
/// How long the operator is left alone before it counts as at rest.
const SETTLE: Duration = Duration::from_secs(5);

/// Measures it.
pub async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let count = bench.sizes.waiting;
    let place = bench.place("waiting").await?;
    let workload = Workload::wait(24 * 60 * 60);
    let mut operator = bench.operator(&place).await?;
    place.deploy(&workload).await?;
    let empty = operator.usage()?.resident_bytes / 1e6;
    plain::create(&place.executions(bench), workload.executions(count)?).await?;
    let written = "status_write_duration_seconds_count";
    operator
        .until(super::LIMIT, written, &[], count as f64)
        .await?;
    tokio::time::sleep(SETTLE).await;

    let before = operator.usage()?;
    let rest = Duration::from_secs(bench.sizes.rest_seconds);
    tokio::time::sleep(rest).await;
    let after = operator.usage()?;
    let memory = after.resident_bytes / 1e6;
    let what = format!("{count} executions waiting");
    let goal = Goal::at_most(memory, MEMORY, " MB");
    report.goal(format!("{what}: memory"), format!("{memory:.0} MB"), goal);
    let cpu = 100.0 * (after.cpu_seconds - before.cpu_seconds) / rest.as_secs_f64();
    let goal = Goal::at_most(cpu, CPU, " %");
    report.goal(format!("{what}: CPU at rest"), format!("{cpu:.2} %"), goal);

    operator.stop().await?;
    let mut operator = bench.operator(&place).await?;
    let live = "executions_live";
    operator
        .until(super::LIMIT, live, &[], count as f64)
        .await?;
    let seconds = operator.since.elapsed().as_secs_f64();
    let goal = Goal::at_most(seconds, RESTART, " s");
    let value = format!("{seconds:.1} s");
    report.goal(format!("{what}: from restart until carried"), value, goal);
    tokio::time::sleep(SETTLE).await;
    let usage = operator.usage()?;
    report.raw(format!(
        "{what}: {empty:.0} MB before them, {memory:.0} MB with them, {:.0} MB after the restart, \
         which took {:.2} s of CPU",
        usage.resident_bytes / 1e6,
        usage.cpu_seconds
    ));
    operator.stop().await
}
