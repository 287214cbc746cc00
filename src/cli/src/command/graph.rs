//! `sfn graph`: draws a definition.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use asl::definition::StateMachine;
use clap::{Args, ValueEnum};

use super::INVALID;
use crate::definition_file::{self, DefinitionText};
use crate::graph::Scope;
use crate::report::{self, Findings};
use crate::stderr;
use crate::text_file;

/// Draw a definition, as a Mermaid flowchart or an SVG image.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn graph workflow.asl.json
      Mermaid's text, which GitHub and GitLab draw in a ```mermaid block
  sfn graph workflow.asl.json --output workflow.svg
      An SVG image; the file's name tells the format, unless --format does
  kubectl get statemachine hello -o yaml | sfn graph - --format svg > hello.svg
      The StateMachine of a manifest

Exit status: 0 drawn, 1 the definition is invalid, 2 a file cannot be read or written.")]
pub struct Graph {
    /// A definition (JSON or YAML), or a manifest with a StateMachine in it; - is standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// The StateMachine to draw, where the manifest has several
    #[arg(long, value_name = "NAME")]
    state_machine: Option<String>,
    /// What to draw [default: svg where the output's name ends so, else mermaid]
    #[arg(long, short, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// Where to write it, instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What to draw.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// The text of a Mermaid flowchart
    Mermaid,
    /// An image
    Svg,
}

impl Graph {
    /// Draws the definition.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let text = text_file::read(&self.file)?;
        let definition = definition_file::choose(&text, self.state_machine.as_deref(), &self.file)?;
        let Some(state_machine) = self.compile(&text, &definition) else {
            return Ok(ExitCode::from(INVALID));
        };
        let graph = Scope::of(&state_machine);
        let drawn = match self.format() {
            Format::Mermaid => graph.to_mermaid(),
            Format::Svg => {
                let title = definition.state_machine.as_deref();
                graph.to_svg(title.unwrap_or_else(|| text_file::name(&self.file)))?
            }
        };
        match &self.output {
            None => std::io::stdout().write_all(drawn.as_bytes())?,
            Some(path) => std::fs::write(path, drawn)
                .with_context(|| format!("cannot write {}", path.display()))?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn format(&self) -> Format {
        let extension = self.output.as_deref().and_then(Path::extension);
        let is_svg = extension.is_some_and(|extension| extension.eq_ignore_ascii_case("svg"));
        self.format.unwrap_or(match is_svg {
            true => Format::Svg,
            false => Format::Mermaid,
        })
    }

    /// Tasks need not be ones that can be run here to be drawn.
    fn compile(&self, text: &str, definition: &DefinitionText) -> Option<StateMachine> {
        match StateMachine::compile(&definition.text, &|_| true) {
            Ok(compiled) => Some(compiled.state_machine),
            Err(diagnostics) => {
                let findings = Findings {
                    file: text_file::name(&self.file),
                    file_text: text,
                    definition,
                    diagnostics: &diagnostics,
                };
                let handler = report::handler(std::io::stderr().is_terminal());
                stderr::write(findings.render(&handler));
                let title = findings.title();
                stderr::write_line(format_args!("error: {title} is not a valid definition"));
                None
            }
        }
    }
}
