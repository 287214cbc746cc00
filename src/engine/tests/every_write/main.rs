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
mod workflows;

use asl::Value;
use asl::errors::Fault;
use asl::machine::Outcome;
use rstest::rstest;

use faults::{CRASHES, Ended, Mishap, TROUBLES, Workflow, World, everywhere, live_to_the_end};
use workflows::*;

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
