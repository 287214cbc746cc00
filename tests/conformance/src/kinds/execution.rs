//! Executions: how they end, and their whole history.

use std::sync::Arc;

use asl::Value;
use asl::definition::{Diagnostic, StateMachine};
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Outcome};
use asl::value::{Object, ObjectBuilder};

use super::history;
use super::{Settings, Verdict};
use crate::drive;
use crate::matching::{Difference, Matcher, Rules, difference};
use crate::stand_in::Services;
use crate::{Case, clock, json};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";
const STATE_MACHINE: &str = "statemachine_uid00001";
const EXECUTION: &str = "execution_uid00001";

/// What `DescribeExecution` gives that an execution decides by itself; the rest (dates, redrive,
/// aliases) is the wire API's.
const DESCRIBED: [&str; 7] = [
    "executionArn",
    "name",
    "status",
    "input",
    "output",
    "error",
    "cause",
];

pub(super) fn run(case: &Case, settings: Settings) -> Result<Verdict, String> {
    let compiled = compile(&case.definition_text())?;
    let info = execution_info(case);
    let mut services = Services::of(case);
    let run = drive::run(
        Arc::new(compiled),
        info.clone(),
        &mut services,
        settings.mode(),
    )?;
    let history = run.history.iter().map(|event| event.to_json()).collect();
    Ok(judge(case, &info, &run.outcome, history))
}

/// Compares how a case's execution ended, and its events, with what was recorded.
#[must_use]
pub fn judge(case: &Case, info: &ExecutionInfo, outcome: &Outcome, history: Vec<Value>) -> Verdict {
    let expected = case.expected();
    let got = result(case, info, outcome, history, &expected);
    let rules = Rules::of(case);
    let mut matcher = Matcher::new(&rules);
    let mut differences = compare_ends(&mut matcher, &expected, &got);
    if let (Some(recorded), Some(own)) = (expected.get("history"), got.get("history")) {
        differences.extend(history::compare(case, &mut matcher, recorded, own));
    }
    Verdict {
        expected,
        got,
        differences,
    }
}

/// Compiles a definition that has to be valid.
///
/// # Errors
/// It is not; what is wrong with it.
pub fn compile(text: &str) -> Result<StateMachine, String> {
    match StateMachine::compile(text, &|_| true) {
        Ok(compiled) => Ok(compiled.state_machine),
        Err(problems) => {
            let problems: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
            Err(format!(
                "the definition was refused: {}",
                problems.join("; ")
            ))
        }
    }
}

/// What is fixed for a case's execution.
#[must_use]
pub fn execution_info(case: &Case) -> ExecutionInfo {
    let name = json::text(&case.data, "execution_name").unwrap_or(EXECUTION);
    let kind = if case.is_express() {
        "express"
    } else {
        "execution"
    };
    let mut id = format!("arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{STATE_MACHINE}:{name}");
    if case.is_express() {
        id.push_str(":00000000-0000-4000-8000-000000000000");
    }
    ExecutionInfo {
        id: id.into(),
        name: name.into(),
        role_arn: role_arn(&case.expected()).into(),
        start_time: clock::epoch(),
        input: case.input(),
        state_machine_id: format!("arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{STATE_MACHINE}")
            .into(),
        state_machine_name: STATE_MACHINE.into(),
        region: REGION.into(),
    }
}

/// The role is an input of the execution that only its first event records.
fn role_arn(expected: &Value) -> String {
    let started = json::items(expected, "history")
        .first()
        .and_then(|event| event.get("executionStartedEventDetails"));
    started
        .and_then(|details| json::text(details, "roleArn"))
        .unwrap_or("snf_role_arn")
        .to_owned()
}

/// What came out, in the shape of the case's `expected`.
fn result(
    case: &Case,
    info: &ExecutionInfo,
    outcome: &Outcome,
    history: Vec<Value>,
    expected: &Value,
) -> Value {
    let ends = ends(outcome);
    let mut result = ObjectBuilder::from(ends.clone());
    if let Some(output) = ends.get("output")
        && expected.get("output_text").is_some()
    {
        result.set("output_text".into(), Value::from(output.to_string()));
    }
    if expected.get("history").is_some() {
        result.set("history".into(), Value::from(history));
    }
    if expected.get("describe_execution").is_some() {
        let described = ObjectBuilder::from(ends)
            .with("executionArn", info.id.clone())
            .with("name", info.name.clone())
            .with("input", case.input());
        result.set(
            "describe_execution".into(),
            Value::Object(described.build()),
        );
    }
    Value::Object(result.build())
}

fn ends(outcome: &Outcome) -> Object {
    let ends = ObjectBuilder::default().with("status", outcome.status());
    match outcome {
        Outcome::Succeeded(output) => ends.with("output", output.clone()).build(),
        Outcome::Failed(fault) | Outcome::TimedOut(fault) | Outcome::Aborted(fault) => {
            with_fault(ends, fault).build()
        }
    }
}

/// Adds `error` and `cause`, as far as there are any.
pub(super) fn with_fault(mut builder: ObjectBuilder, fault: &Fault) -> ObjectBuilder {
    if let Some(error) = &fault.error {
        builder.set("error".into(), Value::from(error.clone()));
    }
    if let Some(cause) = &fault.cause {
        builder.set("cause".into(), Value::from(cause.clone()));
    }
    builder
}

fn compare_ends(matcher: &mut Matcher<'_>, expected: &Value, got: &Value) -> Vec<Difference> {
    let mut differences = Vec::new();
    for name in ["status", "error", "cause", "output", "output_text"] {
        differences.extend(compare_member(matcher, expected, got, name, name));
    }
    if let (Some(expected), Some(got)) = (
        expected.get("describe_execution"),
        got.get("describe_execution"),
    ) {
        for name in DESCRIBED {
            let place = format!("describe_execution/{name}");
            differences.extend(compare_member(matcher, expected, got, name, &place));
        }
    }
    differences
}

fn compare_member(
    matcher: &mut Matcher<'_>,
    expected: &Value,
    got: &Value,
    name: &str,
    place: &str,
) -> Vec<Difference> {
    let place = format!("/{place}");
    match (expected.get(name), got.get(name)) {
        (None, None) => Vec::new(),
        (Some(Value::Null), None) => Vec::new(),
        (Some(expected), Some(got)) => matcher.compare(&place, expected, got),
        (expected, got) => vec![difference(&place, expected, got)],
    }
}
