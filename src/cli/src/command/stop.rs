//! `sfn stop`: stops an Execution of the cluster.

use std::io::{Write as _, stdout};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use crd::{Execution, RunStatus};
use kube::api::{Patch, PatchParams};
use serde_json::json;

use super::INVALID;
use crate::connection::{Connection, Executions};

/// Stop an Execution in the cluster, as StopExecution does.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn stop order-17 -n shop --error Cancelled --cause 'the customer changed their mind'
  sfn stop order-17 --wait
      Returns when its Jobs are on their way out and the execution is ABORTED

It sets spec.stop. Jobs are deleted with their pods, unless spec.retainJobs says otherwise.

Exit status: 0 it is stopped, or is to be; 1 it ended otherwise before; 2 it could not be asked.")]
pub struct Stop {
    /// The Execution's name
    #[arg(value_name = "NAME")]
    name: String,
    /// The error code to end with
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// The cause to end with
    #[arg(long, value_name = "TEXT")]
    cause: Option<String>,
    /// Wait until it has ended
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    connection: Connection,
}

impl Stop {
    /// Stops it.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build()?.block_on(self.stop())
    }

    async fn stop(&self) -> anyhow::Result<ExitCode> {
        let executions = self.connection.open().await?;
        let execution = executions.get(&self.name).await?;
        let ended = match ended(&execution) {
            Some(status) => status,
            None => {
                self.ask(&executions).await?;
                if !self.wait {
                    writeln!(stdout(), "{} is to stop", self.name)?;
                    return Ok(ExitCode::SUCCESS);
                }
                executions.until(&self.name, ended).await?
            }
        };
        writeln!(stdout(), "{} is {}", self.name, ended.as_str())?;
        Ok(match ended {
            RunStatus::Aborted => ExitCode::SUCCESS,
            _ => ExitCode::from(INVALID),
        })
    }

    async fn ask(&self, executions: &Executions) -> anyhow::Result<()> {
        let patch = json!({"spec": {"stop": {"error": self.error, "cause": self.cause}}});
        let params = PatchParams::default();
        let patched = executions
            .api()
            .patch(&self.name, &params, &Patch::Merge(patch))
            .await;
        let refused = || format!("cannot stop the Execution '{}'", self.name);
        patched.map(|_| ()).with_context(refused)
    }
}

/// How it ended, once it did.
fn ended(execution: &Execution) -> Option<RunStatus> {
    let status = execution.status.as_ref()?.status?;
    status.is_finished().then_some(status)
}
