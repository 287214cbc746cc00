//! From a Job's end to the creation of the next one.

use std::collections::HashMap;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::audit::{self, Who, Write};
use crate::bench::Bench;
use crate::plain;
use crate::report::{Goal, Report};
use crate::workload::Workload;

/// Jobs of one execution, one after the other.
const JOBS: usize = 5;
/// Executions at a time: the machine is to be at ease.
const AT_ONCE: usize = 2;

/// Measures it by the API server's own clock: from the answer to the write that says that the Job
/// is complete until the request to create the next one arrives. In between lie the watch, all
/// that the operator does, and one status write, without which the next Job could be made twice.
pub async fn measure(bench: &Bench, report: &mut Report) -> Result<()> {
    let place = bench.place("turnaround").await?;
    let workload = Workload::sequence(&place.name, JOBS);
    let mut operator = bench.operator(&place).await?;
    place.deploy(&workload).await?;
    let audit = bench.audit()?;
    let mut executions = workload.executions(bench.sizes.sequences)?;
    let mut done = 0;
    while !executions.is_empty() {
        let rest = executions.split_off(AT_ONCE.min(executions.len()));
        done += executions.len();
        plain::create(&place.executions(bench), executions).await?;
        operator.until_succeeded(super::LIMIT, done).await?;
        executions = rest;
    }
    operator.stop().await?;
    let mut gaps = gaps(&audit::writes(&audit, &place.name));
    gaps.sort_by(f64::total_cmp);
    for (percent, limit) in [(50, 10.0), (99, 50.0)] {
        let gap = percentile(&gaps, percent).context("no Job followed another")?;
        let name = format!("Job complete to next Job's create, p{percent}");
        report.goal(
            name,
            format!("{gap:.1} ms"),
            Goal::at_most(gap, limit, " ms"),
        );
    }
    let longest = gaps.last().copied().unwrap_or_default();
    report.raw(format!(
        "{} Jobs that follow another, {AT_ONCE} at a time; the longest gap is {longest:.1} ms",
        gaps.len()
    ));
    Ok(())
}

/// The milliseconds between a Job's last change of status and the next Job's creation.
fn gaps(writes: &[Write]) -> Vec<f64> {
    let mut changed: HashMap<&str, Timestamp> = HashMap::new();
    let mut gaps = Vec::new();
    for write in writes {
        match (write.who, write.verb.as_str(), write.resource.as_str()) {
            (Who::Kubernetes, _, "jobs/status") => {
                changed.insert(&write.name, write.answered);
            }
            (Who::Operator, "create", "jobs") => {
                let before = name_before(&write.name);
                let ended = before.and_then(|name| changed.get(name.as_str()));
                gaps.extend(ended.map(|ended| milliseconds(*ended, write.received)));
            }
            _ => {}
        }
    }
    gaps
}

/// The name of the Job before this one: `sequence-7-2` follows `sequence-7-1`.
fn name_before(name: &str) -> Option<String> {
    let (execution, number) = name.rsplit_once('-')?;
    let number: usize = number.parse().ok()?;
    Some(format!("{execution}-{}", number.checked_sub(1)?))
}

fn milliseconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64() * 1000.0
}

/// The value that so many percent do not exceed.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::{gaps, percentile};
    use crate::audit::{Who, Write};

    fn write(who: Who, verb: &str, resource: &str, name: &str, at: (&str, &str)) -> Write {
        let time = |millis: &str| format!("2026-01-02T03:04:05.{millis}Z").parse().unwrap();
        Write {
            who,
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            received: time(at.0),
            answered: time(at.1),
        }
    }

    #[test]
    fn a_gap_reaches_from_the_last_status_to_the_next_creation() {
        let (operator, kubernetes) = (Who::Operator, Who::Kubernetes);
        let gaps = gaps(&[
            write(operator, "create", "jobs", "s-0-1", ("000", "001")),
            write(kubernetes, "update", "jobs/status", "s-0-1", ("100", "104")),
            write(kubernetes, "update", "jobs/status", "s-0-1", ("200", "204")),
            write(
                operator,
                "update",
                "executions/status",
                "s-0",
                ("206", "209"),
            ),
            write(operator, "create", "jobs", "s-0-2", ("212", "215")),
        ]);
        assert_eq!(gaps, [8.0]);
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let sorted: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&sorted, 50), Some(100.0));
        assert_eq!(percentile(&sorted, 99), Some(198.0));
        assert_eq!(percentile(&[7.0], 99), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }
}
