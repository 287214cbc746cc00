//! A crash before and after every single store write and task request, and a store that fails,
//! answers too late or is written by others at each of them: whatever the moment, the execution
//! ends as it does otherwise, each task is made exactly once, and nothing is left.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by panicking"
)]

mod handover;

use asl::Value;
use asl::errors::Fault;
use asl::machine::Outcome;
use rstest::rstest;

use faults::{CRASHES, Ended, Mishap, TROUBLES, Workflow, World, everywhere, live_to_the_end};

/// How an execution ended and what it took.
fn run(workflow: &Workflow, mishaps: &[Mishap]) -> (Ended, World) {
    let world = World::new(mishaps);
    let ended = live_to_the_end(workflow, &world).unwrap();
    (ended, world)
}

/// The execution without a crash, checked, and how many requests there are at which it may crash.
fn without_a_crash(workflow: &Workflow) -> (Ended, usize) {
    let (ended, world) = run(workflow, &[]);
    world.check_nothing_is_left("no crash");
    (ended, world.requests())
}

fn check(workflow: &Workflow, expected: &Ended, mishaps: &[Mishap]) -> usize {
    let (ended, world) = run(workflow, mishaps);
    let name = format!("{mishaps:?}");
    assert_eq!(ended.outcome, expected.outcome, "{name}");
    assert_eq!(world.made_by_state(), expected.made_by_state, "{name}");
    world.check_each_was_made_once(&name);
    world.check_nothing_is_left(&name);
    ended.check_history(&name);
    world.requests()
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
    .failing("Bad", usize::MAX)
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
    .failing("Bad", usize::MAX)
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

/// The Job does not show in time that it is alive, each time.
fn heartbeat_timeout() -> Workflow {
    let silent = task(
        "Silent",
        r#""TimeoutSeconds": 100, "HeartbeatSeconds": 10, "End": true, "Catch": [
        {"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Dead"}],
        "Retry": [{"ErrorEquals": ["States.HeartbeatTimeout"], "MaxAttempts": 1}]"#,
    );
    workflow(&format!(
        r#"{{"StartAt": "Silent", "States": {{{silent},
        "Dead": {{"Type": "Pass", "Result": "dead", "End": true}}}}}}"#
    ))
    .lasting("Silent", 1000)
}

/// The time is up while a Map's Jobs run and a Wait waits.
fn execution_timeout_of_many() -> Workflow {
    let item = task("Item", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "P", "TimeoutSeconds": 30, "States": {{
        "P": {{"Type": "Parallel", "End": true, "Branches": [
            {{"StartAt": "W", "States": {{"W": {{"Type": "Wait", "Seconds": 60, "End": true}}}}}},
            {{"StartAt": "M", "States": {{"M": {{"Type": "Map", "ItemsPath": "$.items", "End": true,
                "ItemProcessor": {{"StartAt": "Item", "States": {{{item}}}}}}}}}}}]}}}}}}"#
    ))
    .with_input(r#"{"items": [1, 2, 3]}"#)
    .lasting("Item", 1000)
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

/// It is stopped while it waits to try again.
fn stopped_before_a_retry() -> Workflow {
    let retry = r#""Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 60}], "End": true"#;
    let flaky = task("Flaky", retry);
    workflow(&format!(r#"{{"StartAt": "Flaky", "States": {{{flaky}}}}}"#))
        .failing("Flaky", 1)
        .stopped_after(20, Fault::new("Enough", "of it"))
}

/// It is stopped while Jobs run whose parameters are large together, and it takes a while until
/// they are removed.
fn stopped_with_large_tasks() -> Workflow {
    let item = task("Item", r#""End": true"#);
    let items: Vec<_> = (1..=4)
        .map(|seed| Value::from(faults::workflow::noise(seed, 15_000)).to_string())
        .collect();
    workflow(&format!(
        r#"{{"StartAt": "M", "States": {{
        "M": {{"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 3, "End": true,
            "ItemProcessor": {{"StartAt": "Item", "States": {{{item}}}}}}}}}}}"#
    ))
    .with_input(&format!(r#"{{"items": [{}]}}"#, items.join(",")))
    .lasting("Item", 1000)
    .cancelling_for(5)
    .stopped_after(20, Fault::new("Enough", "of it"))
}

/// The second of three Jobs fails; redriven, it goes on from there.
fn redriven() -> Workflow {
    three_jobs().failing("B", 1).redriven(1)
}

/// A branch fails while the other's Job runs, twice: both go on each time.
fn redriven_parallel() -> Workflow {
    let (slow, bad) = (
        task("Slow", r#""End": true"#),
        task("Bad", r#""End": true"#),
    );
    workflow(&format!(
        r#"{{"StartAt": "P", "States": {{
        "P": {{"Type": "Parallel", "End": true, "Branches": [
            {{"StartAt": "Slow", "States": {{{slow}}}}},
            {{"StartAt": "Bad", "States": {{{bad}}}}}]}}}}}}"#
    ))
    .failing("Bad", 2)
    .lasting("Slow", 100)
    .redriven(2)
}

/// Both branches end well and their output cannot be made; redriven, only that is made again.
fn redriven_output() -> Workflow {
    let (a, b) = (task("A", r#""End": true"#), task("B", r#""End": true"#));
    workflow(&format!(
        r#"{{"StartAt": "P", "States": {{
        "P": {{"Type": "Parallel", "End": true, "QueryLanguage": "JSONata", "Branches": [
            {{"StartAt": "A", "States": {{{a}}}}},
            {{"StartAt": "B", "States": {{{b}}}}}],
        "Output": "{{% $states.context.Execution.RedriveCount > 0 ? 'late' : $error('early') %}}"}}}}}}"#
    ))
    .redriven(1)
}

/// The first child of a Map Run fails, which is tolerated, and then the second, which is not;
/// redriven, it makes both again.
fn redriven_map_run() -> Workflow {
    let item = task("Item", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "M", "States": {{
        "M": {{"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "End": true,
            "ToleratedFailureCount": 1, "ItemProcessor": {{
            "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
            "StartAt": "Item", "States": {{{item}}}}}}}}}}}"#
    ))
    .with_input(r#"{"items": [1, 2, 3]}"#)
    .failing("Item", 2)
    .redriven(1)
}

/// The first two Jobs of a Map fail; redriven, it makes those again that did not succeed.
fn redriven_map() -> Workflow {
    map().failing("Item", 2).redriven(1)
}

/// Its time is up, twice.
fn redriven_after_a_timeout() -> Workflow {
    execution_timeout().redriven(1)
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
#[case::heartbeat_timeout(heartbeat_timeout(), 7)]
#[case::execution_timeout(execution_timeout(), 4)]
#[case::execution_timeout_of_many(execution_timeout_of_many(), 4)]
#[case::stopped(stopped(), 4)]
#[case::stopped_before_a_retry(stopped_before_a_retry(), 3)]
#[case::stopped_with_large_tasks(stopped_with_large_tasks(), 4)]
#[case::large_results(large_results(), 4)]
#[case::redriven(redriven(), 6)]
#[case::redriven_parallel(redriven_parallel(), 9)]
#[case::redriven_map(redriven_map(), 7)]
#[case::redriven_after_a_timeout(redriven_after_a_timeout(), 8)]
#[case::redriven_output(redriven_output(), 3)]
#[case::redriven_map_run(redriven_map_run(), 7)]
fn no_mishap_changes_what_an_execution_does(#[case] workflow: Workflow, #[case] writes: usize) {
    let (expected, requests) = without_a_crash(&workflow);
    assert_eq!(
        expected.status_writes, writes,
        "status writes without a crash"
    );
    for crash in everywhere(&CRASHES, requests) {
        check(&workflow, &expected, &[crash]);
    }
    for trouble in everywhere(&TROUBLES, requests) {
        check(&workflow, &expected, &[trouble]);
    }
}

#[rstest]
#[case::three_jobs(three_jobs())]
#[case::parallel_with_a_failure(parallel_with_a_failure())]
#[case::task_timeout(task_timeout())]
#[case::stopped(stopped())]
#[case::redriven(redriven())]
fn nor_do_two(#[case] workflow: Workflow) {
    let (expected, requests) = without_a_crash(&workflow);
    for first in everywhere(&CRASHES, requests).chain(everywhere(&TROUBLES, requests)) {
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
    assert_eq!(
        outcome(heartbeat_timeout()),
        Outcome::Succeeded(Value::from("dead"))
    );
    for workflow in [execution_timeout(), execution_timeout_of_many()] {
        assert_eq!(outcome(workflow), Outcome::TimedOut(Fault::default()));
    }
    let expected = Fault::new("Enough", "it took too long");
    assert_eq!(outcome(stopped()), Outcome::Aborted(expected));
    for workflow in [stopped_before_a_retry(), stopped_with_large_tasks()] {
        let expected = Fault::new("Enough", "of it");
        assert_eq!(outcome(workflow), Outcome::Aborted(expected));
    }
    let made = |workflow: Workflow| without_a_crash(&workflow).0.made_by_state;
    let counts = |counts: &[(&str, u32)]| {
        let counts = counts
            .iter()
            .map(|(state, made)| ((*state).to_owned(), *made));
        counts.collect::<std::collections::BTreeMap<_, _>>()
    };
    for workflow in [
        redriven(),
        redriven_parallel(),
        redriven_map(),
        redriven_output(),
        redriven_map_run(),
    ] {
        assert!(matches!(outcome(workflow), Outcome::Succeeded(_)));
    }
    assert_eq!(made(redriven()), counts(&[("A", 1), ("B", 2), ("C", 1)]));
    assert_eq!(
        made(redriven_parallel()),
        counts(&[("Slow", 3), ("Bad", 3)])
    );
    assert_eq!(made(redriven_map()), counts(&[("Item", 7)]));
    assert_eq!(made(redriven_output()), counts(&[("A", 1), ("B", 1)]));
    assert_eq!(made(redriven_map_run()), counts(&[("Item", 5)]));
    let timed_out = Outcome::TimedOut(Fault::default());
    assert_eq!(outcome(redriven_after_a_timeout()), timed_out);
    assert_eq!(made(redriven_after_a_timeout()), counts(&[("Slow", 2)]));
    let Outcome::Succeeded(caught) = outcome(retry_then_catch()) else {
        panic!("it was to be caught");
    };
    assert_eq!(
        caught.get("caught").unwrap().get("Error"),
        Some(&Value::from("Bad"))
    );
}
