//! Several runners as one: each resource goes to the runner that serves it.

use asl::Value;
use asl::errors::Fault;
use asl::resource::Resource;
use async_trait::async_trait;
use engine::ports::{ExecutionKey, NoTasks, RunnerError, Task, TaskRunner, TaskUpdate};
use tokio::sync::mpsc::UnboundedSender;

/// The runners, none of which serves what another does.
#[derive(Default)]
pub struct Runners(Vec<Box<dyn TaskRunner>>);

impl Runners {
    /// Adds a runner.
    pub fn add(&mut self, runner: impl TaskRunner + 'static) {
        self.0.push(Box::new(runner));
    }

    fn serving(&self, resource: &Resource) -> Option<&dyn TaskRunner> {
        let mut runners = self.0.iter().map(|runner| &**runner);
        runners.find(|runner| runner.serves(resource))
    }
}

#[async_trait]
impl TaskRunner for Runners {
    fn serves(&self, resource: &Resource) -> bool {
        self.serving(resource).is_some()
    }

    fn leaves_something(&self, resource: &Resource) -> bool {
        self.serving(resource)
            .is_some_and(|runner| runner.leaves_something(resource))
    }

    async fn run(&self, task: Task, updates: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        match self.serving(&task.request.resource) {
            Some(runner) => runner.run(task, updates).await,
            None => NoTasks.run(task, updates).await,
        }
    }

    async fn cancel(&self, task: &Task) -> Result<(), RunnerError> {
        match self.serving(&task.request.resource) {
            Some(runner) => runner.cancel(task).await,
            // Nobody ran it.
            None => Ok(()),
        }
    }

    async fn abandon(&self, execution: &ExecutionKey) -> Result<(), RunnerError> {
        for runner in &self.0 {
            runner.abandon(execution).await?;
        }
        Ok(())
    }
}
