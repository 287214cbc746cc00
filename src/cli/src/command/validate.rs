//! `sfn validate`: what is wrong with definitions.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use asl::definition::{Diagnostic, Rules, StateMachine};
use clap::Args;
use crd::StateMachineType;

use super::{INVALID, UNUSABLE, tell};
use crate::definition_file::{self, DefinitionText, type_parser};
use crate::printable::{self, in_one_line};
use crate::report::{self, Findings};
use crate::stderr;
use crate::text_file;

/// Check definitions without running them.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn validate workflow.asl.json              A definition, as JSON or YAML
  sfn validate deploy/*.yaml                  The StateMachines among what is in manifests
  kustomize build . | sfn validate -          Whatever comes in

Of manifests only the definitions are checked. The API server checks all of them, without keeping
anything: kubectl apply --dry-run=server

Exit status: 0 all are valid (there may be warnings), 1 at least one is not, 2 one cannot be read,
or there is none.")]
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

/// A file that could be read.
struct File<'a> {
    name: &'a str,
    text: String,
    definitions: Vec<DefinitionText>,
    /// Why others in it cannot be looked at.
    errors: Vec<anyhow::Error>,
}

impl Validate {
    /// Checks all files, then says whether all is well.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let mut files = Vec::new();
        let mut errors = Vec::new();
        for path in &self.files {
            match read(path) {
                Ok(mut file) => {
                    errors.append(&mut file.errors);
                    files.push(file);
                }
                Err(error) => errors.push(error),
            }
        }
        let mut checked = Vec::new();
        for file in &files {
            for definition in &file.definitions {
                checked.push((file, definition, self.check(definition)));
            }
        }
        let findings = checked
            .iter()
            .map(|(file, definition, diagnostics)| Findings {
                file: file.name,
                file_text: &file.text,
                definition,
                diagnostics,
            });
        let findings: Vec<Findings<'_>> = findings.collect();
        if self.json {
            print_json(&findings)?;
        } else {
            print_text(&findings)?;
        }
        if findings.is_empty() && errors.is_empty() {
            errors.push(anyhow!("there is no definition of a StateMachine"));
        }
        errors.iter().for_each(tell);
        Ok(self.verdict(&findings, &errors))
    }

    fn verdict(&self, findings: &[Findings<'_>], errors: &[anyhow::Error]) -> ExitCode {
        let well = |one: &Findings<'_>| match self.strict {
            true => one.diagnostics.is_empty(),
            false => one.is_valid(),
        };
        match (errors.is_empty(), findings.iter().all(well)) {
            (false, _) => ExitCode::from(UNUSABLE),
            (true, false) => ExitCode::from(INVALID),
            (true, true) => ExitCode::SUCCESS,
        }
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

/// Reads a file, and tells what of it is not checked.
fn read(path: &str) -> anyhow::Result<File<'_>> {
    let (name, text) = (text_file::name(path), text_file::read(path)?);
    let contents = definition_file::find(&text).with_context(|| name.to_owned())?;
    if !contents.others.is_empty() {
        let others = contents.others.join(", ");
        let note = format!("note: {name}: not checked: {others}");
        stderr::write_line(in_one_line(&note));
    }
    let (mut definitions, mut errors) = (Vec::new(), Vec::new());
    for found in contents.definitions {
        match found {
            Ok(definition) => definitions.push(definition),
            Err(error) => errors.push(error.context(name.to_owned())),
        }
    }
    Ok(File {
        name,
        text,
        definitions,
        errors,
    })
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
        stderr::write(one.render(&handler));
        if one.is_valid() {
            writeln!(std::io::stdout(), "{}: valid", one.title())?;
        } else {
            writeln!(std::io::stdout(), "{}: invalid", one.title())?;
        }
    }
    Ok(())
}
