//! A recorded execution whose tasks are done by the case's stand-ins.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Limits, TaskId};
use asl::resource::Resource;
use async_trait::async_trait;
use conformance::drive::{Answer, Ending, StandIn as _};
use conformance::kinds::execution::{compile, execution_info, judge};
use conformance::report::failure_lines;
use conformance::stand_in::Services;
use conformance::{Case, exceptions};
use engine::clock::RuntimeClock;
use engine::ports::{Clock as _, RunnerError, Task, TaskRunner, TaskUpdate};
use faults::{Ended, Subject, World};
use jiff::Timestamp;
use tokio::sync::mpsc::UnboundedSender;

/// A case, compiled.
pub struct Recorded<'c> {
    case: &'c Case,
    definition: Arc<StateMachine>,
    info: ExecutionInfo,
}

impl<'c> Recorded<'c> {
    pub fn of(case: &'c Case) -> Result<Self, String> {
        Ok(Self {
            case,
            definition: Arc::new(compile(&case.definition_text())?),
            info: execution_info(case),
        })
    }

    /// Whether it ended as it was recorded, unless another end is a listed exception, or a worker
    /// took an activity: the engine has no activities, so that nobody tells it of the worker.
    pub fn compare(&self, ended: &Ended) -> Result<(), String> {
        let events = ended.history.iter();
        let events = events.map(|event| asl::value::parse(event).unwrap());
        let verdict = judge(self.case, &self.info, &ended.outcome, events.collect());
        let has_worker = self
            .case
            .data
            .to_string()
            .contains("activityStartedEventDetails");
        let excepted = has_worker || exceptions::listed().contains_key(&self.case.id);
        if verdict.passed() || excepted {
            return Ok(());
        }
        Err(failure_lines(self.case, &verdict, 3))
    }

    /// Its execution, with services that nobody has called yet.
    pub fn anew(&self) -> Execution {
        Execution {
            definition: self.definition.clone(),
            info: self.info.clone(),
            outside: Arc::new(Mutex::new(Outside {
                services: Services::of(self.case),
                answers: HashMap::new(),
            })),
        }
    }
}

/// One run of a case, over all lives of its process.
pub struct Execution {
    definition: Arc<StateMachine>,
    info: ExecutionInfo,
    outside: Arc<Mutex<Outside>>,
}

/// The services that tasks call, and what they answered to whom.
struct Outside {
    services: Services,
    answers: HashMap<TaskId, Answer>,
}

impl Subject for Execution {
    fn definition(&self) -> Arc<StateMachine> {
        self.definition.clone()
    }

    fn info(&self) -> ExecutionInfo {
        self.info.clone()
    }

    fn limits(&self) -> Limits {
        Limits::default()
    }

    fn runner(&self, world: &World, clock: RuntimeClock) -> Arc<dyn TaskRunner> {
        Arc::new(Runner {
            world: world.clone(),
            outside: self.outside.clone(),
            clock,
        })
    }
}

struct Runner {
    world: World,
    outside: Arc<Mutex<Outside>>,
    clock: RuntimeClock,
}

impl Runner {
    /// The answer to the task's request; the one that it got before, if it was sent before.
    async fn request(&self, task: &Task) -> (Answer, Timestamp) {
        let mut again = false;
        loop {
            let call = async { Ok(self.call(task, again)) };
            match self.world.request(call, ()).await {
                Ok(answered) => return answered,
                Err(()) => again = true,
            }
        }
    }

    fn call(&self, task: &Task, again: bool) -> (Answer, Timestamp) {
        let outside = &mut *self.outside.lock().unwrap();
        let request = &task.request;
        let answer = outside.answers.entry(request.task);
        let answer = answer.or_insert_with(|| outside.services.answer(request));
        let ends = self.clock.now() + answer.after;
        let ends = self.world.make_job(task, ends, again);
        (answer.clone(), ends)
    }
}

#[async_trait]
impl TaskRunner for Runner {
    fn serves(&self, _: &Resource) -> bool {
        true
    }

    fn leaves_something(&self, _: &Resource) -> bool {
        true
    }

    async fn run(&self, task: Task, updates: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        let (answer, ends) = self.request(&task).await;
        if let Some(output) = answer.submitted {
            let _ = updates.send(TaskUpdate::Submitted(output));
        }
        self.clock.sleep_until(ends).await;
        let result = match answer.ending {
            Ending::Succeeded(output) => Ok(output),
            Ending::Failed(fault) => Err(fault),
            Ending::Never => std::future::pending().await,
        };
        self.world.job_ended(&task);
        result
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
