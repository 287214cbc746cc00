//! The commands, one a module.

mod controller;
mod crds;
mod graph;
mod history;
mod redrive;
mod run;
mod stop;
mod test_state;
mod validate;

use std::process::ExitCode;

use clap::Subcommand;

use crate::printable::printable;
use crate::stderr;

/// Exit status: what was looked at is not as it should be.
pub const INVALID: u8 = 1;
/// Exit status: it could not be looked at.
pub const UNUSABLE: u8 = 2;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    Controller(Box<controller::Controller>),
    Crds(crds::Crds),
    Validate(validate::Validate),
    Run(Box<run::Run>),
    TestState(Box<test_state::TestState>),
    Graph(graph::Graph),
    History(Box<history::History>),
    Stop(stop::Stop),
    Redrive(redrive::Redrive),
}

impl Command {
    /// Does it; the exit status is 0 for success.
    pub fn run(self) -> ExitCode {
        let done = match self {
            Self::Controller(command) => command.run(),
            Self::Crds(command) => command.run(),
            Self::Validate(command) => command.run(),
            Self::Run(command) => command.run(),
            Self::TestState(command) => command.run(),
            Self::Graph(command) => command.run(),
            Self::History(command) => command.run(),
            Self::Stop(command) => command.run(),
            Self::Redrive(command) => command.run(),
        };
        done.unwrap_or_else(|error| {
            if is_broken_pipe(&error) {
                return ExitCode::SUCCESS;
            }
            tell(&error);
            ExitCode::from(UNUSABLE)
        })
    }
}

/// Tells on standard error what went wrong.
fn tell(error: &anyhow::Error) {
    let words = format!("{error:#}");
    stderr::write_line(format_args!("error: {}", printable(&words)));
}

/// Whether the reader of our output went away, such as `head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
