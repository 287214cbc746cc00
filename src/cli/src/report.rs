//! Diagnostics of a definition, for people and as JSON.

use asl::definition::{Diagnostic, Severity};
use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource, Report,
};
use serde::Serialize;

use crate::definition_file::{DefinitionText, Located};
use crate::document::line_and_column;
use crate::locate::Target;
use crate::printable::{in_one_line, of_same_length, printable};

/// How many diagnostics of one definition are shown to people.
const SHOWN: usize = 50;
/// How many are listed in JSON, as many as `ValidateStateMachineDefinition` returns unasked.
const LISTED: usize = 100;
/// The longest lines that are shown whole, in bytes.
const LONGEST_LINE: usize = 400;
/// How much of a longer line is shown on each side of what is wrong with it, in bytes.
const EXCERPT: usize = 60;
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
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
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
        let title = match &self.definition.state_machine {
            Some(name) => format!("{}: StateMachine {name}", self.file),
            None => self.file.to_owned(),
        };
        in_one_line(&title).into_owned()
    }

    /// As JSON.
    pub fn json(&self) -> JsonFindings<'a> {
        let listed = self.diagnostics.iter().take(LISTED);
        let diagnostics = listed.map(|diagnostic| {
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
            truncated: self.diagnostics.len() > LISTED,
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
        let mut shown = MietteDiagnostic::new(printable(&diagnostic.message))
            .with_code(diagnostic.code.to_string())
            .with_severity(severity);
        if !diagnostic.location.is_empty() {
            shown = shown.with_help(format!("at {}", in_one_line(&diagnostic.location)));
        }
        let located = self.locate(diagnostic);
        let name = match located.in_file {
            true => self.title(),
            false => format!("{}, spec.definition", self.title()),
        };
        let text = self.text(&located);
        let Some(target) = located.target else {
            return Report::from(shown);
        };
        let (line, column) = line_and_column(text, target.start);
        let (source, target) = excerpt(&of_same_length(text), target);
        let name = match source.len() == text.len() {
            true => name,
            false => format!("{name}, line {line}, column {column}, in this excerpt"),
        };
        let shown = shown.with_label(LabeledSpan::underline(target));
        Report::from(shown).with_source_code(NamedSource::new(name, source))
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

/// The text to show, and the target in it: the whole, unless its line is too long to be read.
fn excerpt(text: &str, target: Target) -> (String, Target) {
    let before = text.get(..target.start).unwrap_or_default();
    let after = text.get(target.start..).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    let line_end = target.start + after.find('\n').unwrap_or(after.len());
    if line_end - line_start <= LONGEST_LINE {
        return (text.to_owned(), target);
    }
    let start = text.floor_char_boundary(target.start.saturating_sub(EXCERPT).max(line_start));
    let end =
        text.ceil_char_boundary((target.end.min(target.start + EXCERPT) + EXCERPT).min(line_end));
    let piece = text.get(start..end).unwrap_or_default();
    let length = target.len().min(end - target.start);
    let shown = format!("…{piece}…");
    let at = target.start - start + '…'.len_utf8();
    (shown, at..at + length)
}

/// How reports look: as the terminal can, and plain where there is none.
pub fn handler(is_terminal: bool) -> GraphicalReportHandler {
    if is_terminal {
        return GraphicalReportHandler::new();
    }
    GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor()).with_width(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::{EXCERPT, LONGEST_LINE, excerpt};

    #[test]
    fn a_line_too_long_to_be_read_is_cut_around_the_target() {
        let line = format!(
            "{{\n{}TARGET{}\n}}",
            "ä".repeat(LONGEST_LINE),
            "b".repeat(LONGEST_LINE)
        );
        let at = line.find("TARGET").unwrap();
        let (text, target) = excerpt(&line, at..at + 6);
        assert_eq!(&text[target], "TARGET");
        assert!(
            text.len() < 3 * EXCERPT && text.starts_with("…ä") && text.ends_with("b…"),
            "{text}"
        );
    }

    #[test]
    fn shorter_lines_are_shown_as_they_are() {
        assert_eq!(excerpt("a\nbcd\n", 3..4), ("a\nbcd\n".to_owned(), 3..4));
    }
}
