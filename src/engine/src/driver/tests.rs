use asl::resource::Resource;
use async_trait::async_trait;

use super::*;
use crate::clock::SystemClock;
use crate::entropy::SeededEntropy;
use crate::memory::MemoryStore;
use crate::ports::{RunnerError, Task, TaskUpdate, Unobserved};

/// Cannot cancel, and the process is told to stop when it tries.
struct Unable(CancellationToken);

#[async_trait]
impl TaskRunner for Unable {
    fn serves(&self, _: &Resource) -> bool {
        true
    }

    fn leaves_something(&self, _: &Resource) -> bool {
        true
    }

    async fn run(&self, _: Task, _: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        Ok(Value::Null)
    }

    async fn cancel(&self, _: &Task) -> Result<(), RunnerError> {
        self.0.cancel();
        Err(RunnerError("away".to_owned()))
    }
}

fn key() -> ExecutionKey {
    ExecutionKey {
        namespace: "n".into(),
        name: "e".into(),
        uid: "u".into(),
    }
}

fn ports(store: MemoryStore) -> Ports {
    let shutdown = CancellationToken::new();
    Ports {
        store: Arc::new(store),
        runner: Arc::new(Unable(shutdown.clone())),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SeededEntropy::new(1)),
        observer: Arc::new(Unobserved),
        shutdown,
    }
}

fn info() -> ExecutionInfo {
    ExecutionInfo {
        id: "arn:aws:states:us-east-1:1:execution:M:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        start_time: Timestamp::now(),
        input: Value::empty_object(),
        state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
    }
}

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
    };
    let began = tokio::time::Instant::now();
    assert!(!tasks::cancel(&ports(MemoryStore::default()), &task).await);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test]
async fn an_execution_that_always_has_more_to_do_can_be_stopped() {
    let text = r#"{"StartAt": "S", "States": {
        "S": {"Type": "Choice", "Default": "S", "Choices": [
            {"Variable": "$.x", "IsPresent": true, "Next": "T"}]},
        "T": {"Type": "Succeed"}}}"#;
    let definition = StateMachine::compile(text, &|_| true).unwrap();
    let store = MemoryStore::default();
    let known = Known {
        revision: store.create(key()),
        protected: false,
    };
    let settings = Settings {
        key: key(),
        identity: Identity::None,
        retain_jobs: false,
        limits: Limits {
            time_per_step: Duration::ZERO,
            ..Limits::default()
        },
    };
    let definition = Arc::new(definition.state_machine);
    let (driver, handle) = Driver::start(ports(store), settings, definition, info(), known);
    let fault = Fault::new("Enough", "of this");
    handle.stop(fault.clone());
    let end = driver.run().await;
    assert_eq!(end, End::Finished(Outcome::Aborted(fault)));
}
