//! How many executions a second, as a share of what the API server's writes allow.

use std::time::Instant;

use anyhow::Result;

use super::limit::Limit;
use crate::audit::{self, Who};
use crate::bench::Bench;
use crate::plain;
use crate::report::{Goal, Report};
use crate::workload::Workload;

/// The share that is asked for.
const SHARE: f64 = 80.0;

/// Measures it for executions without tasks, with a Wait, with a Job.
pub async fn measure(bench: &Bench, limit: &Limit, report: &mut Report) -> Result<()> {
    // What an execution cannot do without: its creation; a status before each wait, since what is
    // not stored is lost with the process; and a status at its end. A Job is protected by a
    // finalizer, since a deleted execution must not leave it behind: metadata and status are
    // written apart.
    let allowed = |rates: &[f64]| 1.0 / rates.iter().map(|rate| 1.0 / rate).sum::<f64>();
    let pass = allowed(&[limit.create, limit.pass_ended]);
    let wait = allowed(&[limit.create, limit.wait_running, limit.wait_ended]);
    let job = allowed(&[
        limit.create,
        limit.finalizer,
        limit.job_running,
        limit.job,
        limit.finalizer,
        limit.job_ended,
    ]);
    let sizes = bench.sizes;
    let kind = Kind {
        part: "rates-pass",
        what: "without tasks",
        allowed: pass,
        least_seconds: 0.0,
    };
    kind.measure(bench, sizes.executions, |_| Workload::pass(), report)
        .await?;
    let kind = Kind {
        part: "rates-wait",
        what: "with a Wait of 1 s",
        allowed: wait,
        least_seconds: 1.0,
    };
    kind.measure(bench, sizes.executions, |_| Workload::wait(1), report)
        .await?;
    let kind = Kind {
        part: "rates-job",
        what: "with a Job",
        allowed: job,
        least_seconds: 0.0,
    };
    kind.measure(bench, sizes.jobs, Workload::job, report).await
}

struct Kind {
    part: &'static str,
    what: &'static str,
    /// Executions a second that the API server's writes allow.
    allowed: f64,
    /// Seconds in which the last one does nothing but wait.
    least_seconds: f64,
}

impl Kind {
    async fn measure(
        &self,
        bench: &Bench,
        count: usize,
        workload: impl Fn(&str) -> Workload,
        report: &mut Report,
    ) -> Result<()> {
        let place = bench.place(self.part).await?;
        let workload = workload(&place.name);
        let mut operator = bench.operator(&place).await?;
        place.deploy(&workload).await?;
        let audit = bench.audit()?;
        let (before, server_before) = (operator.usage()?, server_cpu(bench).await?);
        let since = Instant::now();
        plain::create(&place.executions(bench), workload.executions(count)?).await?;
        operator.until_succeeded(super::LIMIT, count).await?;
        let seconds = since.elapsed().as_secs_f64() - self.least_seconds;
        let cpu = operator.usage()?.cpu_seconds - before.cpu_seconds;
        let server = server_cpu(bench).await? - server_before;
        operator.stop().await?;

        let rate = count as f64 / seconds;
        let share = 100.0 * rate / self.allowed;
        let Self { what, allowed, .. } = self;
        let value = format!("{rate:.1} /s = {share:.0} %");
        let name = format!("executions {what}, of {allowed:.1} /s that the writes allow");
        report.goal(name, value, Goal::at_least(share, SHARE, " %"));
        let each = |seconds: f64| 1000.0 * seconds / count as f64;
        report.raw(format!(
            "{what}: {count} in {seconds:.1} s; CPU of each: {:.2} ms operator, {:.2} ms API server",
            each(cpu),
            each(server)
        ));
        let counts = audit::count(&audit::writes(&audit, &place.name));
        for (who, name) in [
            (Who::People, "people"),
            (Who::Operator, "the operator"),
            (Who::Kubernetes, "Kubernetes"),
        ] {
            let writes = audit::in_words(&counts, who, count);
            if !writes.is_empty() {
                report.raw(format!("  writes of each by {name}: {writes}"));
            }
        }
        Ok(())
    }
}

async fn server_cpu(bench: &Bench) -> Result<f64> {
    let metrics = bench.api_server().await?;
    Ok(metrics.sum("process_cpu_seconds_total", &[]))
}
