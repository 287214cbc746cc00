//! `sfn redrive`: has an Execution of the cluster go on where it ended.

use std::io::{Write as _, stdout};
use std::process::ExitCode;

use anyhow::Context;
use asl::machine::{NotRedrivable, REDRIVABLE_PERIOD};
use clap::Args;
use crd::condition::{self, types};
use crd::{Execution, RedriveStatus, RunStatus, Time, reasons};
use jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::INVALID;
use crate::connection::{Connection, Executions};
use crate::printable::printable;
use crate::stderr;

/// Have an Execution in the cluster go on where it ended without success, as RedriveExecution does.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn redrive order-17 -n shop
  sfn redrive order-17 --wait && sfn history order-17 --reverse --limit 5

It raises spec.redriveCount, and withdraws spec.stop. States that succeeded are not run again; of a
Parallel or Map state only the branches and items that did not succeed are. Within 14 days of its end.
A spec.redriveCount that was set higher is left as it is: with it the operator redrives by itself,
each time that the execution ends without success.

Exit status: 0 it was asked to go on, with --wait it succeeded; 1 it cannot, or did not succeed;
2 it could not be asked.")]
pub struct Redrive {
    /// The Execution's name
    #[arg(value_name = "NAME")]
    name: String,
    /// Wait until it has ended again
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What became of it.
#[derive(Debug, PartialEq)]
enum Fate {
    Ended(RunStatus),
    Refused(String),
}

impl Redrive {
    /// Redrives it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build()?.block_on(self.redrive())
    }

    async fn redrive(&self) -> anyhow::Result<ExitCode> {
        let executions = self.connection.open().await?;
        let execution = executions.get(&self.name).await?;
        if let Some(why) = not_redrivable(&execution, Timestamp::now()) {
            return Ok(self.refused(&why));
        }
        let count = redrives(&execution) + 1;
        let asked = count_to_ask_for(&execution);
        let generation = self.ask(&executions, &execution, asked).await?;
        if !self.wait {
            writeln!(stdout(), "{} is to go on, for time {count}", self.name)?;
            return Ok(ExitCode::SUCCESS);
        }
        let fate = executions
            .until(&self.name, |execution| fate(execution, count, generation))
            .await?;
        Ok(match fate {
            Fate::Refused(why) => self.refused(&why),
            Fate::Ended(status) => {
                writeln!(stdout(), "{} is {}", self.name, status.as_str())?;
                match status {
                    RunStatus::Succeeded => ExitCode::SUCCESS,
                    _ => ExitCode::from(INVALID),
                }
            }
        })
    }

    fn refused(&self, why: &str) -> ExitCode {
        let why = printable(why);
        stderr::write_line(format_args!("{} does not go on: {why}", self.name));
        ExitCode::from(INVALID)
    }

    /// Asks for it, unless the object was changed since it was read. Gives its generation.
    async fn ask(
        &self,
        executions: &Executions,
        execution: &Execution,
        count: i32,
    ) -> anyhow::Result<Option<i64>> {
        let patch = json!({
            "metadata": {"resourceVersion": execution.metadata.resource_version},
            "spec": {"redriveCount": count, "stop": null},
        });
        let params = PatchParams::default();
        let patched = executions
            .api()
            .patch(&self.name, &params, &Patch::Merge(patch))
            .await;
        let refused = || format!("cannot redrive the Execution '{}'", self.name);
        Ok(patched.with_context(refused)?.0.metadata.generation)
    }
}

fn redrives(execution: &Execution) -> i32 {
    let status = execution.status.as_ref();
    let done = status.and_then(|status| status.redrive_count);
    done.unwrap_or(0)
}

/// What `spec.redriveCount` is to be: more than was done, and no less than it is. A stop can only
/// be withdrawn where it grows.
fn count_to_ask_for(execution: &Execution) -> i32 {
    let done = redrives(execution);
    let asked = execution.spec.redrive_count.unwrap_or(0);
    match execution.spec.stop {
        Some(_) => done.max(asked) + 1,
        None => asked.max(done + 1),
    }
}

/// Why it cannot be redriven, as far as its status says. Nobody writes there that the time for it
/// went by.
fn not_redrivable(execution: &Execution, now: Timestamp) -> Option<String> {
    let status = execution.status.clone().unwrap_or_default();
    let stopped = status.stop_date.map(|Time(stopped)| stopped);
    let is_over = stopped.is_some_and(|at| now.duration_since(at) > REDRIVABLE_PERIOD);
    match (status.status, status.redrive_status) {
        (Some(_), Some(RedriveStatus::Redrivable)) if is_over => {
            Some(NotRedrivable::PeriodExceeded.to_string())
        }
        (Some(ended), Some(RedriveStatus::Redrivable)) if ended.is_finished() => None,
        (Some(ended), _) if ended.is_finished() => {
            let reason = status.redrive_status_reason;
            Some(reason.unwrap_or_else(|| "it never started".to_owned()))
        }
        (Some(running), _) => Some(format!("it is {}", running.as_str())),
        (None, _) => Some("it has not started".to_owned()),
    }
}

/// What became of it, once that is decided.
fn fate(execution: &Execution, count: i32, generation: Option<i64>) -> Option<Fate> {
    let status = execution.status.as_ref()?;
    let ended = status.status.filter(|status| status.is_finished())?;
    if redrives(execution) >= count {
        return Some(Fate::Ended(ended));
    }
    let advisory = condition::find(&status.conditions, types::ADVISORY)?;
    let is_refusal = advisory.reason.as_deref() == Some(reasons::NOT_REDRIVABLE);
    (is_refusal && status.observed_generation >= generation)
        .then(|| Fate::Refused(advisory.message.clone().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use crd::{Condition, ExecutionStatus};
    use jiff::SignedDuration;
    use rstest::rstest;

    use super::*;

    fn execution(status: RunStatus, redrives: i32) -> Execution {
        let mut execution = Execution::new("e", crd::ExecutionSpec::default());
        execution.status = Some(ExecutionStatus {
            status: Some(status),
            redrive_count: Some(redrives),
            observed_generation: Some(2),
            ..ExecutionStatus::default()
        });
        execution
    }

    #[rstest]
    #[case::not_begun(RunStatus::Failed, 0, None)]
    #[case::under_way(RunStatus::Running, 1, None)]
    #[case::done(RunStatus::Succeeded, 1, Some(Fate::Ended(RunStatus::Succeeded)))]
    #[case::failed_again(RunStatus::Failed, 1, Some(Fate::Ended(RunStatus::Failed)))]
    fn the_end_of_an_earlier_attempt_is_not_taken_for_that_of_this_one(
        #[case] status: RunStatus,
        #[case] redrives: i32,
        #[case] expected: Option<Fate>,
    ) {
        assert_eq!(fate(&execution(status, redrives), 1, Some(2)), expected);
    }

    #[test]
    fn a_refusal_counts_once_it_is_about_what_was_asked() {
        let mut refused = execution(RunStatus::Failed, 0);
        let advisory = Condition::new(types::ADVISORY, true, reasons::NOT_REDRIVABLE, "too late");
        refused.status.as_mut().unwrap().conditions = vec![advisory];
        assert_eq!(fate(&refused, 1, Some(3)), None);
        let expected = Fate::Refused("too late".to_owned());
        assert_eq!(fate(&refused, 1, Some(2)), Some(expected));
    }

    #[test]
    fn what_runs_is_told_apart_from_what_cannot_go_on() {
        let now = Timestamp::UNIX_EPOCH;
        let why = |execution: &Execution| not_redrivable(execution, now);
        let running = execution(RunStatus::Running, 0);
        assert_eq!(why(&running).as_deref(), Some("it is RUNNING"));
        let mut failed = execution(RunStatus::Failed, 0);
        assert_eq!(why(&failed).as_deref(), Some("it never started"));
        failed.status.as_mut().unwrap().redrive_status = Some(RedriveStatus::Redrivable);
        assert_eq!(why(&failed), None);
    }

    #[test]
    fn what_ended_too_long_ago_cannot_go_on_whatever_its_status_says() {
        let mut failed = execution(RunStatus::Failed, 0);
        let status = failed.status.as_mut().unwrap();
        status.redrive_status = Some(RedriveStatus::Redrivable);
        status.stop_date = Some(Time(Timestamp::UNIX_EPOCH));
        let last = Timestamp::UNIX_EPOCH + REDRIVABLE_PERIOD;
        assert_eq!(not_redrivable(&failed, last), None);
        let late = last + SignedDuration::from_secs(1);
        let why = not_redrivable(&failed, late);
        assert_eq!(
            why.as_deref(),
            Some("Execution redrivable period exceeded.")
        );
    }

    #[rstest]
    #[case::the_first(None, 0, false, 1)]
    #[case::another(Some(2), 2, false, 3)]
    #[case::asked_for_already(Some(3), 2, false, 3)]
    #[case::asked_for_more(Some(9), 2, false, 9)]
    #[case::stopped(Some(2), 2, true, 3)]
    #[case::stopped_after_it_was_asked_for(Some(3), 2, true, 4)]
    #[case::stopped_before_the_first(None, 0, true, 1)]
    fn the_count_grows_where_it_has_to(
        #[case] asked: Option<i32>,
        #[case] done: i32,
        #[case] stopped: bool,
        #[case] expected: i32,
    ) {
        let mut execution = execution(RunStatus::Aborted, done);
        execution.spec.redrive_count = asked;
        execution.spec.stop = stopped.then(Default::default);
        assert_eq!(count_to_ask_for(&execution), expected);
    }
}
