//! `eks:runJob` and `eks:runJob.sync`: a task is a Kubernetes Job.

mod abandon;
mod build;
mod cancel;
mod create;
mod early_logs;
mod gather;
mod in_flight;
mod log_options;
mod log_reader;
mod progress;
mod registry;
mod report;
mod result;
#[cfg(test)]
mod test_runner;
mod view;
mod wait;
mod watch;
mod watched_job;

use std::sync::Arc;

use asl::Value;
use asl::errors::Fault;
use asl::resource::Pattern;
use engine::ports::{Task, TaskUpdate};
use tokio::sync::mpsc::UnboundedSender;

use self::build::{Order, build_order};
use self::in_flight::InFlight;
use self::log_options::LogOptions;
use self::log_reader::LogReader;
use self::registry::{Awaited, Subscription};
use self::report::Report;
use self::view::JobView;
use self::watch::JobWatch;
use crate::api_server::ApiServer;
use crate::home_cluster::validate_cluster;
use crate::identity::Identities;
use crate::marks;
use crate::settings::{ClusterIdentity, TaskLimits};

/// Runs Jobs.
pub(crate) struct RunJob {
    api: ApiServer,
    cluster: ClusterIdentity,
    identities: Arc<Identities>,
    limits: TaskLimits,
    watch: JobWatch,
    logs: LogReader,
    in_flight: InFlight,
}

impl RunJob {
    pub(crate) fn new(
        api: ApiServer,
        cluster: ClusterIdentity,
        identities: Arc<Identities>,
        limits: TaskLimits,
    ) -> Self {
        Self {
            watch: JobWatch::new(api.client()),
            logs: LogReader::new(api.clone(), limits),
            in_flight: InFlight::default(),
            api,
            cluster,
            identities,
            limits,
        }
    }

    /// Creates the Job; for `.sync`, waits until it has ended.
    pub(crate) async fn run(
        &self,
        task: Task,
        updates: UnboundedSender<TaskUpdate>,
    ) -> Result<Value, Fault> {
        let mut report = Report::new(updates);
        if task.request.resource.pattern() != Pattern::Sync {
            let order = self.accept(&task)?;
            let created = self.create(&task, &order, &mut report).await?;
            return Ok(created.answer.envelope());
        }
        // Thousands wait at the same time: what only the creation needs is let go of before.
        let submitted = Box::pin(self.submit(task, &mut report)).await?;
        self.wait(submitted, report).await
    }

    /// The Job that a task asks for, if it may be had.
    fn accept(&self, task: &Task) -> Result<Order, Fault> {
        let order = build_order(task)?;
        validate_cluster(&order.cluster, &self.cluster)?;
        Ok(order)
    }

    async fn submit(&self, task: Task, report: &mut Report) -> Result<Submitted, Fault> {
        let order = self.accept(&task)?;
        let mut subscription = self.watch.subscribe(Awaited {
            label: marks::task_label(&task.id()),
            namespace: order.namespace.clone(),
            name: order.name.clone().unwrap_or_default(),
        });
        if task.submitted && subscription.is_listed().await {
            return Ok(Submitted {
                subscription,
                logs: order.logs,
                adopted: true,
            });
        }
        let created = self.create(&task, &order, report).await?;
        report.submitted(created.answer.envelope());
        if let Some(job) = JobView::read(&created.job) {
            subscription.see_job(job);
        }
        Ok(Submitted {
            subscription,
            logs: order.logs,
            adopted: created.adopted,
        })
    }
}

/// A Job that exists, whose end is waited for.
struct Submitted {
    subscription: Subscription,
    logs: LogOptions,
    /// It was not created just now: it may have pods already.
    adopted: bool,
}
