//! The lives of a process that carries one execution.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Limits, Outcome};
use engine::clock::RuntimeClock;
use engine::driver::{Driver, End, Handle, Known, Ports, Settings};
use engine::history::read_page;
use engine::ports::{Clock as _, Entropy, Identity, Store as _, TaskRunner, Unobserved};
use engine::record;
use jiff::{SignedDuration, Timestamp};

use crate::world::{MortalStore, World, key};

/// How long a process stays dead.
const DEAD: SignedDuration = SignedDuration::from_millis(1500);
/// An execution that is not over by then waits for something that never comes.
const FOREVER: Duration = Duration::from_hours(24 * 365 * 5);

/// What is carried, and who runs its tasks.
pub trait Subject {
    /// The state machine.
    fn definition(&self) -> Arc<StateMachine>;
    /// What is fixed for the execution.
    fn info(&self) -> ExecutionInfo;
    /// What bounds it.
    fn limits(&self) -> Limits;
    /// One life's runner of tasks. What a task makes belongs to the world.
    fn runner(&self, world: &World, clock: RuntimeClock) -> Arc<dyn TaskRunner>;
    /// When somebody stops it, and why; they keep saying so.
    fn stop(&self) -> Option<(Timestamp, Fault)> {
        None
    }
    /// How often somebody redrives it; they keep saying so.
    fn redrives(&self) -> u64 {
        0
    }
}

/// The same number each time: what is drawn does not depend on how often a process died.
struct NoEntropy;

impl Entropy for NoEntropy {
    fn next(&self) -> u64 {
        1
    }
}

/// How an execution ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub outcome: Outcome,
    /// How many Jobs were made for each state.
    pub made_by_state: BTreeMap<String, u32>,
    /// How often the status was written, or was to be.
    pub status_writes: usize,
    /// Its events, one JSON text each.
    pub history: Vec<String>,
}

impl Ended {
    /// The history has each event once, in order.
    pub fn check_history(&self, name: &str) {
        let ids = self.history.iter().map(|line| {
            let event = asl::value::parse(line).unwrap_or_else(|error| panic!("{name}: {error}"));
            event.get("id").and_then(Value::as_i64).unwrap()
        });
        let expected: Vec<_> = (1..).take(self.history.len()).collect();
        assert_eq!(ids.collect::<Vec<_>>(), expected, "{name}");
    }
}

/// Carries the execution until it ends, in as many lives as it takes; `None` if it waits for
/// something that never comes.
pub fn live_to_the_end(subject: &impl Subject, world: &World) -> Option<Ended> {
    world.store.create(key());
    world.set_now(subject.info().start_time);
    go_on_to_the_end(subject, world)
}

/// Carries what is stored until it ends, from the world's time on.
pub fn go_on_to_the_end(subject: &impl Subject, world: &World) -> Option<Ended> {
    let outcome = loop {
        match live(subject, world) {
            Life::Finished(outcome) => assert_eq!(stored_outcome(world), Some(outcome)),
            Life::Endless => return None,
            Life::Crashed => {}
        }
        if let Some(outcome) = stored_outcome(world)
            && !is_to_be_redriven(subject, world)
        {
            break outcome;
        }
    };
    let ended = Ended {
        outcome,
        made_by_state: world.made_by_state(),
        status_writes: world.status_writes(),
        history: read_history(world),
    };
    assert!(!world.store.kept(&key()).unwrap().protected);
    Some(ended)
}

fn stored_outcome(world: &World) -> Option<Outcome> {
    world.store.kept(&key())?.snapshot?.progress.outcome
}

/// Whether it ended, and went on less often than it is to.
fn is_to_be_redriven(subject: &impl Subject, world: &World) -> bool {
    let kept = world.store.kept(&key()).unwrap();
    let progress = kept.snapshot.map(|snapshot| snapshot.progress);
    progress.is_some_and(|progress| {
        progress.outcome.is_some() && progress.redrives.count < subject.redrives()
    })
}

/// The whole history that is stored, one JSON text an event.
pub fn read_history(world: &World) -> Vec<String> {
    let kept = world.store.kept(&key()).unwrap();
    let record = record::decode(&kept.snapshot.unwrap().record).unwrap();
    let mut pieces = vec![record.tail.text().to_owned()];
    let mut next = record.tail.last_page().cloned();
    while let Some(id) = next {
        let page = read_page(&kept.pages[&id]).unwrap();
        pieces.push(page.text);
        next = page.previous;
    }
    pieces.reverse();
    pieces.concat().lines().map(str::to_owned).collect()
}

/// How a life ended.
enum Life {
    /// With the execution.
    Finished(Outcome),
    /// Early.
    Crashed,
    /// Not at all.
    Endless,
}

fn live(subject: &impl Subject, world: &World) -> Life {
    let (now, crashed) = world.be_born();
    paused_runtime().block_on(async {
        let clock = RuntimeClock::starting_at(now);
        let (driver, handle) = be_driver(subject, world, clock).await;
        let stop = stop_in_time(subject, clock, handle);
        let end = tokio::select! {
            biased;
            () = crashed.cancelled() => None,
            end = driver.run() => Some(end),
            () = stop => unreachable!(),
            () = tokio::time::sleep(FOREVER) => return Life::Endless,
        };
        world.set_now(clock.now() + DEAD);
        match end {
            Some(End::Finished(outcome)) => Life::Finished(outcome),
            Some(end) => panic!("{end:?}"),
            None => Life::Crashed,
        }
    })
}

/// A runtime whose time passes at once when there is nothing else to do.
pub fn paused_runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
}

async fn stop_in_time(subject: &impl Subject, clock: RuntimeClock, handle: Handle) {
    if let Some((at, fault)) = subject.stop() {
        clock.sleep_until(at).await;
        handle.stop(fault);
    }
    std::future::pending().await
}

/// A process's driver: of a new execution, or of what is stored.
pub async fn be_driver(
    subject: &impl Subject,
    world: &World,
    clock: RuntimeClock,
) -> (Driver, Handle) {
    let settings = Settings {
        key: key(),
        identity: Identity::None,
        retain_jobs: false,
        limits: subject.limits(),
    };
    let ports = Ports {
        store: Arc::new(MortalStore(world.clone())),
        runner: subject.runner(world, clock),
        clock: Arc::new(clock),
        entropy: Arc::new(NoEntropy),
        observer: Arc::new(Unobserved),
        shutdown: world.shutdown(),
    };
    let stored = world.store.load(&key()).await.unwrap();
    let kept = world.store.kept(&key()).unwrap();
    let known = Known {
        revision: stored.revision,
        protected: kept.protected,
    };
    let definition = subject.definition();
    let Some(record) = stored.record else {
        return Driver::start(ports, settings, definition, subject.info(), known);
    };
    let shown = kept.snapshot.unwrap().progress.tasks;
    let driver = match is_to_be_redriven(subject, world) {
        true => Driver::redrive(ports, settings, definition, &record, shown, known).await,
        false => Driver::resume(ports, settings, definition, &record, shown, known).await,
    };
    driver.unwrap()
}
