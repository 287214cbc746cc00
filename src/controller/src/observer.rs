//! What the engine reports becomes metrics, logs and Kubernetes Events.

use std::sync::Arc;
use std::time::Duration;

use asl::errors::Fault;
use asl::machine::Outcome;
use crd::reasons;
use engine::ports::{ExecutionKey, Observer, Task};

use crate::events::{Events, Notice};
use crate::metrics::Metrics;

/// Tells metrics, logs and people.
pub struct Reporter {
    /// Where is counted.
    pub metrics: Arc<Metrics>,
    /// Where people are told.
    pub events: Events,
}

impl Reporter {
    fn tell(&self, about: &ExecutionKey, reason: &'static str, note: String) {
        let warning = [
            reasons::TASK_FAILED,
            reasons::FAILED,
            reasons::TIMED_OUT,
            reasons::ABORTED,
        ];
        self.events.tell(Notice {
            about: about.clone(),
            warning: warning.contains(&reason),
            reason,
            action: match reason {
                reasons::TASK_STARTED | reasons::TASK_SUCCEEDED | reasons::TASK_FAILED => "RunTask",
                _ => "Execute",
            },
            note,
        });
    }
}

/// A fault in words, without a cause's length.
fn in_words(fault: &Fault) -> String {
    let cause = fault.cause.as_deref().unwrap_or_default();
    let cause = cause
        .get(..cause.floor_char_boundary(512))
        .unwrap_or_default();
    match (fault.name(), cause) {
        ("", "") => "no error name and no cause given".to_owned(),
        (name, "") => name.to_owned(),
        ("", cause) => cause.to_owned(),
        (name, cause) => format!("{name}: {cause}"),
    }
}

impl Observer for Reporter {
    fn execution_started(&self, key: &ExecutionKey) {
        self.metrics.execution_started();
        tracing::info!(namespace = %key.namespace, execution = %key.name, "execution started");
        self.tell(key, reasons::STARTED, "The execution started".to_owned());
    }

    fn execution_redriven(&self, key: &ExecutionKey, count: u64) {
        self.metrics.execution_redriven();
        tracing::info!(namespace = %key.namespace, execution = %key.name, count, "execution redriven");
        let note = format!("The execution goes on where it ended, for time {count}");
        self.tell(key, reasons::REDRIVEN, note);
    }

    fn execution_ended(&self, key: &ExecutionKey, outcome: &Outcome, lasted: Duration) {
        let status = outcome.status();
        self.metrics.execution_ended(status, lasted);
        let (namespace, execution) = (&key.namespace, &key.name);
        tracing::info!(%namespace, %execution, status, seconds = lasted.as_secs_f64(), "execution ended");
        let (reason, note) = match outcome {
            Outcome::Succeeded(_) => (reasons::SUCCEEDED, "The execution succeeded".to_owned()),
            Outcome::Failed(fault) => (reasons::FAILED, in_words(fault)),
            Outcome::TimedOut(fault) => (reasons::TIMED_OUT, in_words(fault)),
            Outcome::Aborted(fault) => (reasons::ABORTED, in_words(fault)),
        };
        self.tell(key, reason, note);
    }

    fn task_started(&self, task: &Task) {
        self.metrics.task_started();
        let (key, request) = (&task.execution, &task.request);
        tracing::debug!(
            namespace = %key.namespace, execution = %key.name, state = %request.state,
            task = request.task, resource = %request.resource.arn, "task started"
        );
        let note = format!("{}: {}", request.state, request.resource.arn);
        self.tell(key, reasons::TASK_STARTED, note);
    }

    fn task_ended(&self, task: &Task, fault: Option<&Fault>, lasted: Duration) {
        let (key, request) = (&task.execution, &task.request);
        self.metrics
            .task_ended(&request.resource, fault.is_none(), lasted);
        let error = fault.map(Fault::name);
        tracing::debug!(
            namespace = %key.namespace, execution = %key.name, state = %request.state,
            task = request.task, seconds = lasted.as_secs_f64(), error, "task ended"
        );
        match fault {
            None => self.tell(key, reasons::TASK_SUCCEEDED, request.state.to_string()),
            Some(fault) => {
                let note = format!("{}: {}", request.state, in_words(fault));
                self.tell(key, reasons::TASK_FAILED, note);
            }
        }
    }

    fn states_entered(&self, count: u64) {
        self.metrics.states_entered(count);
    }

    fn saved(&self, key: &ExecutionKey, bytes: usize, tries: u32, lasted: Duration) {
        self.metrics.written(bytes, lasted);
        tracing::trace!(
            namespace = %key.namespace, execution = %key.name, bytes, tries,
            milliseconds = lasted.as_millis(), "status written"
        );
    }

    fn retrying(&self, key: &ExecutionKey, what: &'static str, why: &str, pause: Duration) {
        self.metrics.retried(what);
        let (namespace, execution) = (&key.namespace, &key.name);
        let milliseconds = pause.as_millis();
        tracing::warn!(%namespace, %execution, what, why, milliseconds, "trying again after a pause");
    }
}
