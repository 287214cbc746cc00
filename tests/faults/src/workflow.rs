//! Workflows whose tasks are Jobs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Limits};
use asl::resource::Resource;
use async_trait::async_trait;
use engine::clock::RuntimeClock;
use engine::ports::{Clock, RunnerError, Task, TaskProgress, TaskRunner, TaskUpdate};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc::UnboundedSender;

use crate::life::Subject;
use crate::world::World;

/// What is run, and how its Jobs behave.
#[derive(Debug, Clone)]
pub struct Workflow {
    definition: Arc<StateMachine>,
    input: Value,
    failures: BTreeMap<String, usize>,
    seconds: BTreeMap<String, i64>,
    result_bytes: usize,
    stop: Option<(SignedDuration, Fault)>,
    talks: bool,
    staggered: bool,
    cancel_seconds: u64,
    redrives: u64,
    limits: Limits,
}

impl Workflow {
    /// A definition with an empty input, whose Jobs take a second and give back their parameters.
    #[must_use]
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
            talks: false,
            staggered: false,
            cancel_seconds: 0,
            redrives: 0,
            limits: Limits::default(),
        }
    }

    /// The first Jobs of a state fail, with an error named after it.
    #[must_use]
    pub fn failing(mut self, state: &str, times: usize) -> Self {
        self.failures.insert(state.to_owned(), times);
        self
    }

    /// The Jobs of a state take so long.
    #[must_use]
    pub fn lasting(mut self, state: &str, seconds: i64) -> Self {
        self.seconds.insert(state.to_owned(), seconds);
        self
    }

    /// With this input, as JSON text.
    #[must_use]
    pub fn with_input(mut self, input: &str) -> Self {
        self.input = asl::value::parse(input).unwrap();
        self
    }

    /// Its Jobs give texts of so many bytes, which hardly compress.
    #[must_use]
    pub fn with_results_of(mut self, bytes: usize) -> Self {
        self.result_bytes = bytes;
        self
    }

    /// Payloads may have so many bytes.
    #[must_use]
    pub fn with_payloads_up_to(mut self, bytes: usize) -> Self {
        self.limits.payload_bytes = bytes;
        self
    }

    /// As many states at most are entered at once.
    #[must_use]
    pub fn stepping(mut self, states: usize) -> Self {
        self.limits.states_per_step = states;
        self
    }

    /// Its Jobs have something new to show each second.
    #[must_use]
    pub fn talking(mut self) -> Self {
        self.talks = true;
        self
    }

    /// Of Jobs that begin together no two end together.
    #[must_use]
    pub fn staggered(mut self) -> Self {
        self.staggered = true;
        self
    }

    /// It takes so long until a Job is removed.
    #[must_use]
    pub fn cancelling_for(mut self, seconds: u64) -> Self {
        self.cancel_seconds = seconds;
        self
    }

    /// Somebody redrives it as often, and keeps saying so.
    #[must_use]
    pub fn redriven(mut self, times: u64) -> Self {
        self.redrives = times;
        self
    }

    /// Somebody stops it, and keeps saying so.
    #[must_use]
    pub fn stopped_after(mut self, seconds: i64, fault: Fault) -> Self {
        self.stop = Some((SignedDuration::from_secs(seconds), fault));
        self
    }
}

impl Workflow {
    fn duration(&self, task: &Task) -> SignedDuration {
        let state = &*task.request.state;
        let seconds = self.seconds.get(state).copied().unwrap_or(1);
        let more = match self.staggered {
            true => i64::try_from(task.request.task % 89).unwrap() * 11,
            false => 0,
        };
        SignedDuration::from_secs(seconds) + SignedDuration::from_millis(more)
    }
}

/// When all begins.
#[must_use]
pub fn start() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

impl Subject for Workflow {
    fn definition(&self) -> Arc<StateMachine> {
        self.definition.clone()
    }

    fn info(&self) -> ExecutionInfo {
        ExecutionInfo {
            id: "arn:aws:states:us-east-1:123456789012:execution:M:e".into(),
            name: "e".into(),
            role_arn: "".into(),
            start_time: start(),
            input: self.input.clone(),
            state_machine_id: "arn:aws:states:us-east-1:123456789012:stateMachine:M".into(),
            state_machine_name: "M".into(),
            region: "us-east-1".into(),
        }
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn runner(&self, world: &World, clock: RuntimeClock) -> Arc<dyn TaskRunner> {
        Arc::new(JobRunner {
            world: world.clone(),
            workflow: self.clone(),
            clock,
        })
    }

    fn stop(&self) -> Option<(Timestamp, Fault)> {
        let (after, fault) = self.stop.clone()?;
        Some((start() + after, fault))
    }

    fn redrives(&self) -> u64 {
        self.redrives
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
        let ends = self.clock.now() + self.workflow.duration(&task);
        let ends = self.make_job(&task, ends).await;
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
        if let Some(failures) = self.workflow.failures.get(state)
            && self.world.earlier_jobs(&task) < *failures
        {
            return Err(Fault::new(state, "as it was told"));
        }
        match self.workflow.result_bytes {
            0 => Ok(task.request.parameters.clone()),
            bytes => Ok(Value::from(noise(task.request.task, bytes))),
        }
    }

    async fn cancel(&self, task: &Task) -> Result<(), RunnerError> {
        tokio::time::sleep(Duration::from_secs(self.workflow.cancel_seconds)).await;
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
    async fn make_job(&self, task: &Task, ends: Timestamp) -> Timestamp {
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

/// Text that hardly compresses; another one for each seed.
#[must_use]
pub fn noise(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from(b'0' + u8::try_from(state >> 33 & 0x3f).unwrap())
    };
    std::iter::repeat_with(next).take(bytes).collect()
}
