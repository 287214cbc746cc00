//! The `sfn` binary: wires the crates and talks to people.

// They panic where nobody can read.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod certificate_authority;
mod command;
mod connection;
mod definition_file;
mod document;
mod execution_name;
mod gate;
mod graph;
mod history_line;
mod local_cluster;
mod local_run;
mod locate;
mod log_level;
mod mock;
mod object_storage;
mod printable;
mod report;
mod runners;
mod stderr;
mod text_file;

use std::process::ExitCode;

use clap::Parser;

/// Runs AWS Step Functions state machines on Kubernetes.
///
/// Installed as kubectl-sfn in a folder of your PATH, it is also `kubectl sfn`.
#[derive(Parser)]
#[command(name = "sfn", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: command::Command,
}

fn main() -> ExitCode {
    Cli::parse().command.run()
}
