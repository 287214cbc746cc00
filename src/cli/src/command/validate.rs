//! `sfn validate`: what is wrong with definitions.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use asl::definition::{Diagnostic, Rules, StateMachine};
use clap::Args;
use crd::StateMachineType;

use super::INVALID;
use crate::definition_file::{self, DefinitionText, type_parser};
use crate::printable;
use crate::report::{self, Findings};
use crate::text_file;

/// Check definitions without running them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn validate workflow.asl.json              A definition, as JSON or YAML
  sfn validate deploy/*.yaml                  The StateMachines in manifests
  kustomize build . | sfn validate -          Whatever comes in

Exit status: 0 all are valid (there may be warnings), 1 at least one is not, 2 a file cannot be read.")]
pub struct Validate {
    /// Definitions (JSON or YAML), or manifests with StateMachines in them; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// The type of the state machines [default: that of the manifest, else STANDARD]
    #[arg(long = "type", value_name = "TYPE", value_parser = type_parser())]
    type_: Option<StateMachineType>,
    /// Print the findings as JSON, in the words of ValidateStateMachineDefinition
    #[arg(long)]
    json: bool,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
}

impl Validate {
    /// Checks all files, then says whether all is well.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut files = Vec::new();
        for path in &self.files {
            let text = text_file::read(path)?;
            let definitions =
                definition_file::find(&text).with_context(|| text_file::name(path).to_owned())?;
            files.push((text_file::name(path), text, definitions));
        }
        let check = |definition: &DefinitionText| self.check(definition);
        let checked = files.iter().flat_map(|(name, text, definitions)| {
            definitions
                .iter()
                .map(move |definition| (*name, text, definition, check(definition)))
        });
        let checked: Vec<_> = checked.collect();
        let findings = checked
            .iter()
            .map(|(file, file_text, definition, diagnostics)| Findings {
                file,
                file_text,
                definition,
                diagnostics,
            });
        let findings: Vec<Findings<'_>> = findings.collect();
        if self.json {
            print_json(&findings)?;
        } else {
            print_text(&findings)?;
        }
        let well = |one: &Findings<'_>| match self.strict {
            true => one.diagnostics.is_empty(),
            false => one.is_valid(),
        };
        Ok(match findings.iter().all(well) {
            true => ExitCode::SUCCESS,
            false => ExitCode::from(INVALID),
        })
    }

    fn check(&self, definition: &DefinitionText) -> Vec<Diagnostic> {
        let rules = Rules {
            machine_type: definition.machine_type(self.type_),
            serves: &|resource| tasks::serves(resource) || storage::serves(resource),
        };
        match StateMachine::compile_with(&definition.text, rules) {
            Ok(compiled) => compiled.warnings,
            Err(diagnostics) => diagnostics,
        }
    }
}

fn print_json(findings: &[Findings<'_>]) -> anyhow::Result<()> {
    let json: Vec<_> = findings.iter().map(Findings::json).collect();
    let json = serde_json::to_string_pretty(&json)?;
    writeln!(std::io::stdout(), "{}", printable::json(&json))?;
    Ok(())
}

fn print_text(findings: &[Findings<'_>]) -> anyhow::Result<()> {
    let handler = report::handler(std::io::stderr().is_terminal());
    for one in findings {
        eprint!("{}", one.render(&handler));
        if one.is_valid() {
            writeln!(std::io::stdout(), "{}: valid", one.title())?;
        } else {
            writeln!(std::io::stdout(), "{}: invalid", one.title())?;
        }
    }
    Ok(())
}
