//! A history has no gap, nothing twice, and begins and ends as the execution did.

use std::collections::HashSet;

use crd::{Execution, RunStatus};
use serde_json::Value;

use crate::workload::Case;

/// The events that a task which was scheduled ends with.
const TASK_ENDS: [&str; 4] = [
    "TaskSucceeded",
    "TaskFailed",
    "TaskSubmitFailed",
    "TaskTimedOut",
];

/// What is wrong with a history.
pub fn judge(case: &Case, execution: &Execution, events: &[Value]) -> Vec<String> {
    let mut findings = Vec::new();
    findings.extend(judge_order(events));
    findings.extend(judge_tasks(events));
    findings.extend(judge_ends(execution, events));
    let status = execution.status.clone().unwrap_or_default();
    let told = status.history_length.unwrap_or_default();
    if usize::try_from(told) != Ok(events.len()) {
        findings.push(format!(
            "status.historyLength is {told}, but there are {}",
            events.len()
        ));
    }
    let scheduled = events.iter().filter(|event| schedules_job(event)).count();
    if !case.jobs.contains(&scheduled) {
        findings.push(format!(
            "{scheduled} Jobs scheduled, expected {:?}",
            case.jobs
        ));
    }
    let name = |finding| format!("{}: history: {finding}", case.name);
    findings.into_iter().map(name).collect()
}

/// Ids count from 1, each event follows one before it, and none is earlier than the one before.
fn judge_order(events: &[Value]) -> Option<String> {
    let mut last = "";
    for (expected, event) in (1_u64..).zip(events) {
        let id = event["id"].as_u64();
        if id != Some(expected) {
            return Some(format!(
                "event {expected} has the id {:?}: {event}",
                event["id"]
            ));
        }
        let previous = event["previousEventId"].as_u64().unwrap_or_default();
        if previous >= expected {
            return Some(format!("event {expected} follows {previous}"));
        }
        let time = event["timestamp"].as_str().unwrap_or_default();
        if time < last {
            return Some(format!(
                "event {expected} is of {time}, the one before of {last}"
            ));
        }
        last = time;
    }
    None
}

/// Each step of a task follows the one before it, once.
fn judge_tasks(events: &[Value]) -> Option<String> {
    let mut followed = HashSet::new();
    for event in events {
        let kind = event["type"].as_str().unwrap_or_default();
        let previous = event["previousEventId"].as_u64().unwrap_or_default();
        let is_step = matches!(kind, "TaskStarted" | "TaskSubmitted") || TASK_ENDS.contains(&kind);
        if is_step && !followed.insert(previous) {
            return Some(format!(
                "two steps of a task follow event {previous}: {event}"
            ));
        }
    }
    None
}

fn judge_ends(execution: &Execution, events: &[Value]) -> Option<String> {
    let kind = |event: Option<&Value>| Some(event?["type"].as_str()?.to_owned());
    let (first, last) = (kind(events.first()), kind(events.last()));
    let status = execution.run_status();
    let expected = match status {
        Some(RunStatus::Succeeded) => "ExecutionSucceeded",
        Some(RunStatus::Failed) => "ExecutionFailed",
        Some(RunStatus::TimedOut) => "ExecutionTimedOut",
        _ => "ExecutionAborted",
    };
    let right = first.as_deref() == Some("ExecutionStarted") && last.as_deref() == Some(expected);
    (!right).then(|| format!("it begins with {first:?} and ends with {last:?}, not {expected}"))
}

fn schedules_job(event: &Value) -> bool {
    let details = &event["taskScheduledEventDetails"];
    event["type"] == "TaskScheduled"
        && details["resource"]
            .as_str()
            .is_some_and(|resource| resource.starts_with("runJob"))
}

#[cfg(test)]
mod tests {
    use super::{judge_order, judge_tasks};
    use serde_json::{Value, json};

    fn event(id: u64, previous: u64, kind: &str) -> Value {
        let timestamp = format!("2024-01-01T00:00:0{id}.000Z");
        json!({"id": id, "previousEventId": previous, "type": kind, "timestamp": timestamp})
    }

    #[test]
    fn a_gap_and_a_double_are_found() {
        let first = event(1, 0, "ExecutionStarted");
        assert_eq!(
            judge_order(&[first.clone(), event(2, 1, "PassStateEntered")]),
            None
        );
        assert!(judge_order(&[first.clone(), event(3, 1, "PassStateEntered")]).is_some());
        assert!(judge_order(&[first.clone(), first.clone()]).is_some());
        assert!(judge_order(&[first, event(2, 2, "PassStateEntered")]).is_some());
    }

    #[test]
    fn a_task_that_ends_twice_is_found() {
        let task = [
            event(2, 1, "TaskScheduled"),
            event(3, 2, "TaskStarted"),
            event(4, 3, "TaskSucceeded"),
        ];
        assert_eq!(judge_tasks(&task), None);
        let twice = [task.as_slice(), &[event(5, 3, "TaskFailed")]].concat();
        assert!(judge_tasks(&twice).is_some());
    }
}
