//! Metrics, as Prometheus reads them.
//!
//! Labels have few values that are known beforehand: no names of objects, no messages.

use std::time::Duration;

use asl::resource::{Resource, ResourceKind};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Status {
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskEnd {
    resource: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct KindAndReason {
    kind: &'static str,
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: &'static str,
}

/// A histogram of durations for each set of labels.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

fn reconcile_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 14))
}

fn task_buckets() -> Histogram {
    Histogram::new(exponential_buckets(0.01, 3.0, 14))
}

/// All metrics of the operator.
pub struct Metrics {
    registry: Registry,
    started: Counter,
    redriven: Counter,
    ended: Family<Status, Counter>,
    live: Gauge,
    pending: Gauge,
    queued: Gauge,
    running: Gauge,
    duration: Durations<Status>,
    states: Counter,
    tasks: Durations<TaskEnd>,
    tasks_started: Counter,
    reconciles: Durations<Kind>,
    errors: Family<KindAndReason, Counter>,
    leader: Gauge,
    writes: Histogram,
    write_bytes: Histogram,
    retries: Family<What, Counter>,
    events: Family<What, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("sfn"),
            started: Counter::default(),
            redriven: Counter::default(),
            ended: Family::default(),
            live: Gauge::default(),
            pending: Gauge::default(),
            queued: Gauge::default(),
            running: Gauge::default(),
            duration: Family::new_with_constructor(task_buckets),
            states: Counter::default(),
            tasks: Family::new_with_constructor(task_buckets),
            tasks_started: Counter::default(),
            reconciles: Family::new_with_constructor(reconcile_buckets),
            errors: Family::default(),
            leader: Gauge::default(),
            writes: reconcile_buckets(),
            write_bytes: Histogram::new(exponential_buckets(256.0, 2.0, 12)),
            retries: Family::default(),
            events: Family::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let registry = &mut self.registry;
        let help = "Executions started by this process";
        registry.register("executions_started", help, self.started.clone());
        let help = "Executions that went on where they had ended";
        registry.register("executions_redriven", help, self.redriven.clone());
        let help = "Executions that ended, by their final status";
        registry.register("executions_ended", help, self.ended.clone());
        let help = "Executions that this process carries";
        registry.register("executions_live", help, self.live.clone());
        let help = "Executions that wait for their state machine";
        registry.register("executions_pending", help, self.pending.clone());
        let help = "Executions that wait for others to end, or for their turn to start";
        registry.register("executions_queued", help, self.queued.clone());
        let help = "Executions that run or start, as they are counted against the limits";
        registry.register("executions_running", help, self.running.clone());
        let help = "From an execution's start to its end, by its final status";
        let unit = || Unit::Seconds;
        registry.register_with_unit("execution_duration", help, unit(), self.duration.clone());
        let help = "States entered";
        registry.register("state_transitions", help, self.states.clone());
        let help = "Tasks started";
        registry.register("tasks_started", help, self.tasks_started.clone());
        let help = "From a task's start to its end, by what it calls and how it ended";
        registry.register_with_unit("task_duration", help, unit(), self.tasks.clone());
        let help = "Reconciles, by kind";
        registry.register_with_unit("reconcile_duration", help, unit(), self.reconciles.clone());
        let help = "Reconciles that failed, by kind and reason";
        registry.register("reconcile_errors", help, self.errors.clone());
        let help = "1 while this process is the leader";
        registry.register("leader", help, self.leader.clone());
        let help = "Status writes of executions, retries included";
        registry.register_with_unit("status_write_duration", help, unit(), self.writes.clone());
        let help = "The record in a status write";
        registry.register_with_unit("record_size", help, Unit::Bytes, self.write_bytes.clone());
        let help = "Requests that were repeated, by what they were for";
        registry.register("write_retries", help, self.retries.clone());
        let help = "Kubernetes Events, by what became of them";
        registry.register("events", help, self.events.clone());
    }

    /// The text for a scrape.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// An execution started.
    pub fn execution_started(&self) {
        self.started.inc();
    }

    /// An execution was redriven.
    pub fn execution_redriven(&self) {
        self.redriven.inc();
    }

    /// An execution ended.
    pub fn execution_ended(&self, status: &'static str, lasted: Duration) {
        let status = Status { status };
        self.ended.get_or_create(&status).inc();
        self.duration
            .get_or_create(&status)
            .observe(lasted.as_secs_f64());
    }

    /// An execution is carried from now on, or not any more.
    pub fn live(&self, change: i64) {
        self.live.inc_by(change);
    }

    /// How many executions wait for their state machine.
    pub fn pending(&self, count: usize) {
        self.pending.set(gauge(count));
    }

    /// How many executions are queued, and how many run.
    pub fn queued(&self, queued: usize, running: usize) {
        self.queued.set(gauge(queued));
        self.running.set(gauge(running));
    }

    /// States were entered.
    pub fn states_entered(&self, count: u64) {
        self.states.inc_by(count);
    }

    /// A task started.
    pub fn task_started(&self) {
        self.tasks_started.inc();
    }

    /// A task ended.
    pub fn task_ended(&self, resource: &Resource, succeeded: bool, lasted: Duration) {
        let end = TaskEnd {
            resource: resource_label(resource),
            outcome: if succeeded { "succeeded" } else { "failed" },
        };
        self.tasks.get_or_create(&end).observe(lasted.as_secs_f64());
    }

    /// A reconcile ended.
    pub fn reconciled(&self, kind: &'static str, lasted: Duration) {
        let kind = Kind { kind };
        self.reconciles
            .get_or_create(&kind)
            .observe(lasted.as_secs_f64());
    }

    /// A reconcile failed.
    pub fn failed(&self, kind: &'static str, reason: &'static str) {
        self.errors
            .get_or_create(&KindAndReason { kind, reason })
            .inc();
    }

    /// This process is the leader, or not.
    pub fn leader(&self, is_leader: bool) {
        self.leader.set(is_leader.into());
    }

    /// A status was written.
    #[allow(clippy::cast_precision_loss)]
    pub fn written(&self, bytes: usize, lasted: Duration) {
        self.writes.observe(lasted.as_secs_f64());
        self.write_bytes.observe(bytes as f64);
    }

    /// A request is repeated.
    pub fn retried(&self, what: &'static str) {
        self.retries.get_or_create(&What { what }).inc();
    }

    /// What became of a Kubernetes Event.
    pub fn event(&self, what: &'static str) {
        self.events.get_or_create(&What { what }).inc();
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// What a task calls, as a label. Service integrations are those that runners serve; names of
/// functions and activities are people's own and would be too many.
fn resource_label(resource: &Resource) -> String {
    match &resource.kind {
        ResourceKind::Service { .. } => resource
            .arn
            .rsplit(":::")
            .next()
            .unwrap_or_default()
            .to_owned(),
        ResourceKind::Activity(_) => "activity".to_owned(),
        ResourceKind::Lambda(_) => "lambda".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("arn:aws:states:::eks:runJob.sync", "eks:runJob.sync")]
    #[case("arn:aws:states:us-east-1:123456789012:activity:mine", "activity")]
    #[case("arn:aws:lambda:us-east-1:123456789012:function:mine", "lambda")]
    fn a_label_names_no_one_s_own_resources(#[case] arn: &str, #[case] label: &str) {
        assert_eq!(resource_label(&Resource::parse(arn).unwrap()), label);
    }

    #[test]
    fn a_scrape_shows_what_was_counted() {
        let metrics = Metrics::default();
        metrics.execution_started();
        metrics.execution_ended("SUCCEEDED", Duration::from_millis(5));
        metrics.leader(true);
        let text = metrics.encode();
        assert!(text.contains("sfn_executions_started_total 1\n"), "{text}");
        assert!(text.contains("sfn_executions_ended_total{status=\"SUCCEEDED\"} 1\n"));
        assert!(text.contains("sfn_leader 1\n"));
        assert!(text.ends_with("# EOF\n"));
    }
}
