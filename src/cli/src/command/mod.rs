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
    let words = in_words(error);
    stderr::write_line(format_args!("error: {}", printable(&words)));
}

/// An error and its causes, but for those that were told already: some errors tell what those
/// behind them tell.
fn in_words(error: &anyhow::Error) -> String {
    let mut words = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !words.contains(&cause) {
            words.push_str(": ");
            words.push_str(&cause);
        }
    }
    words
}

/// Whether the reader of our output went away, such as `head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use anyhow::anyhow;
    use rstest::rstest;

    use super::in_words;

    #[rstest]
    #[case::once(anyhow!("refused"), "refused")]
    #[case::several(anyhow!("refused").context("cannot connect"), "cannot connect: refused")]
    #[case::again(
        anyhow!("refused").context("no: refused").context("cannot connect"),
        "cannot connect: no: refused"
    )]
    #[case::inside(
        anyhow!("refused").context("(no: refused), given up"),
        "(no: refused), given up"
    )]
    #[case::of_another_kind(
        anyhow::Error::from(Error::from(ErrorKind::NotFound)).context("cannot read a"),
        "cannot read a: entity not found"
    )]
    fn a_cause_is_told_once(#[case] error: anyhow::Error, #[case] expected: &str) {
        assert_eq!(in_words(&error), expected);
    }
}
