//! Waits for a Job's end, by the watches alone.

use std::time::Duration;

use asl::Value;
use asl::errors::{Fault, TASK_FAILED};
use http::StatusCode;
use tracing::warn;

use super::early_logs::EarlyLogs;
use super::registry::Subscription;
use super::report::Report;
use super::result::{Logs, build_job_fault, build_result};
use super::view::{End, JobView, Observed};
use super::{RunJob, Submitted};
use crate::api_server::Outgoing;
use crate::paths;

/// The pause before a Job that a listing did not show is looked for again.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

impl RunJob {
    /// Waits until the Job has ended; gives it with its logs.
    pub(super) async fn wait(
        &self,
        submitted: Submitted,
        mut report: Report,
    ) -> Result<Value, Fault> {
        let Submitted {
            mut subscription,
            logs: options,
            adopted,
        } = submitted;
        if adopted && subscription.late {
            for pod in self
                .list_pods(subscription.awaited())
                .await
                .unwrap_or_default()
            {
                subscription.see_pod(pod);
            }
        }
        let namespace = subscription.awaited().namespace.clone();
        let limit = self.limits.payload_bytes;
        let mut early = EarlyLogs::new(self.logs.clone(), options.clone(), namespace, limit);

        let (end, mut observed) = self
            .watch_job(&mut subscription, &mut early, &mut report)
            .await;
        let (job, limit) = match &end {
            End::Complete(job) => (job, self.limits.payload_bytes),
            End::Failed(job, _) => (job, self.limits.cause_bytes),
            End::Deleted => return Err(build_deleted(&observed)),
        };
        let logs = if options.retrieve {
            early.finish().await;
            let logs = Logs::new(job, limit, options.raw);
            let awaited = subscription.awaited();
            let gathering = self.gather(awaited, &options, &mut observed, &mut early, logs);
            let (logs, last) = Box::pin(gathering).await;
            report.log(&last);
            report.show(&observed);
            Some(logs)
        } else {
            None
        };
        match end {
            End::Failed(job, _) => Err(build_job_fault(job, logs, self.limits.cause_bytes)),
            _ => Ok(build_result(job.clone(), logs)),
        }
    }

    /// Follows the Job until it has ended, telling of it and reading logs meanwhile.
    async fn watch_job(
        &self,
        subscription: &mut Subscription,
        early: &mut EarlyLogs,
        report: &mut Report,
    ) -> (End, Observed) {
        loop {
            let observed = subscription.now();
            report.trouble(subscription.trouble());
            report.show(&observed);
            early.start(&observed.pods);
            if let Some(end) = observed.job.as_ref().and_then(|job| job.end.clone()) {
                return (end, observed);
            }
            if observed.missing {
                Box::pin(self.look_up(&observed, subscription)).await;
                continue;
            }
            drop(observed);
            tokio::select! {
                () = subscription.changed() => {}
                () = early.next() => {
                    if let Some(log) = early.newest() {
                        report.log(log);
                    }
                }
            }
        }
    }

    /// Looks up a Job that a listing did not show.
    async fn look_up(&self, observed: &Observed, subscription: &Subscription) {
        let Some(known) = &observed.job else {
            return;
        };
        let target = paths::job(&known.namespace, &known.name).unwrap_or_default();
        let mut asked_for = None;
        let why = match self.api.send(&Outgoing::get(target)).await {
            Ok(answer) if answer.status == StatusCode::NOT_FOUND => {
                subscription.lose_job();
                return;
            }
            Ok(answer) if answer.is_success() => match JobView::read(&answer.value()) {
                Some(job) => {
                    subscription.see_job(job);
                    return;
                }
                None => "the answer is no Job".to_owned(),
            },
            Ok(answer) => {
                asked_for = answer.retry_after();
                answer.message()
            }
            Err(error) => error.to_string(),
        };
        warn!(job = known.name, "cannot look up the Job: {why}");
        tokio::time::sleep(LOOK_AGAIN.max(asked_for.unwrap_or_default())).await;
    }
}

fn build_deleted(observed: &Observed) -> Fault {
    let job = observed.job.as_ref();
    let name = job.map(|job| format!("{}/{} (uid {})", job.namespace, job.name, job.uid));
    let cause = format!(
        "the Job {} was deleted before it finished",
        name.unwrap_or_default()
    );
    Fault::new(TASK_FAILED, cause)
}
