//! The workflows that are carried through every mishap.

use asl::Value;
use asl::errors::Fault;
use faults::Workflow;

fn workflow(definition: &str) -> Workflow {
    Workflow::new(definition)
}

const RUN_JOB: &str = "arn:aws:states:::eks:runJob.sync";

fn task(name: &str, rest: &str) -> String {
    format!(r#""{name}": {{"Type": "Task", "Resource": "{RUN_JOB}", {rest}}}"#)
}

pub fn no_task() -> Workflow {
    workflow(
        r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Result": "Hello World!", "Next": "B"},
        "B": {"Type": "Succeed"}}}"#,
    )
}

pub fn one_wait() -> Workflow {
    workflow(
        r#"{"StartAt": "A", "States": {
        "A": {"Type": "Wait", "Seconds": 600, "Next": "B"},
        "B": {"Type": "Pass", "Result": 1, "End": true}}}"#,
    )
}

pub fn three_jobs() -> Workflow {
    let jobs = [
        ("A", r#""Next": "B""#),
        ("B", r#""Next": "C""#),
        ("C", r#""End": true"#),
    ];
    let states = jobs.map(|(name, next)| task(name, next)).join(",");
    workflow(&format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#))
}

/// The same, by a task that leaves nothing to be removed.
pub fn three_calls() -> Workflow {
    let call = r#""Type": "Task", "Resource": "arn:aws:states:::eks:call""#;
    workflow(&format!(
        r#"{{"StartAt": "A", "States": {{
        "A": {{{call}, "Next": "B"}},
        "B": {{{call}, "Next": "C"}},
        "C": {{{call}, "End": true}}}}}}"#
    ))
}

/// Fails twice, is retried, fails for good, is caught.
pub fn retry_then_catch() -> Workflow {
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

pub fn parallel() -> Workflow {
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
pub fn parallel_with_a_failure() -> Workflow {
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

pub fn map() -> Workflow {
    let item = task("Item", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "M", "States": {{
        "M": {{"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "End": true,
            "ItemProcessor": {{"StartAt": "Item", "States": {{{item}}}}}}}}}}}"#
    ))
    .with_input(r#"{"items": [1, 2, 3, 4, 5]}"#)
}

/// The Job takes longer than its task may, each time.
pub fn task_timeout() -> Workflow {
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
pub fn heartbeat_timeout() -> Workflow {
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
pub fn execution_timeout_of_many() -> Workflow {
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

pub fn execution_timeout() -> Workflow {
    let slow = task("Slow", r#""End": true"#);
    workflow(&format!(
        r#"{{"StartAt": "Slow", "TimeoutSeconds": 30, "States": {{{slow}}}}}"#
    ))
    .lasting("Slow", 1000)
}

pub fn stopped() -> Workflow {
    let slow = task("Slow", r#""End": true"#);
    workflow(&format!(r#"{{"StartAt": "Slow", "States": {{{slow}}}}}"#))
        .lasting("Slow", 1000)
        .stopped_after(20, Fault::new("Enough", "it took too long"))
}

/// It is stopped while it waits to try again.
pub fn stopped_before_a_retry() -> Workflow {
    let retry = r#""Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 60}], "End": true"#;
    let flaky = task("Flaky", retry);
    workflow(&format!(r#"{{"StartAt": "Flaky", "States": {{{flaky}}}}}"#))
        .failing("Flaky", 1)
        .stopped_after(20, Fault::new("Enough", "of it"))
}

/// It is stopped while Jobs run whose parameters are large together, and it takes a while until
/// they are removed.
pub fn stopped_with_large_tasks() -> Workflow {
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
pub fn redriven() -> Workflow {
    three_jobs().failing("B", 1).redriven(1)
}

/// A branch fails while the other's Job runs, twice: both go on each time.
pub fn redriven_parallel() -> Workflow {
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
pub fn redriven_output() -> Workflow {
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
pub fn redriven_map_run() -> Workflow {
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
pub fn redriven_map() -> Workflow {
    map().failing("Item", 2).redriven(1)
}

/// Its time is up, twice.
pub fn redriven_after_a_timeout() -> Workflow {
    execution_timeout().redriven(1)
}

/// Results so large that checkpoints and history need pages.
pub fn large_results() -> Workflow {
    let jobs = [
        ("A", r#""Next": "B""#),
        ("B", r#""Next": "C""#),
        ("C", r#""End": true"#),
    ];
    let states = jobs.map(|(name, rest)| task(name, rest)).join(",");
    workflow(&format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#)).with_results_of(100_000)
}
