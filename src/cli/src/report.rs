//! Diagnostics of a definition, for people and as JSON.

use asl::definition::{Diagnostic, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report,
};
use serde::Serialize;

use crate::definition_file::{DefinitionText, Located};

/// How many diagnostics of one definition are shown to people.
const SHOWN: usize = 50;
/// How wide reports are where the terminal does not say.
const WIDTH: usize = 100;

/// A definition, the file it came from, and what is wrong with it.
pub struct Findings<'a> {
    /// The file's name, as it was given.
    pub file: &'a str,
    /// The file's text.
    pub file_text: &'a str,
    /// The definition.
    pub definition: &'a DefinitionText,
    /// What is wrong.
    pub diagnostics: &'a [Diagnostic],
}

/// One definition's findings, in the words of `ValidateStateMachineDefinition`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JsonFindings<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine: Option<&'a str>,
    result: &'static str,
    diagnostics: Vec<JsonDiagnostic<'a>>,
}

#[derive(Serialize)]
struct JsonDiagnostic<'a> {
    #[serde(flatten)]
    diagnostic: &'a Diagnostic,
    /// Counted from 1; of the file, or of the definition's text where the file holds that quoted.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl<'a> Findings<'a> {
    /// Whether the definition can be run.
    pub fn is_valid(&self) -> bool {
        let mut diagnostics = self.diagnostics.iter();
        !diagnostics.any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// What it is called in messages.
    pub fn title(&self) -> String {
        match &self.definition.state_machine {
            Some(name) => format!("{}: StateMachine {name}", self.file),
            None => self.file.to_owned(),
        }
    }

    /// As JSON.
    pub fn json(&self) -> JsonFindings<'a> {
        let diagnostics = self.diagnostics.iter().map(|diagnostic| {
            let located = self.locate(diagnostic);
            let text = self.text(&located);
            let place = located
                .target
                .map(|target| line_and_column(text, target.start));
            JsonDiagnostic {
                diagnostic,
                line: place.map(|(line, _)| line),
                column: place.map(|(_, column)| column),
            }
        });
        JsonFindings {
            file: self.file,
            state_machine: self.definition.state_machine.as_deref(),
            result: if self.is_valid() { "OK" } else { "FAIL" },
            diagnostics: diagnostics.collect(),
        }
    }

    /// For people: each diagnostic with the lines that it is about.
    pub fn render(&self, handler: &GraphicalReportHandler) -> String {
        let mut text = String::new();
        for diagnostic in self.diagnostics.iter().take(SHOWN) {
            let report = self.report(diagnostic);
            // Writing to a String cannot fail.
            let _ = handler.render_report(&mut text, report.as_ref());
            text.push('\n');
        }
        if let Some(more) = self
            .diagnostics
            .len()
            .checked_sub(SHOWN)
            .filter(|more| *more > 0)
        {
            text.push_str(&format!("… and {more} more in {}\n", self.title()));
        }
        text
    }

    fn report(&self, diagnostic: &Diagnostic) -> Report {
        let severity = match diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        };
        let mut shown = MietteDiagnostic::new(diagnostic.message.clone())
            .with_code(diagnostic.code.to_string())
            .with_severity(severity);
        if !diagnostic.location.is_empty() {
            shown = shown.with_help(format!("at {}", diagnostic.location));
        }
        let located = self.locate(diagnostic);
        let name = match located.in_file {
            true => self.title(),
            false => format!("{}, spec.definition", self.title()),
        };
        let text = self.text(&located).to_owned();
        if let Some(target) = located.target {
            shown = shown.with_label(LabeledSpan::underline(target));
        }
        Report::from(shown).with_source_code(NamedSource::new(name, text))
    }

    fn locate(&self, diagnostic: &Diagnostic) -> Located {
        self.definition
            .locate(self.file_text, &diagnostic.location, diagnostic.offset)
    }

    fn text(&self, located: &Located) -> &'a str {
        if located.in_file {
            self.file_text
        } else {
            &self.definition.text
        }
    }
}

/// Both counted from 1, the column in characters.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// How reports look: as the terminal can, and plain where there is none.
pub fn handler(is_terminal: bool) -> GraphicalReportHandler {
    if is_terminal {
        return GraphicalReportHandler::new();
    }
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(WIDTH)
}
