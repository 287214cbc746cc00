//! A crash before and after every single store write and task request, and a store that fails,
//! answers too late or is written by others at each of them: whatever the moment, the execution
//! ends as it does otherwise, each task is made exactly once, and nothing is left.
//!
//! Each life of the process is a runtime of its own with paused time; a crash drops it with all
//! that it did. What lives on is the world: the store, the Jobs, the time.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by panicking"
)]

mod handover;
mod life;
mod world;

use asl::Value;
use asl::errors::Fault;
use asl::machine::Outcome;
use rstest::rstest;

use life::{Ended, Workflow, live_to_the_end};
use world::{Kind, Mishap, World};

/// How an execution ended and what it took.
fn run(workflow: &Workflow, mishaps: &[Mishap]) -> (Ended, World) {
    let world = World::new(mishaps);
    let ended = live_to_the_end(workflow, &world);
    (ended, world)
}

/// The execution without a crash, checked, and how many points there are at which it may crash.
fn without_a_crash(workflow: &Workflow) -> (Ended, usize) {
    let (ended, world) = run(workflow, &[]);
    world.check_nothing_is_left("no crash");
    (ended, world.points())
}

fn check(workflow: &Workflow, expected: &Ended, mishaps: &[Mishap]) -> usize {
    let (ended, world) = run(workflow, mishaps);
    let name = format!("{mishaps:?}");
    assert_eq!(ended.outcome, expected.outcome, "{name}");
    assert_eq!(world.made_by_state(), expected.made_by_state, "{name}");
    world.check_each_was_made_once(&name);
    world.check_nothing_is_left(&name);
    ended.check_history(&name);
    world.points()
}

const CRASHES: [Kind; 2] = [Kind::DiesBefore, Kind::DiesAfter];
const TROUBLES: [Kind; 3] = [Kind::Fails, Kind::AnswerIsLost, Kind::IsOvertaken];

/// Each kind at each request.
fn everywhere(kinds: &'static [Kind], points: usize) -> impl Iterator<Item = Mishap> {
    let all = move |at| kinds.iter().map(move |kind| Mishap { at, kind: *kind });
    (0..points).flat_map(all)
}

fn workflow(definition: &str) -> Workflow {
    Workflow::new(definition)
}

const RUN_JOB: &str = "arn:aws:states:::eks:runJob.sync";

fn task(name: &str, rest: &str) -> String {
    format!(r#""{name}": {{"Type": "Task", "Resource": "{RUN_JOB}", {rest}}}"#)
}

fn no_task() -> Workflow {
    workflow(
        r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Result": "Hello World!", "Next": "B"},
        "B": {"Type": "Succeed"}}}"#,
    )
}

fn one_wait() -> Workflow {
    workflow(
        r#"{"StartAt": "A", "States": {
        "A": {"Type": "Wait", "Seconds": 600, "Next": "B"},
        "B": {"Type": "Pass", "Result": 1, "End": true}}}"#,
    )
}

fn three_jobs() -> Workflow {
    let jobs = [
        ("A", r#""Next": "B""#),
        ("B", r#""Next": "C""#),
        ("C", r#""End": true"#),
    ];
    let states = jobs.map(|(name, next)| task(name, next)).join(",");
    workflow(&format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#))
}

/// The same, by a task that leaves nothing to be removed.
fn three_calls() -> Workflow {
    let call = r#""Type": "Task", "Resource": "arn:aws:states:::eks:call""#;
    workflow(&format!(
        r#"{{"StartAt": "A", "States": {{
        "A": {{{call}, "Next": "B"}},
        "B": {{{call}, "Next": "C"}},
        "C": {{{call}, "End": true}}}}}}"#
    ))
}

/// Fails twice, is retried, fails for good, is caught.
fn retry_then_catch() -> Workflow {
    let flaky = task(
        "Flaky",
        r#""Next": "Bad",
        "Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 5, "MaxAttempts": 3}]"#,
    );
    let bad = task(
        "Bad",
        r#""End": true, "Catch": [
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.caught", "Next": "Clean"}]"#,
    );
    let clean = task("Clean", r#""ResultPath": "$.cleaned", "End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "Flaky", "States": {{{flaky},{bad},{clean}}}}}"#
    ))
    .failing("Flaky", 2)
    .failing("Bad", u32::MAX)
}

fn parallel() -> Workflow {
    let (a, b) = (task("A", r#""Next": "A2""#), task("B", r#""End": true"#));
    workflow(&format!(
        r#"{{"StartAt": "P", "States": {{
        "P": {{"Type": "Parallel", "Next": "Z", "Branches": [
            {{"StartAt": "A", "States": {{{a}, "A2": {{"Type": "Wait", "Seconds": 7, "End": true}}}}}},
            {{"StartAt": "B", "States": {{{b}}}}}]}},
        "Z": {{"Type": "Pass", "End": true}}}}}}"#
    ))
}

/// One branch fails while the other's Job runs: that one is cancelled, and then cleaned up after.
fn parallel_with_a_failure() -> Workflow {
    let (slow, bad) = (
        task("Slow", r#""End": true"#),
        task("Bad", r#""End": true"#),
    );
    let clean = task("Clean", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "P", "States": {{
        "P": {{"Type": "Parallel", "End": true, "Catch": [
            {{"ErrorEquals": ["States.ALL"], "Next": "Clean"}}], "Branches": [
            {{"StartAt": "Slow", "States": {{{slow}}}}},
            {{"StartAt": "Bad", "States": {{{bad}}}}}]}},
        {clean}}}}}"#
    ))
    .failing("Bad", u32::MAX)
    .lasting("Slow", 100)
}

fn map() -> Workflow {
    let item = task("Item", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "M", "States": {{
        "M": {{"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": true,
            "ItemProcessor": {{"StartAt": "Item", "States": {{{item}}}}}}}}}}}"#
    ))
    .with_input(r#"{"items": [1, 2, 3, 4, 5]}"#)
}

/// The Job takes longer than its task may, each time.
fn task_timeout() -> Workflow {
    let slow = task(
        "Slow",
        r#""TimeoutSeconds": 10, "End": true, "Catch": [
        {"ErrorEquals": ["States.Timeout"], "Next": "Late"}],
        "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}]"#,
    );
    workflow(&format!(
        r#"{{"StartAt": "Slow", "States": {{{slow},
        "Late": {{"Type": "Pass", "Result": "late", "End": true}}}}}}"#
    ))
    .lasting("Slow", 1000)
}

fn execution_timeout() -> Workflow {
    let slow = task("Slow", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "Slow", "TimeoutSeconds": 30, "States": {{{slow}}}}}"#
    ))
    .lasting("Slow", 1000)
}

fn stopped() -> Workflow {
    let slow = task("Slow", r#""End": true"#);
    workflow(&format!(r#"{{"StartAt": "Slow", "States": {{{slow}}}}}"#))
        .lasting("Slow", 1000)
        .stopped_after(20, Fault::new("Enough", "it took too long"))
}

/// One branch succeeds, one fails, one is cut off; then it is redriven, twice, and the first time
/// fails again.
fn redriven() -> Workflow {
    let quick = task("Quick", r#""End": true"#);
    let (slow, bad) = (
        task("Slow", r#""End": true"#),
        task("Bad", r#""End": true"#),
    );
    workflow(&format!(
        r#"{{"StartAt": "P", "States": {{
        "P": {{"Type": "Parallel", "End": true, "Branches": [
            {{"StartAt": "Quick", "States": {{{quick}}}}},
            {{"StartAt": "Slow", "States": {{{slow}}}}},
            {{"StartAt": "Bad", "States": {{{bad}}}}}]}}}}}}"#
    ))
    .failing("Bad", 2)
    .lasting("Bad", 10)
    .lasting("Slow", 100)
    .redriven(2)
}

/// Results so large that checkpoints and history need pages.
fn large_results() -> Workflow {
    let jobs = [
        ("A", r#""Next": "B""#),
        ("B", r#""Next": "C""#),
        ("C", r#""End": true"#),
    ];
    let states = jobs.map(|(name, rest)| task(name, rest)).join(",");
    workflow(&format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#)).with_results_of(100_000)
}

#[rstest]
#[case::no_task(no_task(), 1)]
#[case::one_wait(one_wait(), 2)]
#[case::three_jobs(three_jobs(), 4)]
#[case::three_calls(three_calls(), 4)]
#[case::retry_then_catch(retry_then_catch(), 8)]
#[case::parallel(parallel(), 3)]
#[case::parallel_with_a_failure(parallel_with_a_failure(), 3)]
#[case::map(map(), 4)]
// Those whose Jobs last show, after a while, that they were submitted.
#[case::task_timeout(task_timeout(), 7)]
#[case::execution_timeout(execution_timeout(), 4)]
#[case::stopped(stopped(), 4)]
#[case::redriven(redriven(), 12)]
#[case::large_results(large_results(), 4)]
fn no_mishap_changes_what_an_execution_does(#[case] workflow: Workflow, #[case] writes: usize) {
    let (expected, points) = without_a_crash(&workflow);
    assert_eq!(
        expected.status_writes, writes,
        "status writes without a crash"
    );
    for crash in everywhere(&CRASHES, points) {
        check(&workflow, &expected, &[crash]);
    }
    for trouble in everywhere(&TROUBLES, points) {
        check(&workflow, &expected, &[trouble]);
    }
}

#[rstest]
#[case::three_jobs(three_jobs())]
#[case::parallel_with_a_failure(parallel_with_a_failure())]
#[case::task_timeout(task_timeout())]
#[case::stopped(stopped())]
fn nor_do_two(#[case] workflow: Workflow) {
    let (expected, points) = without_a_crash(&workflow);
    for first in everywhere(&CRASHES, points).chain(everywhere(&TROUBLES, points)) {
        let all = check(&workflow, &expected, &[first]);
        for second in everywhere(&CRASHES, all).filter(|second| second.at > first.at) {
            check(&workflow, &expected, &[first, second]);
        }
    }
}

#[test]
fn an_execution_is_protected_only_for_tasks_that_leave_something() {
    let requests = |workflow: Workflow| without_a_crash(&workflow).1;
    // Four statuses and three tasks.
    assert_eq!(requests(three_calls()), 7);
    assert_eq!(requests(three_jobs()), 9);
}

#[test]
fn the_cases_end_as_their_names_say() {
    let outcome = |workflow: Workflow| without_a_crash(&workflow).0.outcome;
    assert_eq!(
        outcome(no_task()),
        Outcome::Succeeded(Value::from("Hello World!"))
    );
    assert_eq!(outcome(one_wait()), Outcome::Succeeded(Value::from(1)));
    assert_eq!(
        outcome(task_timeout()),
        Outcome::Succeeded(Value::from("late"))
    );
    assert!(matches!(outcome(execution_timeout()), Outcome::TimedOut(_)));
    assert!(matches!(outcome(stopped()), Outcome::Aborted(_)));
    let (ended, _) = without_a_crash(&redriven());
    assert!(matches!(ended.outcome, Outcome::Succeeded(_)));
    let made = [("Bad", 3), ("Quick", 1), ("Slow", 3)];
    assert_eq!(
        ended.made_by_state,
        made.map(|(state, made)| (state.to_owned(), made)).into()
    );
    let Outcome::Succeeded(caught) = outcome(retry_then_catch()) else {
        panic!("it was to be caught");
    };
    assert_eq!(
        caught.get("caught").unwrap().get("Error"),
        Some(&Value::from("Bad"))
    );
}
