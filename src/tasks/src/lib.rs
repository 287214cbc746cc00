//! Task runners for one Kubernetes cluster: `eks:runJob`, `eks:runJob.sync`, `eks:call`, and
//! `aws-sdk:eks:describeCluster` for that cluster.
//!
//! Tasks act with the rights of their state machine, by impersonation. What concerns only what a
//! task itself made (watching its Job and pods, reading their logs, removing the Job) is done by
//! the operator's own rights.

mod api_server;
mod call;
mod describe_cluster;
mod home_cluster;
mod identity;
pub mod marks;
mod parameters;
mod paths;
mod run_job;
mod settings;
#[cfg(test)]
mod test_api;
#[cfg(test)]
mod test_task;

use std::sync::Arc;

use asl::Value;
use asl::errors::{Fault, RUNTIME};
use asl::resource::{Pattern, Resource};
use async_trait::async_trait;
use engine::ports::{ExecutionKey, RunnerError, Task, TaskRunner, TaskUpdate};
use tokio::sync::mpsc::UnboundedSender;

use crate::api_server::ApiServer;
use crate::call::Call;
use crate::describe_cluster::DescribeCluster;
use crate::identity::Identities;
use crate::run_job::RunJob;
pub use crate::settings::{Acting, ClusterIdentity, Settings, TaskLimits};

/// Runs the tasks that concern the home cluster.
pub struct KubernetesTasks {
    run_job: RunJob,
    call: Call,
    describe_cluster: DescribeCluster,
}

/// Why tasks cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The connection cannot be set up.
    #[error("the connection to the cluster cannot be set up")]
    Connection(#[source] Box<kube::Error>),
    /// Who impersonates already cannot act as workflows.
    #[error(
        "the connection to the cluster impersonates '{0}' already, so tasks cannot act as their \
         workflows"
    )]
    Impersonating(String),
}

/// What this runner serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    RunJob,
    Call,
    DescribeCluster,
}

impl KubernetesTasks {
    /// Sets the runner up; to be called within a tokio runtime. Nothing is sent before the first
    /// task. Dropping the runner ends its watches.
    ///
    /// # Errors
    /// The connection's settings cannot be used.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let mut connection = settings.connection.clone();
        // The client's own retries know neither what a resend may find nor how long a task
        // wants to wait.
        connection.default_retry = false;
        let client = kube::Client::try_from(connection)
            .map_err(|error| SetupError::Connection(Box::new(error)))?;
        Self::with_client(client, settings)
    }

    /// As [`KubernetesTasks::new`], by a client of that connection that retries nothing itself.
    ///
    /// # Errors
    /// The connection's settings cannot be used.
    pub fn with_client(client: kube::Client, settings: Settings) -> Result<Self, SetupError> {
        let Settings {
            connection,
            cluster,
            acting,
            limits,
        } = settings;
        if let (Acting::AsWorkflow { .. }, Some(user)) =
            (&acting, &connection.auth_info.impersonate)
        {
            return Err(SetupError::Impersonating(user.clone()));
        }
        // Calls that take long, as watches do, keep no Job waiting for its turn, nor for its
        // identity.
        let for_jobs = ApiServer::new(client.clone(), &limits);
        let for_calls = ApiServer::new(client, &limits);
        let identities = Arc::new(Identities::new(acting, for_jobs.clone(), limits));
        Ok(Self {
            run_job: RunJob::new(for_jobs, cluster.clone(), identities.clone(), limits),
            call: Call::new(for_calls.clone(), cluster.clone(), identities, limits),
            describe_cluster: DescribeCluster::new(for_calls, cluster, limits),
        })
    }
}

/// Whether [`KubernetesTasks`] runs tasks with this resource.
#[must_use]
pub fn serves(resource: &Resource) -> bool {
    decide_service(resource).is_some()
}

fn decide_service(resource: &Resource) -> Option<Service> {
    let pattern = resource.pattern();
    let answers = pattern == Pattern::RequestResponse;
    if resource.is("eks", "runJob") && (answers || pattern == Pattern::Sync) {
        Some(Service::RunJob)
    } else if resource.is("eks", "call") && answers {
        Some(Service::Call)
    } else if resource.is("aws-sdk:eks", "describeCluster") && answers {
        Some(Service::DescribeCluster)
    } else {
        None
    }
}

#[async_trait]
impl TaskRunner for KubernetesTasks {
    fn serves(&self, resource: &Resource) -> bool {
        serves(resource)
    }

    /// A request that was sent cannot be taken back; a Job can.
    fn leaves_something(&self, resource: &Resource) -> bool {
        decide_service(resource) == Some(Service::RunJob)
    }

    async fn run(&self, task: Task, updates: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        match decide_service(&task.request.resource) {
            Some(Service::RunJob) => self.run_job.run(task, updates).await,
            Some(Service::Call) => self.call.run(&task).await,
            Some(Service::DescribeCluster) => self.describe_cluster.run(&task).await,
            None => {
                let cause = format!("no runner serves {}", task.request.resource);
                Err(Fault::new(RUNTIME, cause))
            }
        }
    }

    async fn cancel(&self, task: &Task) -> Result<(), RunnerError> {
        match decide_service(&task.request.resource) {
            Some(Service::RunJob) => self.run_job.cancel(task).await,
            _ => Ok(()),
        }
    }

    async fn abandon(&self, execution: &ExecutionKey) -> Result<(), RunnerError> {
        self.run_job.abandon(execution).await
    }
}

#[cfg(test)]
mod tests {
    use super::{ClusterIdentity, KubernetesTasks, Service, Settings, decide_service};
    use asl::resource::Resource;
    use rstest::rstest;

    #[rstest]
    #[case("eks:runJob", Some(Service::RunJob))]
    #[case("eks:runJob.sync", Some(Service::RunJob))]
    #[case("eks:runJob.sync:2", None)]
    #[case("eks:runJob.waitForTaskToken", None)]
    #[case("eks:call", Some(Service::Call))]
    #[case("eks:call.sync", None)]
    #[case("aws-sdk:eks:describeCluster", Some(Service::DescribeCluster))]
    #[case("eks:createCluster", None)]
    #[case("aws-sdk:eks:listClusters", None)]
    fn the_services_of_the_home_cluster_are_served(
        #[case] resource: &str,
        #[case] expected: Option<Service>,
    ) {
        let resource = Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap();
        assert_eq!(decide_service(&resource), expected);
    }

    #[tokio::test]
    async fn a_task_that_waits_takes_little_memory() {
        let connection = kube::Config::new("http://127.0.0.1:1".parse().unwrap());
        let settings = Settings::new(connection, ClusterIdentity::default());
        let tasks = KubernetesTasks::new(settings).unwrap();
        let (updates, _heard) = tokio::sync::mpsc::unbounded_channel();
        let task = crate::test_task::task("eks:runJob.sync", "{}");
        let running = tasks.run_job.run(task, updates);
        let bytes = std::mem::size_of_val(&running);
        assert!(bytes < 4096, "{bytes} bytes");
    }
}
