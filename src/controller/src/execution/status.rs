//! From what is known of an execution to its status: pure.

use asl::Value;
use asl::errors::Fault;
use asl::machine::Outcome;
use crd::condition::{self, types};
use crd::{
    AckResourceMetadata, Condition, ExecutionStatus, OutputDetails, RedriveStatus, RunStatus,
    TaskState, TaskStatus, Time, reasons,
};
use engine::ports::TaskProgress;
use engine::progress::{Progress, TaskPhase, TaskView};
use jiff::Timestamp;

use self::doing::{describe_place, describe_progress};
use crate::arn::Place;

mod doing;

/// The longest cause that status shows, in bytes. The history has all of it.
const MAX_CAUSE: usize = 32 * 1024;
/// The longest error name that status shows, in bytes.
const MAX_ERROR: usize = 1024;
/// What an Execution holds of its input and output together, in bytes of JSON text: both may be as
/// large as AWS allows, and the object stays well below the 1.5 MiB that etcd takes.
const MAX_PAYLOADS: usize = 2 * 256 * 1024;

/// What stays the same while an execution runs.
#[derive(Debug, Clone)]
pub struct Fixed {
    /// Its ARN.
    pub arn: String,
    /// Where that belongs.
    pub place: Place,
    /// What it runs.
    pub revision_id: String,
}

/// The status of an execution that started.
#[must_use]
pub fn build_status(
    fixed: &Fixed,
    generation: Option<i64>,
    progress: &Progress,
    record: &str,
    conditions: &[Condition],
    now: &Time,
) -> ExecutionStatus {
    let (error, cause) = fault_of(progress.outcome.as_ref());
    let included = is_output_included(progress);
    let stopped = progress.stopped.filter(|_| progress.outcome.is_some());
    let shown = progress.current_states.len();
    let more = progress.current_state_count > shown;
    ExecutionStatus {
        ack_resource_metadata: Some(build_metadata(&fixed.place, &fixed.arn)),
        status: Some(run_status(progress.outcome.as_ref())),
        start_date: Some(Time(progress.started)),
        stop_date: stopped.map(Time),
        duration: stopped.map(|stopped| in_words(progress.started, stopped)),
        redrive_count: (progress.redrives.count > 0).then(|| redrive_count(progress)),
        redrive_date: progress.redrives.last.map(Time),
        redrive_status: stopped.map(|_| redrive_status(progress)),
        redrive_status_reason: stopped.and(progress.redrivable.err().map(|why| why.to_string())),
        current_states: progress
            .current_states
            .iter()
            .map(|name| name.to_string())
            .collect(),
        current_state_count: more.then(|| count(progress.current_state_count)),
        progress: describe_progress(progress).filter(|_| progress.outcome.is_none()),
        output: output_of(progress.outcome.as_ref()).filter(|_| included),
        output_details: (!included).then_some(OutputDetails { included }),
        error,
        cause,
        tasks: progress.tasks.iter().map(build_task).collect(),
        conditions: condition::merge(conditions, build_conditions(progress), now),
        observed_generation: generation,
        revision_id: Some(fixed.revision_id.clone()),
        checkpoint: Some(record.to_owned()),
        history_length: Some(i64::try_from(progress.history_length).unwrap_or(i64::MAX)),
    }
}

fn redrive_count(progress: &Progress) -> i32 {
    i32::try_from(progress.redrives.count).unwrap_or(i32::MAX)
}

fn redrive_status(progress: &Progress) -> RedriveStatus {
    match progress.redrivable {
        Ok(()) => RedriveStatus::Redrivable,
        Err(_) => RedriveStatus::NotRedrivable,
    }
}

/// The ARN and what it is made of.
#[must_use]
pub fn build_metadata(place: &Place, arn: &str) -> AckResourceMetadata {
    AckResourceMetadata {
        arn: Some(arn.to_owned()),
        owner_account_id: place.account.clone(),
        region: place.region.clone(),
        partition: Some(place.partition.clone()),
    }
}

/// The status of an execution that waits, or that is refused when `terminal`.
#[must_use]
pub fn build_waiting(
    current: Option<&ExecutionStatus>,
    generation: Option<i64>,
    terminal: bool,
    reason: &str,
    message: &str,
    now: &Time,
) -> ExecutionStatus {
    let mut wanted = vec![
        Condition::new(types::RESOURCE_SYNCED, false, reason, ""),
        Condition::new(types::READY, false, reason, message),
    ];
    if terminal {
        wanted.push(Condition::new(types::TERMINAL, true, reason, message));
    }
    let mut status = current.cloned().unwrap_or_default();
    status.status.get_or_insert(RunStatus::Pending);
    status.progress = Some(cut(message, MAX_ERROR)).filter(|message| !message.is_empty());
    status.conditions = condition::merge(&status.conditions, wanted, now);
    status.observed_generation = generation;
    status
}

/// The status of an execution that is stopped while nobody carries it.
#[must_use]
pub fn build_aborted(
    current: Option<&ExecutionStatus>,
    generation: Option<i64>,
    fault: &Fault,
    now: &Time,
) -> ExecutionStatus {
    let current = current.cloned().unwrap_or_default();
    let wanted = end_conditions(&Outcome::Aborted(fault.clone()));
    ExecutionStatus {
        status: Some(RunStatus::Aborted),
        progress: None,
        stop_date: Some(now.clone()),
        error: fault.error.as_deref().map(|error| cut(error, MAX_ERROR)),
        cause: fault.cause.as_deref().map(|cause| cut(cause, MAX_CAUSE)),
        conditions: condition::merge(&current.conditions, wanted, now),
        observed_generation: generation,
        ..current
    }
}

/// The conditions of an execution that ended and is asked to go on: as they are, and why it does
/// not, or not yet.
#[must_use]
pub fn build_advised(
    current: &ExecutionStatus,
    reason: &str,
    message: &str,
    now: &Time,
) -> Vec<Condition> {
    let advisory = Condition::new(types::ADVISORY, true, reason, message);
    let others = current.conditions.iter();
    let others = others.filter(|condition| condition.type_ != types::ADVISORY);
    let wanted = others.cloned().chain([advisory]).collect();
    condition::merge(&current.conditions, wanted, now)
}

fn run_status(outcome: Option<&Outcome>) -> RunStatus {
    match outcome {
        None => RunStatus::Running,
        Some(Outcome::Succeeded(_)) => RunStatus::Succeeded,
        Some(Outcome::Failed(_)) => RunStatus::Failed,
        Some(Outcome::TimedOut(_)) => RunStatus::TimedOut,
        Some(Outcome::Aborted(_)) => RunStatus::Aborted,
    }
}

fn output_of(outcome: Option<&Outcome>) -> Option<serde_json::Value> {
    match outcome {
        Some(Outcome::Succeeded(output)) => Some(to_json(output)),
        _ => None,
    }
}

/// Whether status has room for the output. The history has it in any case.
fn is_output_included(progress: &Progress) -> bool {
    match &progress.outcome {
        Some(Outcome::Succeeded(output)) => {
            output.text_len() + progress.input_bytes <= MAX_PAYLOADS
        }
        _ => true,
    }
}

/// A value as Kubernetes' JSON has it.
#[must_use]
pub fn to_json(value: &Value) -> serde_json::Value {
    value.deserialize_into().unwrap_or_default()
}

fn fault_of(outcome: Option<&Outcome>) -> (Option<String>, Option<String>) {
    match outcome {
        None | Some(Outcome::Succeeded(_)) => (None, None),
        Some(Outcome::Failed(fault) | Outcome::TimedOut(fault) | Outcome::Aborted(fault)) => (
            fault.error.as_deref().map(|error| cut(error, MAX_ERROR)),
            fault.cause.as_deref().map(|cause| cut(cause, MAX_CAUSE)),
        ),
    }
}

fn cut(text: &str, bytes: usize) -> String {
    let end = text.floor_char_boundary(bytes);
    text.get(..end).unwrap_or_default().to_owned()
}

fn build_conditions(progress: &Progress) -> Vec<Condition> {
    match &progress.outcome {
        Some(Outcome::Succeeded(output)) if !is_output_included(progress) => {
            success_conditions(&format!(
                "the output has {} bytes, for which a status has no room: the last event of the \
                 history has it",
                output.text_len()
            ))
        }
        Some(outcome) => end_conditions(outcome),
        None => vec![
            Condition::new(types::RESOURCE_SYNCED, false, reasons::RUNNING, ""),
            Condition::new(
                types::READY,
                false,
                reasons::RUNNING,
                describe_place(progress),
            ),
        ],
    }
}

fn success_conditions(message: &str) -> Vec<Condition> {
    let reason = reasons::SUCCEEDED;
    vec![
        Condition::new(types::RESOURCE_SYNCED, true, reason, ""),
        Condition::new(types::READY, true, reason, message),
    ]
}

fn end_conditions(outcome: &Outcome) -> Vec<Condition> {
    let (reason, fault) = match outcome {
        Outcome::Succeeded(_) => return success_conditions(""),
        Outcome::Failed(fault) => (reasons::FAILED, fault),
        Outcome::TimedOut(fault) => (reasons::TIMED_OUT, fault),
        Outcome::Aborted(fault) => (reasons::ABORTED, fault),
    };
    let cause = fault.cause.as_deref().unwrap_or_default();
    let message = match (fault.name(), cause) {
        (name, "") => name.to_owned(),
        ("", cause) => cause.to_owned(),
        (name, cause) => format!("{name}: {cause}"),
    };
    vec![
        Condition::new(types::RESOURCE_SYNCED, true, reason, ""),
        Condition::new(types::TERMINAL, true, reason, message.clone()),
        Condition::new(types::READY, false, reason, message),
    ]
}

fn build_task(view: &TaskView) -> TaskStatus {
    let progress = view.progress.clone();
    let nonzero = |count: i32| (count != 0).then_some(count);
    TaskStatus {
        id: i64::try_from(view.task).unwrap_or(i64::MAX),
        state: view.state.to_string(),
        resource: view.resource.rsplit(":::").next().map(str::to_owned),
        status: Some(match view.phase {
            TaskPhase::Running => TaskState::Running,
            TaskPhase::Succeeded => TaskState::Succeeded,
            TaskPhase::Failed => TaskState::Failed,
            TaskPhase::Cancelled => TaskState::Cancelled,
        }),
        started_at: Some(Time(view.scheduled)),
        job_name: progress.job_name,
        job_namespace: progress.job_namespace,
        job_uid: progress.job_uid,
        active: nonzero(progress.active),
        succeeded: nonzero(progress.succeeded),
        failed: nonzero(progress.failed),
        pods: progress.pods,
        log_tail: progress.log_tail,
        message: progress.message,
    }
}

/// What status says of a task, as the engine has it.
#[must_use]
pub fn read_task(task: &TaskStatus) -> TaskView {
    TaskView {
        task: u64::try_from(task.id).unwrap_or_default(),
        state: task.state.as_str().into(),
        resource: match task.resource.as_deref().unwrap_or_default() {
            arn if arn.starts_with("arn:") => arn.into(),
            name => format!("arn:aws:states:::{name}").into(),
        },
        scheduled: task
            .started_at
            .as_ref()
            .map_or(Timestamp::UNIX_EPOCH, |time| time.0),
        phase: match task.status {
            Some(TaskState::Succeeded) => TaskPhase::Succeeded,
            Some(TaskState::Failed) => TaskPhase::Failed,
            Some(TaskState::Cancelled) => TaskPhase::Cancelled,
            Some(TaskState::Running) | None => TaskPhase::Running,
        },
        progress: TaskProgress {
            job_name: task.job_name.clone(),
            job_namespace: task.job_namespace.clone(),
            job_uid: task.job_uid.clone(),
            active: task.active.unwrap_or_default(),
            succeeded: task.succeeded.unwrap_or_default(),
            failed: task.failed.unwrap_or_default(),
            pods: task.pods.clone(),
            log_tail: task.log_tail.clone(),
            message: task.message.clone(),
        },
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// How long it took, as kubectl writes ages: `1m7s`, the two largest units; below ten seconds
/// with a fraction.
fn in_words(started: Timestamp, stopped: Timestamp) -> String {
    let millis = stopped.duration_since(started).as_millis().max(0);
    let seconds = millis / 1000;
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    match (days, hours, minutes) {
        (0, 0, 0) if rest < 10 => format!("{rest}.{:03}s", millis % 1000),
        (0, 0, 0) => format!("{rest}s"),
        (0, 0, minutes) => format!("{minutes}m{rest}s"),
        (0, hours, minutes) => format!("{hours}h{minutes}m"),
        (days, hours, _) => format!("{days}d{hours}h"),
    }
}

#[cfg(test)]
mod tests;
