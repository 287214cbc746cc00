//! How fast the operator is on a real cluster, and what it takes, beside what the API server
//! itself can do: measured in one run, on one machine, so that the ratios mean something.

mod audit;
mod bench;
mod kwok;
mod operator;
mod part;
mod plain;
mod process;
mod report;
mod scrape;
mod sizes;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;

use crate::bench::Bench;
use crate::kwok::Kwok;
use crate::part::Part;
use crate::report::Report;
use crate::sizes::{FULL, QUICK};

/// Measures the operator's speed and scale on the cluster in use, and prints a table.
///
/// The operator runs as a process on this machine, with the rights that the chart gives it; its pods are those of a
/// node that kwok only pretends to have. The cluster must be one of tests/cluster: what was written is counted from
/// the API server's audit log.
#[derive(Parser)]
#[command(
    name = "bench-cluster",
    after_help = "\
Examples:
  make bench-cluster                                  Everything, in about 15 minutes, on a cluster of its own
  make bench-cluster ARGUMENTS=--quick                Everything, small: whether it works, no figures to go by
  tests/bench-cluster/run --only rates --only map     Two parts, on the cluster in use"
)]
struct Options {
    /// Measure only this; may be repeated
    #[arg(long, value_name = "PART")]
    only: Vec<Part>,
    /// A hundredth of everything
    #[arg(long)]
    quick: bool,
    /// The binary under test
    #[arg(long, value_name = "FILE", default_value = "target/release/sfn")]
    sfn: PathBuf,
    /// The fake kubelet; `tests/cluster/cluster kwok` builds it
    #[arg(long, value_name = "FILE", env = "KWOK")]
    kwok: PathBuf,
    /// Where logs of the operator and of kwok go
    #[arg(long, value_name = "FOLDER", default_value = "target/bench-cluster")]
    logs: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Options::parse()).await {
        Ok(report) => {
            print!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<Report> {
    let sizes = if options.quick { QUICK } else { FULL };
    let bench = Bench::prepare(options.sfn, options.logs, sizes).await?;
    let parts: Vec<Part> = Part::in_order(&options.only).collect();
    let _kwok = match parts.iter().any(|part| part.runs_jobs()) {
        true => Some(Kwok::start(&bench, &options.kwok).await?),
        false => None,
    };
    let mut report = Report::default();
    for part in parts {
        let since = Instant::now();
        eprintln!("== {part}");
        part.measure(&bench, &mut report).await?;
        eprintln!("== {part}: {:.0} s", since.elapsed().as_secs_f64());
    }
    Ok(report)
}
