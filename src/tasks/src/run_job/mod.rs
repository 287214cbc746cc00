//! `eks:runJob` and `eks:runJob.sync`: a task is a Kubernetes Job.

mod build;
mod cancel;
mod create;
mod early_logs;
mod in_flight;
mod log_options;
mod log_reader;
mod progress;
mod report;
mod result;
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
use self::log_reader::LogReader;
use self::report::Report;
use self::watch::{Awaited, JobWatch};
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
        task: &Task,
        updates: UnboundedSender<TaskUpdate>,
    ) -> Result<Value, Fault> {
        let order = build_order(task)?;
        validate_cluster(&order.cluster, &self.cluster)?;
        let who = self.identities.resolve(task).await?;
        let mut report = Report::new(updates, who.note);
        if task.request.resource.pattern() != Pattern::Sync {
            let created = self.create(task, &order, &who.actor, &mut report).await?;
            return Ok(created.answer.envelope());
        }
        let subscription = self.watch.subscribe(awaited(task, &order));
        let created = self.create(task, &order, &who.actor, &mut report).await?;
        report.submitted(created.answer.envelope());
        self.wait(&order, created, subscription, report).await
    }
}

fn awaited(task: &Task, order: &Order) -> Awaited {
    Awaited {
        label: marks::task_label(&task.id()),
        namespace: order.namespace.clone(),
        name: order.name.clone().unwrap_or_default(),
    }
}
