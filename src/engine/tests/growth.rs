//! What is written grows with the work and not with its square; large payloads and long histories
//! are stored in pages and read back whole.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by panicking"
)]

use asl::Value;
use asl::machine::Outcome;
use faults::{Ended, Workflow, World, live_to_the_end};
use rstest::rstest;

const RUN_JOB: &str = "arn:aws:states:::eks:runJob.sync";
const MIB: usize = 1024 * 1024;

fn map_of(items: usize) -> Workflow {
    let items: Vec<String> = (0..items).map(|item| item.to_string()).collect();
    Workflow::new(&format!(
        r#"{{"StartAt": "Map", "States": {{"Map": {{"Type": "Map", "ItemsPath": "$.items",
        "End": true, "ItemProcessor": {{"StartAt": "Item", "States": {{
            "Item": {{"Type": "Task", "Resource": "{RUN_JOB}", "End": true}}}}}}}}}}}}"#
    ))
    .with_input(&format!(r#"{{"items": [{}]}}"#, items.join(",")))
}

fn carry(workflow: &Workflow) -> (Ended, World) {
    let world = World::new(&[]);
    let ended = live_to_the_end(workflow, &world).unwrap();
    ended.check_history("growth");
    (ended, world)
}

fn output(ended: Ended) -> Value {
    match ended.outcome {
        Outcome::Succeeded(output) => output,
        other => panic!("{other:?}"),
    }
}

/// The bytes written for each item of a Map.
fn bytes_per_item(workflow: &Workflow, items: usize) -> usize {
    let (ended, world) = carry(workflow);
    let writes = world.status_writes();
    let bytes = world.bytes_written() / items;
    println!("{items} items: {writes} status writes, {bytes} bytes an item");
    assert_eq!(output(ended).as_array().unwrap().len(), items);
    bytes
}

fn together(workflow: Workflow) -> Workflow {
    workflow
}

fn one_by_one(workflow: Workflow) -> Workflow {
    workflow.staggered()
}

fn with_results_of_a_kilobyte(workflow: Workflow) -> Workflow {
    workflow.with_results_of(1024).with_payloads_up_to(16 * MIB)
}

#[rstest]
#[case::that_end_together(together, [100, 1000, 10_000])]
#[case::that_end_one_by_one(one_by_one, [100, 1000, 2000])]
#[case::with_results_of_a_kilobyte(with_results_of_a_kilobyte, [100, 1000, 10_000])]
fn the_bytes_written_for_an_item_do_not_grow_with_the_number_of_items(
    #[case] shape: fn(Workflow) -> Workflow,
    #[case] items: [usize; 3],
) {
    let [few, more, many] = items.map(|items| bytes_per_item(&shape(map_of(items)), items));
    // Small results and items are in each checkpoint until they have 8 KiB together, and are then
    // sealed: with a hundred of them they never are many.
    assert!(more < few * 3, "{more} against {few}");
    assert!(many * 2 < more * 3, "{many} against {more}");
}

/// A distributed Map half of whose children fail after their Job, which is tolerated.
fn half_of_which_fail(items: usize) -> Workflow {
    let items: Vec<String> = (0..items)
        .map(|item| format!(r#"{{"fails": {}}}"#, item % 2 == 0))
        .collect();
    Workflow::new(&format!(
        r#"{{"StartAt": "Map", "States": {{"Map": {{"Type": "Map", "ItemsPath": "$.items",
        "End": true, "MaxConcurrency": 40, "ToleratedFailurePercentage": 50, "ItemProcessor": {{
        "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
        "StartAt": "Item", "States": {{
            "Item": {{"Type": "Task", "Resource": "{RUN_JOB}", "ResultPath": null, "Next": "How"}},
            "How": {{"Type": "Choice", "Default": "Well", "Choices": [
                {{"Variable": "$.fails", "BooleanEquals": true, "Next": "Badly"}}]}},
            "Well": {{"Type": "Succeed"}},
            "Badly": {{"Type": "Fail", "Error": "E"}}}}}}}}}}}}"#
    ))
    .with_input(&format!(r#"{{"items": [{}]}}"#, items.join(",")))
    .with_payloads_up_to(16 * MIB)
}

#[rstest]
#[case::that_end_together(together, [100, 1000, 10_000])]
#[case::that_end_one_by_one(one_by_one, [100, 1000, 2000])]
fn the_bytes_written_for_an_item_do_not_grow_with_the_failures_that_are_tolerated(
    #[case] shape: fn(Workflow) -> Workflow,
    #[case] items: [usize; 3],
) {
    let of = |items| bytes_per_item(&shape(half_of_which_fail(items)), items);
    let [few, more, many] = items.map(of);
    assert!(more < few * 3, "{more} against {few}");
    assert!(many * 2 < more * 3, "{many} against {more}");
}

#[test]
fn a_payload_that_passes_through_a_hundred_states_is_written_with_their_events_alone() {
    let states: Vec<String> = (0..100)
        .map(|at| {
            let next = format!(r#""Next": "S{}""#, at + 1);
            let next = if at == 99 { r#""End": true"# } else { &next };
            format!(r#""S{at}": {{"Type": "Wait", "Seconds": 5, {next}}}"#)
        })
        .collect();
    let payload = faults::workflow::noise(1, 100 * 1024);
    let workflow = Workflow::new(&format!(
        r#"{{"StartAt": "S0", "States": {{{}}}}}"#,
        states.join(",")
    ))
    .with_input(&Value::from(payload.as_str()).to_string());
    let (ended, world) = carry(&workflow);
    // Each state has two events with the payload; six of its bits fill a byte of base64.
    let events = 2 * 100 * payload.len();
    let written = world.bytes_written();
    println!("{written} bytes written for {events} bytes of events");
    assert!(written < events * 12 / 10, "{written} for {events}");
    assert_eq!(output(ended), Value::from(payload));
}

#[test]
fn a_history_of_more_than_25_000_events_is_complete() {
    let (ended, _) = carry(
        &Workflow::new(
            r#"{"StartAt": "Add", "States": {
            "Add": {"Type": "Pass", "Next": "Enough",
                "Parameters": {"n.$": "States.MathAdd($.n, 1)"}},
            "Enough": {"Type": "Choice", "Default": "Add", "Choices": [
                {"Variable": "$.n", "NumericGreaterThanEquals": 7500, "Next": "Done"}]},
            "Done": {"Type": "Succeed"}}}"#,
        )
        .with_input(r#"{"n": 0}"#)
        .stepping(1000),
    );
    assert_eq!(ended.history.len(), 1 + 4 * 7500 + 3);
    assert_eq!(output(ended).get("n"), Some(&Value::from(7500)));
}

#[test]
fn a_payload_of_ten_mebibytes_goes_in_and_comes_out() {
    let payload = faults::workflow::noise(1, 10 * MIB);
    let workflow = Workflow::new(&format!(
        r#"{{"StartAt": "Run", "States": {{
        "Run": {{"Type": "Task", "Resource": "{RUN_JOB}", "End": true}}}}}}"#
    ))
    .with_input(&Value::from(payload).to_string())
    .with_results_of(10 * MIB)
    .with_payloads_up_to(16 * MIB);
    let (ended, world) = carry(&workflow);
    println!("{} bytes written", world.bytes_written());
    assert_eq!(output(ended).as_str().unwrap().len(), 10 * MIB);
}
