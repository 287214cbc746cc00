use std::sync::Mutex;

use asl::resource::Resource;
use async_trait::async_trait;

use super::*;
use crate::clock::RuntimeClock;
use crate::entropy::SeededEntropy;
use crate::memory::MemoryStore;
use crate::ports::{RunnerError, Task, TaskUpdate, Unobserved};
use crate::progress::TaskPhase;

/// Its tasks run for ever and cannot be cancelled.
#[derive(Default)]
struct Endless {
    /// The tasks that were started.
    started: Mutex<Vec<Task>>,
    /// Cancelled when it is to cancel one.
    asked: CancellationToken,
}

#[async_trait]
impl TaskRunner for Endless {
    fn serves(&self, _: &Resource) -> bool {
        true
    }

    fn leaves_something(&self, _: &Resource) -> bool {
        true
    }

    async fn run(&self, task: Task, _: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        self.started.lock().unwrap().push(task);
        std::future::pending().await
    }

    async fn cancel(&self, _: &Task) -> Result<(), RunnerError> {
        self.asked.cancel();
        Err(RunnerError("away".to_owned()))
    }
}

/// How executions ended.
#[derive(Default)]
struct Ends(Mutex<Vec<Outcome>>);

impl Observer for Ends {
    fn execution_ended(&self, _: &ExecutionKey, outcome: &Outcome, _: Duration) {
        self.0.lock().unwrap().push(outcome.clone());
    }
}

fn key() -> ExecutionKey {
    ExecutionKey {
        namespace: "n".into(),
        name: "e".into(),
        uid: "u".into(),
    }
}

fn ports(store: Arc<MemoryStore>, runner: Arc<Endless>) -> Ports {
    Ports {
        store,
        runner,
        clock: Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH)),
        entropy: Arc::new(SeededEntropy::new(1)),
        observer: Arc::new(Unobserved),
        shutdown: CancellationToken::new(),
    }
}

fn info() -> ExecutionInfo {
    ExecutionInfo {
        id: "arn:aws:states:us-east-1:1:execution:M:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input: Value::empty_object(),
        state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
    }
}

/// A driver of a new execution in that store.
fn start(ports: Ports, store: &MemoryStore, definition: &str, limits: Limits) -> (Driver, Handle) {
    let definition = StateMachine::compile(definition, &|_| true).unwrap();
    let known = Known {
        revision: store.create(key()),
        protected: false,
    };
    let settings = Settings {
        key: key(),
        identity: Identity::None,
        retain_jobs: false,
        limits,
    };
    let definition = Arc::new(definition.state_machine);
    Driver::start(ports, settings, definition, info(), known)
}

/// A Job that takes too long, and another that follows.
const LATE: &str = r#"{"StartAt": "Slow", "States": {
    "Slow": {"Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": true,
        "TimeoutSeconds": 60, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Next"}]},
    "Next": {"Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": true}}}"#;

const WAIT: &str =
    r#"{"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 60, "End": true}}}"#;

#[tokio::test(start_paused = true)]
async fn a_process_that_is_to_stop_does_not_wait_to_cancel_a_task_again() {
    let task = Task {
        execution: key(),
        identity: Identity::None,
        request: asl::machine::TaskRequest {
            task: 1,
            state: "S".into(),
            resource: Arc::new(Resource::parse("arn:aws:states:::eks:call").unwrap()),
            parameters: Value::Null,
            credentials: None,
            token: None,
            deadline: None,
        },
        resumed: true,
        submitted: false,
        retain_jobs: false,
        leaving: Arc::default(),
    };
    let runner = Arc::new(Endless::default());
    let ports = Ports {
        shutdown: runner.asked.clone(),
        ..ports(Arc::default(), runner)
    };
    let began = tokio::time::Instant::now();
    assert!(!tasks::cancel(&ports, &task, |_| {}).await);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_task_is_told_of_those_whose_cancellation_is_under_way_and_does_not_wait_for_it() {
    let (store, runner) = (Arc::<MemoryStore>::default(), Arc::<Endless>::default());
    let ports = ports(store.clone(), runner.clone());
    let (driver, _handle) = start(ports, &store, LATE, Limits::default());
    let hour = Duration::from_hours(1);
    assert!(tokio::time::timeout(hour, driver.run()).await.is_err());
    let started = runner.started.lock().unwrap();
    let [slow, next] = started.as_slice() else {
        panic!("{started:?}");
    };
    assert!(slow.leaving.is_empty());
    assert_eq!(*next.leaving, [slow.request.task]);
}

#[tokio::test(start_paused = true)]
async fn that_a_task_cannot_be_cancelled_is_shown_and_written_once() {
    let (store, runner) = (Arc::<MemoryStore>::default(), Arc::<Endless>::default());
    let (driver, handle) = start(
        ports(store.clone(), runner),
        &store,
        LATE,
        Limits::default(),
    );
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_secs(1)).await;
    handle.stop(Fault::new("Enough", "of this"));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let kept = store.kept(&key()).unwrap();
    let progress = kept.snapshot.unwrap().progress;
    assert_eq!(progress.outcome, None);
    let task = &progress.tasks[0];
    assert_eq!(task.phase, TaskPhase::Running);
    let expected = Some("cannot be cancelled: away".to_owned());
    assert_eq!(task.progress.message, expected);
    tokio::time::sleep(Duration::from_hours(1)).await;
    assert_eq!(store.kept(&key()).unwrap().writes, kept.writes);
    driver.abort();
}

#[tokio::test(start_paused = true)]
async fn the_end_of_an_execution_that_was_deleted_is_told() {
    let (store, ends) = (Arc::<MemoryStore>::default(), Arc::<Ends>::default());
    let ports = Ports {
        observer: ends.clone(),
        ..ports(store.clone(), Arc::default())
    };
    let (driver, handle) = start(ports, &store, WAIT, Limits::default());
    let driver = tokio::spawn(driver.run());
    tokio::time::sleep(Duration::from_secs(1)).await;
    store.remove(&key());
    let fault = Fault::new("Deleted", "by somebody");
    handle.stop(fault.clone());
    assert_eq!(driver.await.unwrap(), End::Gone);
    assert_eq!(*ends.0.lock().unwrap(), [Outcome::Aborted(fault)]);
}

#[tokio::test]
async fn an_execution_that_always_has_more_to_do_can_be_stopped() {
    let text = r#"{"StartAt": "S", "States": {
        "S": {"Type": "Choice", "Default": "S", "Choices": [
            {"Variable": "$.x", "IsPresent": true, "Next": "T"}]},
        "T": {"Type": "Succeed"}}}"#;
    let limits = Limits {
        time_per_step: Duration::ZERO,
        ..Limits::default()
    };
    let store = Arc::<MemoryStore>::default();
    let ports = ports(store.clone(), Arc::default());
    let (driver, handle) = start(ports, &store, text, limits);
    let fault = Fault::new("Enough", "of this");
    handle.stop(fault.clone());
    let end = driver.run().await;
    assert_eq!(end, End::Finished(Outcome::Aborted(fault)));
}
