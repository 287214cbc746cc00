//! Runs the official JSONata test suite, release 2.0.6, through the engine: `make jsonata-suite`.
//!
//! The suite is a folder with `cases-*.jsonl` and `datasets/`, by default `../shared/jsonata-suite`
//! beside the workspace; `SUITE` names another. Each line of a case file is an object with `expr`,
//! `data` or `dataset`, `bindings`, and one of `result`, `undefinedResult` and `code`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a suite that cannot be read cannot be run"
)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use asl::Value;
use asl::query::jsonata::{self, Environment, EvaluationError, Kind, Limits};

/// The cases that the engine does not pass: two on texts that cannot be held here, and one on an
/// infinite number, which it refuses earlier and under another code. More is a failure.
const KNOWN_FAILURES: usize = 3;

fn main() -> ExitCode {
    let folder = folder();
    let cases = case_files(&folder);
    if cases.is_empty() {
        println!(
            "no JSONata suite at {}: SUITE=<folder> names one; nothing was run",
            folder.display()
        );
        return ExitCode::SUCCESS;
    }
    let suite = Suite {
        datasets: datasets(&folder),
    };
    let mut passed = 0_usize;
    let mut failures: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in cases.iter().flat_map(|file| lines(file)) {
        let case = match case {
            Ok(case) => case,
            Err(message) => {
                failures
                    .entry("(no JSON here)".into())
                    .or_default()
                    .push(message);
                continue;
            }
        };
        match suite.run(&case) {
            Ok(()) => passed += 1,
            Err(message) => {
                let group = text(&case, "group");
                let line = format!("{}: {message}", text(&case, "name"));
                failures.entry(group).or_default().push(line);
            }
        }
    }
    let failed: usize = failures.values().map(Vec::len).sum();
    for (group, lines) in &failures {
        println!("{group}: {} failed", lines.len());
        lines.iter().for_each(|line| println!("    {line}"));
    }
    println!("{passed} passed, {failed} failed");
    if failed > KNOWN_FAILURES {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn folder() -> PathBuf {
    std::env::var_os("SUITE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jsonata-suite"),
        PathBuf::from,
    )
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    files.sort();
    files
}

/// The cases of a file. A few are about texts with half a character (a lone surrogate), which
/// only JavaScript can hold: they cannot be read, and count as failed.
fn lines(file: &Path) -> Vec<Result<Value, String>> {
    let content = std::fs::read_to_string(file).expect("the case file is readable");
    content
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| asl::value::parse(line).map_err(|error| format!("{error}: {}", start(line))))
        .collect()
}

fn datasets(folder: &Path) -> HashMap<String, Value> {
    let files = std::fs::read_dir(folder.join("datasets")).expect("the suite has datasets");
    files
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| {
            let name = path.file_stem()?.to_str()?.to_owned();
            let bytes = std::fs::read(&path).ok()?;
            Some((name, asl::value::parse_bytes(&bytes).ok()?))
        })
        .collect()
}

fn text(case: &Value, member: &str) -> String {
    let value = case.get(member).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

struct Suite {
    datasets: HashMap<String, Value>,
}

/// What an expression came to.
enum Outcome {
    Value(Option<Value>),
    /// The code of the error.
    Error(String),
}

impl Suite {
    fn run(&self, case: &Value) -> Result<(), String> {
        let outcome = self.evaluate(case);
        let code = case.get("code").and_then(Value::as_str);
        match (outcome, code) {
            (Outcome::Error(found), Some(code)) if found == code => Ok(()),
            (Outcome::Error(found), Some(code)) => {
                Err(format!("expected error {code}, got {found}"))
            }
            // Some cases expect an error without saying which.
            (Outcome::Error(_), None) if case.get("error").is_some() => Ok(()),
            (Outcome::Error(found), None) => Err(format!("failed with {found}")),
            (Outcome::Value(found), Some(code)) => Err(format!(
                "expected error {code}, got {}",
                shown(found.as_ref())
            )),
            (Outcome::Value(found), None) => matches(case, found.as_ref()),
        }
    }

    fn evaluate(&self, case: &Value) -> Outcome {
        let program = match jsonata::compile(&text(case, "expr")) {
            Ok(program) => program,
            Err(error) => return Outcome::Error(error.code.to_owned()),
        };
        let input = match case.get("data") {
            Some(data) => Some(data),
            None => self.datasets.get(&text(case, "dataset")),
        };
        let variables: Vec<(&str, Value)> = case
            .get("bindings")
            .and_then(Value::as_object)
            .map(|bindings| bindings.members())
            .unwrap_or_default()
            .iter()
            .map(|(name, value)| (&**name, value.clone()))
            .collect();
        let environment = Environment {
            input,
            scope: None,
            states: Default::default(),
            variables: &variables,
            now_millis: 1_700_000_000_000,
            limits: limits(case),
        };
        match program.evaluate(&environment) {
            Ok(value) => Outcome::Value(value),
            Err(error) => Outcome::Error(code(&error)),
        }
    }
}

/// The suite's own limits, where a case has them. It counts depth as JSONata's test runner does,
/// in nested calls, of which each takes several evaluations here.
fn limits(case: &Value) -> Limits {
    let mut limits = Limits {
        depth: 50_000,
        array_items: 10_000_000,
        text_bytes: 256 << 20,
        result_bytes: 256 << 20,
        steps: u64::MAX,
        time: Duration::from_secs(10),
    };
    if let Some(depth) = number(case, "depth") {
        limits.depth = usize::try_from(depth).unwrap_or(usize::MAX);
    }
    if let Some(time) = number(case, "timelimit") {
        limits.time = Duration::from_millis(time);
    }
    limits
}

fn number(case: &Value, member: &str) -> Option<u64> {
    u64::try_from(case.get(member)?.as_i64()?).ok()
}

/// The suite's runner reports a passed limit on depth or time as `U1001`.
fn code(error: &EvaluationError) -> String {
    match error.kind {
        Kind::Depth | Kind::Time => "U1001".into(),
        Kind::Expression | Kind::Size => error.code.clone(),
    }
}

fn matches(case: &Value, found: Option<&Value>) -> Result<(), String> {
    let expected = case.get("result");
    let is_unordered = case.get("unordered").and_then(Value::as_bool) == Some(true);
    let agree = match (expected, found) {
        (Some(Value::Array(expected)), Some(Value::Array(found))) if is_unordered => {
            same_items(expected.items(), found.items())
        }
        _ => expected == found,
    };
    if agree {
        return Ok(());
    }
    Err(format!(
        "expected {}, got {}",
        shown(expected),
        shown(found)
    ))
}

fn same_items(expected: &[Value], found: &[Value]) -> bool {
    expected.len() == found.len() && expected.iter().all(|item| found.contains(item))
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".into();
    };
    start(&value.to_string())
}

fn start(text: &str) -> String {
    match text.char_indices().nth(200) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
