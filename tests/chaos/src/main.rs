//! `chaos`: plays rounds of executions while the operator is killed and its requests go wrong,
//! and judges what they come to.

mod dice;
mod fault;
mod gate;
mod ground;
mod judge;
mod operator;
mod plan;
mod proxy;
mod report;
mod request_class;
mod round;
mod workload;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;
use e2e::audit::Audit;
use futures::{StreamExt, stream};
use kube::{Client, Config};

use crate::gate::Gate;
use crate::plan::Plan;
use crate::round::{Outcome, World, play};

/// Runs workflows on a real cluster while the operator is killed and its requests go wrong.
///
/// Each round creates a set of executions in a namespace of its own and lets an operator carry
/// them, as a process on this machine that reaches the API server through a proxy. The proxy cuts,
/// delays, doubles and refuses requests; the process is killed, paused and started again; some
/// rounds have two replicas, some restart the API server and etcd. In the end each execution must
/// have the outcome of a quiet day, each task must have made its Job once, histories must be
/// complete, and nothing may be left.
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Arguments {
    /// How many rounds
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    rounds: u32,
    /// What the plans of all rounds follow from [default: another one each time]
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Play this round of the seed only
    #[arg(long, value_name = "NUMBER")]
    round: Option<u32>,
    /// How many rounds are played at the same time
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    at_once: usize,
    /// Let nothing go wrong
    #[arg(long)]
    calm: bool,
    /// Go on after a round that failed
    #[arg(long)]
    keep_going: bool,
    /// Keep the operators' logs of good rounds as well
    #[arg(long)]
    keep_logs: bool,
    /// The operator's binary
    #[arg(long, value_name = "FILE", default_value = "target/debug/sfn")]
    sfn: PathBuf,
    /// The command of the local cluster, to restart components; other clusters' are never restarted
    #[arg(long, value_name = "FILE", default_value = "tests/cluster/cluster")]
    cluster: PathBuf,
    /// Where the operators' logs go
    #[arg(long, value_name = "FOLDER", default_value = "target/chaos")]
    folder: PathBuf,
}

/// How long the API server may take to answer the judge.
const ANSWER: Duration = Duration::from_secs(60);

const EXAMPLES: &str = "\
KUBECONFIG names the cluster; tests/chaos/run installs there what is needed, and `make chaos` calls it.

Examples:
  chaos --rounds 20
  chaos --rounds 1000 --seed 7 --keep-going
  chaos --seed 7 --round 12         a round again: the same plan, though never the same timing
  chaos --rounds 1 --calm           what a round is like when nothing goes wrong";

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(run(&arguments))
}

async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let seed = arguments
        .seed
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let rounds = match arguments.round {
        Some(round) => round..=round,
        None => 1..=arguments.rounds,
    };
    let world = build_world(arguments).await?;
    let local = Audit::begin().is_some();
    println!("seed {seed}");
    let begun = Instant::now();
    let total = *rounds.end();
    let world = &world;
    let calm = arguments.calm;
    let mut played = stream::iter(rounds)
        .map(|round| async move {
            let plan = match calm {
                true => Plan::calm(seed, round),
                false => Plan::new(seed, round, local),
            };
            let outcome = play(world, &plan).await;
            (plan, outcome)
        })
        .buffer_unordered(arguments.at_once);
    let (mut good, mut bad) = (0, 0);
    while let Some((plan, outcome)) = played.next().await {
        match tell(&plan, total, outcome, arguments.keep_logs) {
            true => good += 1,
            false => bad += 1,
        }
        if bad > 0 && !arguments.keep_going {
            break;
        }
    }
    let seconds = begun.elapsed().as_secs();
    println!("seed {seed}: {good} rounds are good, {bad} failed, after {seconds} s");
    Ok(match bad {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Prints what became of a round; gives whether all is well. The logs of a good one are removed,
/// unless they are to be kept.
fn tell(plan: &Plan, total: u32, outcome: Result<Outcome>, keep_logs: bool) -> bool {
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            println!("{}", report::write_error(plan, &error));
            return false;
        }
    };
    println!("{}", report::write_line(plan, total, &outcome));
    let good = outcome.findings.is_empty();
    if !good {
        println!("{}", report::write_failure(plan, &outcome));
    } else if !keep_logs {
        let _ = std::fs::remove_dir_all(&outcome.folder);
    }
    good
}

async fn build_world(arguments: &Arguments) -> Result<World> {
    let given = Config::infer().await;
    let mut given = given.context("KUBECONFIG names no cluster: `make cluster` boots one")?;
    // Of a server that was killed while it had a request, an answer may never come.
    given.read_timeout = Some(ANSWER);
    given.reset_reader_on_write = true;
    let mut bare = Config::new(given.cluster_url.clone());
    bare.root_cert.clone_from(&given.root_cert);
    bare.default_retry = false;
    let client = Client::try_from(given)?;
    Ok(World {
        token: ground::request_token(&client).await?,
        client,
        upstream: Client::try_from(bare)?,
        program: std::path::absolute(&arguments.sfn)?,
        gate: Arc::new(Gate::new(arguments.cluster.clone())),
        folder: arguments.folder.clone(),
    })
}
