//! What people read of a run.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use similar::TextDiff;

use crate::corpus::CaseFile;
use crate::json;
use crate::kinds::{Settings, Verdict, run_case};
use crate::{Case, Kind};

/// Which cases are run.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Only ids that contain this.
    pub id: Option<String>,
    /// Only this kind.
    pub kind: Option<Kind>,
}

impl Selection {
    fn takes(&self, case: &Case) -> bool {
        let by_id = self.id.as_deref().is_none_or(|id| case.id.contains(id));
        by_id && self.kind.is_none_or(|kind| case.kind == kind)
    }
}

/// The result of a run over a corpus.
#[derive(Debug, Default)]
pub struct Summary {
    /// Cases that passed.
    pub passed: usize,
    /// Ids of those that failed.
    pub failed: Vec<String>,
    /// Cases of kinds that the library alone cannot answer.
    pub out_of_scope: usize,
}

impl Summary {
    /// Failures that no exception allows.
    #[must_use]
    pub fn unexpected(&self, exceptions: &BTreeMap<String, String>) -> Vec<&str> {
        let failed = self.failed.iter();
        failed
            .filter(|id| !exceptions.contains_key(*id))
            .map(String::as_str)
            .collect()
    }
}

/// Runs the selected cases of a file, adds to the summary, and gives what each gave.
pub fn run_file<'a>(
    file: &'a CaseFile,
    selection: &Selection,
    settings: Settings,
    summary: &mut Summary,
) -> Vec<(&'a Case, Verdict)> {
    let mut verdicts = Vec::new();
    for case in file.cases.iter().filter(|case| selection.takes(case)) {
        let Some(verdict) = run_case(case, settings) else {
            summary.out_of_scope += 1;
            continue;
        };
        if verdict.passed() {
            summary.passed += 1;
        } else {
            summary.failed.push(case.id.clone());
        }
        verdicts.push((case, verdict));
    }
    verdicts
}

/// One line about a file.
#[must_use]
pub fn file_line(file: &CaseFile, verdicts: &[(&Case, Verdict)]) -> String {
    let passed = verdicts
        .iter()
        .filter(|(_, verdict)| verdict.passed())
        .count();
    format!(
        "{:<34} {passed:>4} passed, {:>4} failed",
        file.name,
        verdicts.len() - passed
    )
}

/// A failed case's id and its first differences, each on a line.
#[must_use]
pub fn failure_lines(case: &Case, verdict: &Verdict, at_most: usize) -> String {
    let mut lines = format!("  {}", case.id);
    for difference in verdict.differences.iter().take(at_most) {
        let show = |side: &Option<asl::Value>| {
            side.as_ref()
                .map_or("nothing".to_owned(), |value| shortened(&value.to_string()))
        };
        let _ = write!(
            lines,
            "\n      {}\n        expected {}\n        got      {}",
            difference.place,
            show(&difference.expected),
            show(&difference.got)
        );
    }
    let more = verdict.differences.len().saturating_sub(at_most);
    if more > 0 {
        let _ = write!(lines, "\n      … and {more} more");
    }
    lines
}

/// A case with all its differences, and what was expected against what came out.
#[must_use]
pub fn case_report(case: &Case, verdict: &Verdict) -> String {
    let state = if verdict.passed() { "passed" } else { "FAILED" };
    let mut report = format!("{} ({}) {state}\n", case.id, case.kind);
    let _ = writeln!(report, "{}", failure_lines(case, verdict, usize::MAX));
    let expected = json::pretty(&verdict.expected);
    let got = json::pretty(&verdict.got);
    let diff = TextDiff::from_lines(&expected, &got);
    let _ = write!(
        report,
        "{}",
        diff.unified_diff()
            .context_radius(4)
            .header("expected", "got")
    );
    report
}

fn shortened(text: &str) -> String {
    const MOST: usize = 600;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
