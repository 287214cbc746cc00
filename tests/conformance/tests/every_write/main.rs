//! Each recorded execution that has tasks, with the process that carries it dying before and after
//! every single write and task request, and with a store that fails, answers too late or is
//! written by others at each of them: outcome, output and history stay what they are without, and
//! no task is done twice.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by panicking"
)]

mod subject;
mod told;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use conformance::{Case, Kind, corpus};
use faults::{CRASHES, Ended, Mishap, TROUBLES, World, everywhere, live_to_the_end};

use subject::Recorded;
use told::{Told, tell};

/// What a case's runs came to.
enum Verdict {
    /// It is no execution, or has no task.
    NotTested,
    /// It waits for something that never comes.
    Endless,
    /// As many runs gave the same.
    Passed { runs: usize },
    /// What went wrong.
    Failed(String),
}

#[test]
fn no_mishap_changes_an_execution_of_the_project_s_cases() {
    let tested = check_all(&corpus::own());
    assert!(tested >= 19, "{tested} cases have tasks");
}

#[test]
fn no_mishap_changes_an_execution_recorded_from_aws() {
    if let Some(folder) = corpus::recorded() {
        check_all(&folder);
    }
}

/// Checks all cases of a folder, on all processors, and gives how many there were to test.
fn check_all(folder: &Path) -> usize {
    let files = corpus::read(folder).unwrap();
    let cases: Vec<&Case> = files.iter().flat_map(|file| &file.cases).collect();
    let next = AtomicUsize::new(0);
    let check_some = || {
        let next = || cases.get(next.fetch_add(1, Ordering::Relaxed));
        let verdicts = std::iter::from_fn(next).map(|case| (case, check(case)));
        verdicts.collect::<Vec<_>>()
    };
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let verdicts = thread::scope(|scope| {
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(check_some)).collect();
        let verdicts = workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap());
        verdicts.collect::<Vec<_>>()
    });
    conclude(&verdicts)
}

fn conclude(verdicts: &[(&&Case, Verdict)]) -> usize {
    let (mut tested, mut all_runs, mut failed) = (0, 0, 0);
    for (case, verdict) in verdicts {
        match verdict {
            Verdict::NotTested => continue,
            Verdict::Endless => {
                println!("{}\n  does not end: not tested", case.id);
                continue;
            }
            Verdict::Passed { runs } => all_runs += runs,
            Verdict::Failed(why) => {
                failed += 1;
                println!("{}\n  {why}", case.id);
            }
        }
        tested += 1;
    }
    println!("{tested} executions with tasks, {all_runs} runs of them with mishaps");
    assert_eq!(failed, 0, "executions that a mishap changes");
    tested
}

fn check(case: &Case) -> Verdict {
    if case.kind != Kind::Execution {
        return Verdict::NotTested;
    }
    let result = catch_unwind(AssertUnwindSafe(|| check_execution(case)));
    result.unwrap_or_else(|panic| {
        let why = panic.downcast_ref::<String>().cloned();
        Verdict::Failed(why.unwrap_or_else(|| "it panicked".to_owned()))
    })
}

fn check_execution(case: &Case) -> Verdict {
    let recorded = match Recorded::of(case) {
        Ok(recorded) => recorded,
        Err(why) => return Verdict::Failed(why),
    };
    let Some((ended, world)) = run(&recorded, &[]) else {
        return Verdict::Endless;
    };
    if ended.made_by_state.is_empty() {
        return Verdict::NotTested;
    }
    if let Err(why) = recorded.compare(&ended) {
        return Verdict::Failed(format!("without a mishap: {why}"));
    }
    let (expected, requests) = (tell(&ended), world.requests());
    let mut runs = 0;
    for mishap in everywhere(&CRASHES, requests).chain(everywhere(&TROUBLES, requests)) {
        runs += 1;
        if let Err(why) = check_with(&recorded, mishap, &expected) {
            return Verdict::Failed(format!("{mishap:?} of {requests} requests: {why}"));
        }
    }
    Verdict::Passed { runs }
}

fn run(recorded: &Recorded, mishaps: &[Mishap]) -> Option<(Ended, World)> {
    let world = World::new(mishaps);
    let ended = live_to_the_end(&recorded.anew(), &world)?;
    ended.check_history(&format!("{mishaps:?}"));
    Some((ended, world))
}

fn check_with(recorded: &Recorded, mishap: Mishap, expected: &Told) -> Result<(), String> {
    let (ended, world) = run(recorded, &[mishap]).ok_or("it does not end any more")?;
    expected.compare(&tell(&ended))?;
    let name = format!("{mishap:?}");
    world.check_each_was_made_once(&name);
    world.check_nothing_is_left(&name);
    Ok(())
}
