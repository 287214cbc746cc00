//! The `sfn` binary: wires the crates and talks to people.

mod command;

use std::process::ExitCode;

use clap::Parser;

/// Runs AWS Step Functions state machines on Kubernetes.
#[derive(Parser)]
#[command(name = "sfn", version, about, long_about = None, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: command::Command,
}

fn main() -> ExitCode {
    Cli::parse().command.run()
}
