//! `conformance run`: the command behind `make conformance`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use conformance::report::{self, Selection, Summary};
use conformance::{Kind, Settings, corpus, exceptions};

/// Runs recorded cases of AWS Step Functions through the library
#[derive(Debug, Parser)]
#[command(version, about, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  conformance run                                 the corpus beside the project
  conformance run --corpus tests/conformance/cases
  conformance run --list --kind execution         name the failures and their first differences
  conformance run --case test_map_state_retry     one case, expected against got";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every case of a folder, print a line per file and the totals
    Run(RunArguments),
}

#[derive(Debug, clap::Args)]
struct RunArguments {
    /// Folder of *.jsonl files
    #[arg(long, env = "CORPUS", default_value = "../shared/conformance")]
    corpus: PathBuf,
    /// Name the failures, with their first differences
    #[arg(long)]
    list: bool,
    /// Show the cases whose id contains this text, expected and got against each other
    #[arg(long, value_name = "ID")]
    case: Option<String>,
    /// Only cases of this kind, such as execution or test_state
    #[arg(long, value_parser = parse_kind)]
    kind: Option<Kind>,
    /// Write a checkpoint and restore it after every event
    #[arg(long)]
    restore_everywhere: bool,
}

fn parse_kind(name: &str) -> Result<Kind, String> {
    Kind::named(name).ok_or_else(|| {
        format!(
            "'{name}' is none of execution, static_validation, test_state, validate_definition, \
             variable_references, api_error"
        )
    })
}

fn main() -> Result<ExitCode> {
    let Command::Run(arguments) = Arguments::parse().command;
    if !arguments.corpus.is_dir() {
        println!(
            "there is no corpus at {}: give its folder with --corpus or in CORPUS",
            arguments.corpus.display()
        );
        return Ok(ExitCode::SUCCESS);
    }
    run(&arguments)
}

fn run(arguments: &RunArguments) -> Result<ExitCode> {
    let settings = Settings {
        restore_everywhere: arguments.restore_everywhere,
        ..Settings::default()
    };
    let selection = Selection {
        id: arguments.case.clone(),
        kind: arguments.kind,
    };
    let mut summary = Summary::default();
    for file in corpus::read(&arguments.corpus)? {
        let verdicts = report::run_file(&file, &selection, settings, &mut summary);
        if verdicts.is_empty() {
            continue;
        }
        println!("{}", report::file_line(&file, &verdicts));
        for (case, verdict) in &verdicts {
            if arguments.case.is_some() {
                println!("{}", report::case_report(case, verdict));
            } else if arguments.list && !verdict.passed() {
                println!("{}", report::failure_lines(case, verdict, 3));
            }
        }
    }
    Ok(conclude(&summary))
}

/// Prints the totals; failures that are listed as exceptions do not fail the run.
fn conclude(summary: &Summary) -> ExitCode {
    let exceptions = exceptions::listed();
    let unexpected = summary.unexpected(&exceptions);
    if summary.out_of_scope > 0 {
        println!(
            "{} cases of the wire API (api_error) not run",
            summary.out_of_scope
        );
    }
    let excepted = summary.failed.len() - unexpected.len();
    if excepted > 0 {
        println!("{excepted} of the failures are listed as exceptions");
    }
    println!("{} passed, {} failed", summary.passed, summary.failed.len());
    if unexpected.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
