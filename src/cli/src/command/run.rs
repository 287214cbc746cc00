//! `sfn run`: runs a definition on this machine.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use asl::Value;
use asl::definition::{Compiled, Diagnostic, Rules, Serves, StateMachine};
use asl::machine::{Limits, Outcome};
use asl::value::MAX_DEPTH;
use clap::Args;
use crd::StateMachineType;
use engine::ports::TaskRunner;
use jiff::Timestamp;
use storage::{ObjectStorage, StorageLimits};

use super::{INVALID, UNUSABLE};
use crate::definition_file::{self, DefinitionText, type_parser};
use crate::execution_name;
use crate::local_cluster;
use crate::local_run::{Finished, LocalRun};
use crate::mock::{MockFile, MockRunner};
use crate::printable;
use crate::report::{self, Findings};
use crate::runners::Runners;
use crate::stderr;
use crate::text_file;

/// Run a definition on this machine.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn run workflow.asl.json --input input.json
      Every state but tasks
  sfn run workflow.asl.json --mock mocks.json --test-case HappyPath --no-wait
      Tasks answered by a mock configuration file of Step Functions Local; waits pass at once
  sfn run workflow.asl.json --kubeconfig ~/.kube/config --cluster-name EKSCluster
      eks:* tasks run in that cluster, with your own rights
  sfn run map.asl.json --object-storage buckets
      ItemReader reads buckets/BUCKET/KEY, ResultWriter writes there
  sfn run statemachine.yaml --history
      The StateMachine of a manifest, with the history of the execution

Exit status: 0 succeeded, 1 failed, timed out or aborted, 2 not run.")]
pub struct Run {
    /// A definition (JSON or YAML), or a manifest with a StateMachine in it; - is standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// The StateMachine to run, where the manifest has several
    #[arg(long, value_name = "NAME")]
    state_machine: Option<String>,
    /// The type of the state machine [default: that of the manifest, else STANDARD]
    #[arg(long = "type", value_name = "TYPE", value_parser = type_parser())]
    type_: Option<StateMachineType>,
    /// The input: a file with JSON or YAML; - is standard input [default: {}]
    #[arg(long, short, value_name = "FILE")]
    input: Option<String>,
    /// The execution's name
    #[arg(long, default_value = "run", value_name = "NAME", value_parser = execution_name::parse)]
    name: String,

    /// Answers to tasks: a mock configuration file of Step Functions Local
    #[arg(long, value_name = "FILE", help_heading = "Tasks")]
    mock: Option<String>,
    /// The test case of the mock file, where it has several
    #[arg(long, value_name = "NAME", requires = "mock", help_heading = "Tasks")]
    test_case: Option<String>,
    /// The state machine of the mock file, where it has several
    #[arg(long, value_name = "NAME", requires = "mock", help_heading = "Tasks")]
    mock_state_machine: Option<String>,
    /// Run eks:* tasks that are not mocked in the cluster of this kubeconfig
    #[arg(long, value_name = "FILE", help_heading = "Tasks")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig, if not its current one
    #[arg(
        long,
        value_name = "NAME",
        requires = "kubeconfig",
        help_heading = "Tasks"
    )]
    context: Option<String>,
    /// What the definition calls that cluster (ClusterName)
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        default_value = "EKSCluster",
        help_heading = "Tasks"
    )]
    cluster_name: Vec<String>,
    /// Let ItemReader and ResultWriter use this folder: its subfolders are the buckets
    #[arg(long, value_name = "FOLDER", help_heading = "Tasks")]
    object_storage: Option<PathBuf>,

    /// Let time pass at once where the execution only waits
    #[arg(long, conflicts_with = "kubeconfig", help_heading = "Time and chance")]
    no_wait: bool,
    /// When the execution starts, such as 2024-01-31T12:00:00Z
    #[arg(
        long,
        value_name = "TIME",
        requires = "no_wait",
        help_heading = "Time and chance"
    )]
    start_time: Option<Timestamp>,
    /// Draw the same random numbers each time (States.UUID, jitter)
    #[arg(long, value_name = "NUMBER", help_heading = "Time and chance")]
    seed: Option<u64>,

    /// Print the history too
    #[arg(long, help_heading = "Output")]
    history: bool,
    /// Print one JSON object, as DescribeExecution does
    #[arg(long, help_heading = "Output")]
    json: bool,
    /// Print nothing while it runs
    #[arg(long, short, help_heading = "Output")]
    quiet: bool,
}

impl Run {
    /// Runs it to its end.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let text = text_file::read(&self.file)?;
        let definition = definition_file::choose(&text, self.state_machine.as_deref(), &self.file)?;
        let Some(state_machine) = self.compile(&text, &definition) else {
            return Ok(ExitCode::from(UNUSABLE));
        };
        let input = self.input()?;
        let run = LocalRun {
            definition: Arc::new(state_machine),
            state_machine_name: definition.state_machine.clone(),
            machine_type: definition.machine_type(self.type_),
            name: self.name.clone(),
            input,
            no_wait: self.no_wait,
            start_time: self.start_time,
            seed: self.seed,
            quiet: self.quiet,
        };
        let finished = run.carry(async || self.runner().await)?;
        self.print(&finished)?;
        Ok(match finished.outcome {
            Outcome::Succeeded(_) => ExitCode::SUCCESS,
            _ => ExitCode::from(INVALID),
        })
    }

    /// The input, within the limits that the operator has too.
    fn input(&self) -> anyhow::Result<Value> {
        let Some(path) = &self.input else {
            return Ok(Value::empty_object());
        };
        let input: Value = text_file::read_value(path)?;
        let (found, limit) = (input.text_len(), Limits::default().payload_bytes);
        if found > limit {
            bail!("--input has {found} bytes as JSON: at most {limit} are allowed");
        }
        if input.depth() > MAX_DEPTH {
            bail!("--input is nested in more than {MAX_DEPTH} levels");
        }
        Ok(input)
    }

    fn compile(&self, text: &str, definition: &DefinitionText) -> Option<StateMachine> {
        let serves = |resource: &_| {
            self.mock.is_some() || tasks::serves(resource) || storage::serves(resource)
        };
        let (compiled, diagnostics) = match self.compile_serving(definition, &serves) {
            Ok(compiled) => (Some(compiled.state_machine), compiled.warnings),
            Err(diagnostics) => (None, diagnostics),
        };
        let findings = Findings {
            file: text_file::name(&self.file),
            file_text: text,
            definition,
            diagnostics: &diagnostics,
        };
        let handler = report::handler(std::io::stderr().is_terminal());
        stderr::write(findings.render(&handler));
        if compiled.is_none() {
            let title = findings.title();
            let why = match self.compile_serving(definition, &|_| true) {
                Ok(_) => {
                    "is valid, but nothing here runs all of its tasks: answer them with --mock"
                }
                Err(_) => "is not a valid definition",
            };
            stderr::write_line(format_args!("error: {title} {why}"));
        }
        compiled
    }

    fn compile_serving(
        &self,
        definition: &DefinitionText,
        serves: Serves<'_>,
    ) -> Result<Compiled, Vec<Diagnostic>> {
        let rules = Rules {
            machine_type: definition.machine_type(self.type_),
            serves,
        };
        StateMachine::compile_with(&definition.text, rules)
    }

    async fn runner(&self) -> anyhow::Result<Arc<dyn TaskRunner>> {
        let real = self.real_runners().await?;
        let Some(path) = &self.mock else {
            return Ok(Arc::new(MockRunner::without_mocks(real)));
        };
        let mocks: MockFile = text_file::read_value(path)?;
        let machine = self.mock_state_machine.as_deref();
        let runner = mocks.runner(machine, self.test_case.as_deref(), real);
        Ok(Arc::new(runner.with_context(|| path.clone())?))
    }

    async fn real_runners(&self) -> anyhow::Result<Runners> {
        let mut runners = Runners::default();
        if let Some(path) = &self.kubeconfig {
            let names = self.cluster_name.clone();
            runners.add(local_cluster::tasks(path, self.context.as_deref(), names).await?);
        }
        if let Some(folder) = &self.object_storage {
            if !folder.is_dir() {
                bail!("--object-storage: there is no folder {}", folder.display());
            }
            let storage = ObjectStorage::folder(folder, StorageLimits::default());
            runners.add(storage.context("--object-storage")?);
        }
        Ok(runners)
    }

    fn print(&self, finished: &Finished) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        if self.json {
            let json = finished.json(self.history);
            let json = serde_json::to_string_pretty(&json)?;
            writeln!(out, "{}", printable::json(&json))?;
            return Ok(());
        }
        if self.history {
            for line in finished.history_lines() {
                writeln!(out, "{line}")?;
            }
        }
        match &finished.outcome {
            Outcome::Succeeded(output) => {
                let json = serde_json::to_string_pretty(output)?;
                writeln!(out, "{}", printable::json(&json))?;
            }
            outcome => stderr::write_line(finished.failure(outcome)),
        }
        Ok(())
    }
}
