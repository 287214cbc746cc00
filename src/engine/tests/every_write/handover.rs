//! One process hands an execution to the next, or does not know yet that it should have.

use std::collections::HashMap;
use std::time::Duration;

use asl::errors::Fault;
use asl::machine::Outcome;
use engine::clock::RuntimeClock;
use engine::driver::End;
use engine::ports::ExecutionKey;
use engine::record;
use rstest::rstest;

use faults::life::{be_driver, paused_runtime};
use faults::mishap::Kind;
use faults::workflow::start;
use faults::world::key;
use faults::{Mishap, Workflow, World};

use crate::{one_wait, stopped_with_large_tasks, three_jobs, without_a_crash};

fn stored_tail(world: &World, key: &ExecutionKey) -> String {
    let snapshot = world.store.kept(key).unwrap().snapshot.unwrap();
    let record = record::decode(&snapshot.record).unwrap();
    record.tail.text().to_owned()
}

async fn world() -> (World, RuntimeClock) {
    let world = World::new(&[]);
    world.store.create(key());
    (world, RuntimeClock::starting_at(start()))
}

#[tokio::test(start_paused = true)]
async fn of_two_that_carry_an_execution_one_is_refused_and_no_job_is_made_twice() {
    let (world, clock) = world().await;
    let workflow = three_jobs();
    let (first, _handle) = be_driver(&workflow, &world, clock).await;
    let first = tokio::spawn(first.run());
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (second, _handle) = be_driver(&workflow, &world, clock).await;
    let ends = [first.await.unwrap(), second.run().await];
    let refused = ends.iter().filter(|end| **end == End::Superseded).count();
    let finished = |end: &&End| matches!(end, End::Finished(Outcome::Succeeded(_)));
    assert_eq!(
        (refused, ends.iter().filter(finished).count()),
        (1, 1),
        "{ends:?}"
    );
    world.check_each_was_made_once("two drivers");
    let expected: HashMap<_, _> = ["A", "B", "C"].map(|state| (state.to_owned(), 1)).into();
    assert_eq!(
        world.made_by_state().into_iter().collect::<HashMap<_, _>>(),
        expected
    );
}

#[tokio::test(start_paused = true)]
async fn a_process_that_is_told_to_stop_writes_what_it_has_and_touches_no_job() {
    let (world, clock) = world().await;
    let workflow = three_jobs().lasting("A", 100);
    let (driver, handle) = be_driver(&workflow, &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(!stored_tail(&world, &key()).contains("TaskSubmitted"));
    world.shutdown().cancel();
    assert_eq!(driver.await.unwrap(), End::ShutDown);
    drop(handle);
    assert!(stored_tail(&world, &key()).contains("TaskSubmitted"));
    assert_eq!(world.removed(), 0);
}

#[rstest]
#[case::which_shows_at_the_next_write(false)]
#[case::of_which_the_driver_hears(true)]
#[tokio::test(start_paused = true)]
async fn an_execution_that_is_deleted_ends_and_its_jobs_are_removed(#[case] heard: bool) {
    let (world, clock) = world().await;
    let workflow = three_jobs().lasting("A", 100);
    let (driver, handle) = be_driver(&workflow, &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_millis(500)).await;
    world.store.remove(&key());
    if heard {
        handle.stop(Fault::new("Deleted", "by somebody"));
    }
    assert_eq!(driver.await.unwrap(), End::Gone);
    world.check_nothing_is_left("deleted");
    assert_eq!(world.removed(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_cannot_be_written_in_a_namespace_that_goes_is_let_go_without_its_jobs() {
    let (world, clock) = world().await;
    let workflow = stopped_with_large_tasks();
    let (driver, handle) = be_driver(&workflow, &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(world.store.kept(&key()).unwrap().protected);
    world.store.terminate(&key());
    handle.stop(Fault::new("Deleted", "with its namespace"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let kept = world.store.kept(&key()).unwrap();
    assert!(kept.protected, "its Jobs are not removed yet");
    assert_eq!(driver.await.unwrap(), End::Gone);
    assert!(!world.store.kept(&key()).unwrap().protected);
    assert_eq!(world.removed(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_execution_that_waits_writes_nothing_meanwhile() {
    let (world, clock) = world().await;
    let workflow: Workflow = one_wait();
    let (driver, _handle) = be_driver(&workflow, &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_secs(599)).await;
    assert_eq!(world.store.kept(&key()).unwrap().writes, 1);
    assert!(matches!(driver.await.unwrap(), End::Finished(_)));
    assert_eq!(world.store.kept(&key()).unwrap().writes, 2);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_talks_for_an_hour_costs_a_write_a_minute() {
    let (world, clock) = world().await;
    let workflow = three_jobs().lasting("A", 3600).talking();
    let (driver, _handle) = be_driver(&workflow, &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_secs(3599)).await;
    let writes = world.store.kept(&key()).unwrap().writes;
    assert!((55..70).contains(&writes), "{writes}");
    assert!(matches!(driver.await.unwrap(), End::Finished(_)));
}

#[tokio::test(start_paused = true)]
async fn what_was_left_in_the_middle_of_a_long_computation_goes_on() {
    let (world, clock) = world().await;
    let count = Workflow::new(
        r#"{"StartAt": "Add", "States": {
        "Add": {"Type": "Pass", "Next": "Enough",
            "Parameters": {"n.$": "States.MathAdd($.n, 1)"}},
        "Enough": {"Type": "Choice", "Default": "Add", "Choices": [
            {"Variable": "$.n", "NumericGreaterThanEquals": 1000, "Next": "Done"}]},
        "Done": {"Type": "Succeed"}}}"#,
    )
    .with_input(r#"{"n": 0}"#)
    .stepping(100);
    let (driver, _handle) = be_driver(&count, &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::task::yield_now().await;
    world.shutdown().cancel();
    assert_eq!(driver.await.unwrap(), End::ShutDown);
    assert!(stored_tail(&world, &key()).contains("PassStateEntered"));
    world.come_up_again();
    let (driver, _handle) = be_driver(&count, &world, clock).await;
    let expected = asl::value::parse(r#"{"n": 1000}"#).unwrap();
    assert_eq!(
        driver.run().await,
        End::Finished(Outcome::Succeeded(expected))
    );
}

fn endless() -> Workflow {
    Workflow::new(
        r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Choice", "Default": "A", "Choices": [
            {"Variable": "$.x", "IsPresent": true, "Next": "E"}]},
        "E": {"Type": "Succeed"}}}"#,
    )
    .stepping(1000)
}

#[tokio::test(start_paused = true)]
async fn an_execution_without_end_lets_the_process_stop_and_can_be_stopped() {
    let (world, clock) = world().await;
    let (driver, _handle) = be_driver(&endless(), &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::task::yield_now().await;
    world.shutdown().cancel();
    assert_eq!(driver.await.unwrap(), End::ShutDown);

    let world = World::new(&[]);
    world.store.create(key());
    let (driver, handle) = be_driver(&endless(), &world, clock).await;
    let driver = tokio::spawn(driver.run());
    tokio::task::yield_now().await;
    handle.stop(Fault::new("Enough", "of it"));
    let end = driver.await.unwrap();
    assert!(matches!(end, End::Finished(Outcome::Aborted(_))), "{end:?}");
}

#[test]
fn a_redrive_that_dies_before_its_first_write_holds_the_execution_and_has_made_nothing() {
    let failing = three_jobs().failing("B", 1);
    let (failed, requests) = without_a_crash(&failing);
    let protect = Mishap {
        at: requests,
        kind: Kind::DiesAfter,
    };
    let world = World::new(&[protect]);
    world.store.create(key());
    let (_, crashed) = world.be_born();
    paused_runtime().block_on(async {
        let clock = RuntimeClock::starting_at(start());
        let (driver, _handle) = be_driver(&failing, &world, clock).await;
        assert!(matches!(driver.run().await, End::Finished(_)));
        let redriven = failing.redriven(1);
        let (driver, _handle) = be_driver(&redriven, &world, clock).await;
        tokio::select! {
            end = driver.run() => panic!("{end:?}"),
            () = crashed.cancelled() => {}
        }
    });
    let kept = world.store.kept(&key()).unwrap();
    assert!(kept.protected);
    let outcome = kept.snapshot.unwrap().progress.outcome;
    assert_eq!(outcome, Some(failed.outcome));
    assert_eq!(world.made_by_state(), failed.made_by_state);
}
