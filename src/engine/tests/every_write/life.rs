//! The lives of a process that carries one execution.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Limits, Outcome};
use asl::resource::Resource;
use async_trait::async_trait;
use engine::clock::RuntimeClock;
use engine::driver::{Driver, End, Handle, Known, Ports, Settings};
use engine::entropy::SeededEntropy;
use engine::history::read_page;
use engine::ports::{
    Clock, Identity, RunnerError, Store, Task, TaskProgress, TaskRunner, TaskUpdate, Unobserved,
};
use engine::record;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedSender;

use crate::world::{MortalStore, World, key};

/// How long a process stays dead.
const DEAD: SignedDuration = SignedDuration::from_millis(1500);

/// What is run, and how its Jobs behave.
#[derive(Debug, Clone)]
pub struct Workflow {
    definition: Arc<StateMachine>,
    input: Value,
    failures: BTreeMap<String, u32>,
    seconds: BTreeMap<String, i64>,
    result_bytes: usize,
    stop: Option<(SignedDuration, Fault)>,
    redrives: u64,
    talks: bool,
    limits: Limits,
}

impl Workflow {
    pub fn new(definition: &str) -> Self {
        let compiled = StateMachine::compile(definition, &|_| true)
            .unwrap_or_else(|found| panic!("{found:?}"));
        Self {
            definition: Arc::new(compiled.state_machine),
            input: Value::empty_object(),
            failures: BTreeMap::new(),
            seconds: BTreeMap::new(),
            result_bytes: 0,
            stop: None,
            redrives: 0,
            talks: false,
            limits: Limits::default(),
        }
    }

    /// The first Jobs of a state fail, with an error named after it.
    pub fn failing(mut self, state: &str, times: u32) -> Self {
        self.failures.insert(state.to_owned(), times);
        self
    }

    pub fn lasting(mut self, state: &str, seconds: i64) -> Self {
        self.seconds.insert(state.to_owned(), seconds);
        self
    }

    pub fn with_input(mut self, input: &str) -> Self {
        self.input = asl::value::parse(input).unwrap();
        self
    }

    pub fn with_results_of(mut self, bytes: usize) -> Self {
        self.result_bytes = bytes;
        self
    }

    /// As many states at most are entered at once.
    pub fn stepping(mut self, states: usize) -> Self {
        self.limits.states_per_step = states;
        self
    }

    /// Its Jobs have something new to show each second.
    pub fn talking(mut self) -> Self {
        self.talks = true;
        self
    }

    /// Somebody has it go on when it ended without success, so many times.
    pub fn redriven(mut self, times: u64) -> Self {
        self.redrives = times;
        self
    }

    /// Somebody stops it, and keeps saying so.
    pub fn stopped_after(mut self, seconds: i64, fault: Fault) -> Self {
        self.stop = Some((SignedDuration::from_secs(seconds), fault));
        self
    }
}

/// Runs Jobs in the world.
struct JobRunner {
    world: World,
    workflow: Workflow,
    clock: RuntimeClock,
}

#[async_trait]
impl TaskRunner for JobRunner {
    fn serves(&self, _: &Resource) -> bool {
        true
    }

    fn leaves_something(&self, resource: &Resource) -> bool {
        resource.is("eks", "runJob")
    }

    async fn run(&self, task: Task, updates: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        let state = &*task.request.state;
        let seconds = self.workflow.seconds.get(state).copied().unwrap_or(1);
        let ends = self.clock.now() + SignedDuration::from_secs(seconds);
        let (ends, earlier) = self.make_job(&task, ends).await;
        let _ = updates.send(TaskUpdate::Submitted(Value::from("submitted")));
        while self.workflow.talks && self.clock.now() < ends {
            let message = Some(self.clock.now().to_string());
            let progress = Box::new(TaskProgress {
                message,
                ..TaskProgress::default()
            });
            let _ = updates.send(TaskUpdate::Progress(progress));
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        self.clock.sleep_until(ends).await;
        self.world.job_ended(&task);
        let failures = self.workflow.failures.get(state).copied().unwrap_or(0);
        if earlier < failures {
            return Err(Fault::new(state, "as it was told"));
        }
        match self.workflow.result_bytes {
            0 => Ok(task.request.parameters.clone()),
            bytes => Ok(Value::from(noise(task.request.task, bytes))),
        }
    }

    async fn cancel(&self, task: &Task) -> Result<(), RunnerError> {
        let remove = async {
            self.world.remove_job(task);
            Ok(())
        };
        let error = RunnerError("the connection was reset".to_owned());
        self.world.request(remove, error).await
    }
}

impl JobRunner {
    /// As runners do, it tries until it hears that it succeeded.
    async fn make_job(&self, task: &Task, ends: Timestamp) -> (Timestamp, u32) {
        let mut again = false;
        loop {
            let make = async { Ok(self.world.make_job(task, ends, again)) };
            match self.world.request(make, ()).await {
                Ok(made) => return made,
                Err(()) => again = true,
            }
        }
    }
}

/// Text that hardly compresses.
fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'0' + u8::try_from(state >> 33 & 0x3f).unwrap())
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

/// How an execution ended.
#[derive(Debug)]
pub struct Ended {
    pub outcome: Outcome,
    pub made_by_state: BTreeMap<String, u32>,
    pub status_writes: usize,
    history: Vec<String>,
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

/// Carries the execution until it ends, in as many lives as it takes.
pub fn live_to_the_end(workflow: &Workflow, world: &World) -> Ended {
    world.store.create(key());
    let outcome = loop {
        let ended = live(workflow, world).or_else(|| stored_outcome(world));
        if let Some(outcome) = ended.filter(|outcome| is_final(workflow, world, outcome)) {
            break outcome;
        }
    };
    let ended = Ended {
        outcome,
        made_by_state: world.made_by_state(),
        status_writes: world.status_writes(),
        history: read_history(world),
    };
    assert_eq!(stored_outcome(world).as_ref(), Some(&ended.outcome));
    assert!(!world.store.kept(&key()).unwrap().protected);
    ended
}

fn is_final(workflow: &Workflow, world: &World, outcome: &Outcome) -> bool {
    let kept = world.store.kept(&key()).unwrap();
    let redrives = kept.snapshot.unwrap().progress.redrives.count;
    matches!(outcome, Outcome::Succeeded(_)) || redrives >= workflow.redrives
}

fn stored_outcome(world: &World) -> Option<Outcome> {
    world.store.kept(&key())?.snapshot?.progress.outcome
}

fn read_history(world: &World) -> Vec<String> {
    let kept = world.store.kept(&key()).unwrap();
    let record = record::decode(&kept.snapshot.unwrap().record).unwrap();
    let mut text = record.tail.text().to_owned();
    let mut next = record.tail.last_page().cloned();
    while let Some(id) = next {
        let page = read_page(&kept.pages[&id]).unwrap();
        text.insert_str(0, &page.text);
        next = page.previous;
    }
    text.lines().map(str::to_owned).collect()
}

/// One life; the outcome, unless it ended early.
fn live(workflow: &Workflow, world: &World) -> Option<Outcome> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let (now, crashed) = world.be_born();
    runtime.block_on(async {
        let clock = RuntimeClock::starting_at(now);
        let (driver, handle) = be_driver(workflow, world, clock).await;
        let stop = stop_in_time(workflow, clock, handle);
        let end = tokio::select! {
            biased;
            () = crashed.cancelled() => None,
            end = driver.run() => Some(end),
            () = stop => unreachable!(),
        };
        world.set_now(clock.now() + DEAD);
        match end {
            Some(End::Finished(outcome)) => Some(outcome),
            Some(end) => panic!("{end:?}"),
            None => None,
        }
    })
}

async fn stop_in_time(workflow: &Workflow, clock: RuntimeClock, handle: Handle) {
    if let Some((after, fault)) = &workflow.stop {
        clock.sleep_until(start() + *after).await;
        handle.stop(fault.clone());
    }
    std::future::pending().await
}

pub fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

pub async fn be_driver(
    workflow: &Workflow,
    world: &World,
    clock: RuntimeClock,
) -> (Driver, Handle) {
    let settings = Settings {
        key: key(),
        identity: Identity::None,
        retain_jobs: false,
        limits: workflow.limits,
    };
    let ports = Ports {
        store: Arc::new(MortalStore(world.clone())),
        runner: Arc::new(JobRunner {
            world: world.clone(),
            workflow: workflow.clone(),
            clock,
        }),
        clock: Arc::new(clock),
        entropy: Arc::new(SeededEntropy::new(1)),
        observer: Arc::new(Unobserved),
        shutdown: world.shutdown(),
    };
    let stored = world.store.load(&key()).await.unwrap();
    let kept = world.store.kept(&key()).unwrap();
    let known = Known {
        revision: stored.revision,
        protected: kept.protected,
    };
    let definition = workflow.definition.clone();
    match stored.record {
        None => Driver::start(ports, settings, definition, info(workflow), known),
        Some(record) => {
            let progress = kept.snapshot.unwrap().progress;
            let (shown, ended) = (progress.tasks, progress.outcome.is_some());
            let driver = match ended {
                true => Driver::redrive(ports, settings, definition, &record, shown, known).await,
                false => Driver::resume(ports, settings, definition, &record, shown, known).await,
            };
            driver.unwrap()
        }
    }
}

fn info(workflow: &Workflow) -> ExecutionInfo {
    ExecutionInfo {
        id: "arn:aws:states:us-east-1:123456789012:execution:M:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        start_time: start(),
        input: workflow.input.clone(),
        state_machine_id: "arn:aws:states:us-east-1:123456789012:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
    }
}
