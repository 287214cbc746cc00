//! What to do about an Execution that ended: pure.

use asl::machine::NotRedrivable;
use crd::condition::{find, types};
use crd::{Execution, ExecutionStatus, RedriveStatus, RunStatus, reasons};

use crate::execution::decide::is_held;

/// What to do about an Execution that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedriveDecision {
    /// Nothing.
    Nothing,
    /// Look again in a moment: what ended it is not quite done.
    Later,
    /// Have it go on.
    Redrive,
    /// Say that it does not go on.
    Refuse {
        /// Why, in words.
        message: String,
    },
    /// Let it go: it was to go on, did not come to it, and is being deleted.
    LetGo,
}

/// Whether an Execution is to go on where it ended. Whether it can is the engine's to say.
#[must_use]
pub fn decide_redrive(execution: &Execution, carried: bool) -> RedriveDecision {
    let deleting = execution.metadata.deletion_timestamp.is_some();
    let status = execution.status.as_ref();
    let ended = status.and_then(|status| Some((status, status.status?)));
    let Some((status, ended)) = ended.filter(|(_, word)| word.is_finished()) else {
        return RedriveDecision::Nothing;
    };
    match (deleting, is_asked(execution, status), carried) {
        (true, _, false) if is_held(execution) => RedriveDecision::LetGo,
        (true, ..) | (_, false, _) => RedriveDecision::Nothing,
        (.., true) => RedriveDecision::Later,
        (.., false) => decide_asked(execution, status, ended),
    }
}

/// Whether an Execution is to be redriven more often than it was. One that was refused, or that
/// succeeded when it was asked already to go on should it fail, is not before something changes.
fn is_asked(execution: &Execution, status: &ExecutionStatus) -> bool {
    let advisory = find(&status.conditions, types::ADVISORY);
    let advisory = advisory.and_then(|advisory| advisory.reason.as_deref());
    let is_answered =
        status.status == Some(RunStatus::Succeeded) || advisory == Some(reasons::NOT_REDRIVABLE);
    let is_observed = status.observed_generation >= execution.metadata.generation;
    execution.spec.redrive_count > status.redrive_count.or(Some(0)) && !(is_answered && is_observed)
}

fn decide_asked(
    execution: &Execution,
    status: &ExecutionStatus,
    ended: RunStatus,
) -> RedriveDecision {
    let refuse = |message: &str| RedriveDecision::Refuse {
        message: message.to_owned(),
    };
    match (ended, &execution.spec.stop) {
        (RunStatus::Succeeded, _) => refuse(&NotRedrivable::Succeeded.to_string()),
        _ if status.revision_id.is_none() => refuse(NEVER_STARTED),
        (_, Some(_)) => refuse(STILL_STOPPED),
        (_, None) => RedriveDecision::Redrive,
    }
}

/// Whether an Execution that ended is about to go on: it is not to be deleted for its age.
#[must_use]
pub fn awaits_redrive(execution: &Execution) -> bool {
    let status = execution.status.as_ref();
    status.is_some_and(|status| status.redrive_status == Some(RedriveStatus::Redrivable))
        && decide_redrive(execution, false) == RedriveDecision::Redrive
}

/// Why an execution is not redriven that has nothing to go on from.
const NEVER_STARTED: &str = "the execution never started: create another";
/// Why an execution is not redriven while somebody wants it stopped.
const STILL_STOPPED: &str =
    "spec.stop is set: withdraw it in a change that raises spec.redriveCount";

#[cfg(test)]
mod tests {
    use crd::metadata::finalizers;
    use crd::{Stop, Time};
    use rstest::rstest;

    use super::*;
    use crate::execution::status::build_advised;

    /// One that ended at its second generation, and was started before it.
    fn ended(status: RunStatus, marks: &str, asked: Option<i32>, done: Option<i32>) -> Execution {
        let mut execution = Execution::new("e", crd::ExecutionSpec::default());
        execution.spec.redrive_count = asked;
        execution.spec.stop = marks.contains("stop").then(Stop::default);
        let metadata = &mut execution.metadata;
        let deleted = Time(jiff::Timestamp::UNIX_EPOCH);
        metadata.deletion_timestamp = marks.contains("deleting").then_some(deleted);
        let held = marks.contains("held");
        metadata.finalizers = held.then(|| vec![finalizers::EXECUTION.to_owned()]);
        execution.metadata.generation = Some(2);
        let observed = !marks.contains("changed");
        let mut status = ExecutionStatus {
            status: Some(status),
            redrive_count: done,
            revision_id: Some("m-1".to_owned()),
            redrive_status: Some(RedriveStatus::Redrivable),
            observed_generation: Some(if observed { 2 } else { 1 }),
            ..ExecutionStatus::default()
        };
        if marks.contains("refused") {
            let now = crd::Time(jiff::Timestamp::UNIX_EPOCH);
            status.conditions = build_advised(&status, reasons::NOT_REDRIVABLE, "too late", &now);
        }
        execution.status = Some(status);
        execution
    }

    #[rstest]
    #[case::asked(RunStatus::Failed, Some(1), None, "", RedriveDecision::Redrive)]
    #[case::asked_after_a_time_out(
        RunStatus::TimedOut,
        Some(1),
        None,
        "",
        RedriveDecision::Redrive
    )]
    #[case::asked_after_a_stop(RunStatus::Aborted, Some(3), Some(2), "", RedriveDecision::Redrive)]
    #[case::asked_again(
        RunStatus::Failed,
        Some(2),
        None,
        "refused changed",
        RedriveDecision::Redrive
    )]
    #[case::refused(RunStatus::Failed, Some(1), None, "refused", RedriveDecision::Nothing)]
    #[case::not_asked(RunStatus::Failed, None, None, "", RedriveDecision::Nothing)]
    #[case::asked_for_none(RunStatus::Failed, Some(0), None, "", RedriveDecision::Nothing)]
    #[case::done(RunStatus::Failed, Some(2), Some(2), "", RedriveDecision::Nothing)]
    #[case::succeeded_as_asked_before(
        RunStatus::Succeeded,
        Some(1),
        None,
        "",
        RedriveDecision::Nothing
    )]
    #[case::runs(RunStatus::Running, Some(1), None, "", RedriveDecision::Nothing)]
    #[case::leaves(RunStatus::Failed, Some(1), None, "deleting", RedriveDecision::Nothing)]
    #[case::leaves_and_is_held(
        RunStatus::Failed,
        Some(1),
        None,
        "deleting held",
        RedriveDecision::LetGo
    )]
    #[case::is_refused_and_held(
        RunStatus::Failed,
        Some(1),
        None,
        "deleting held refused",
        RedriveDecision::LetGo
    )]
    fn what_is_redriven(
        #[case] status: RunStatus,
        #[case] asked: Option<i32>,
        #[case] done: Option<i32>,
        #[case] marks: &str,
        #[case] expected: RedriveDecision,
    ) {
        let execution = ended(status, marks, asked, done);
        assert_eq!(decide_redrive(&execution, false), expected);
        assert_eq!(
            awaits_redrive(&execution),
            expected == RedriveDecision::Redrive
        );
        // A driver that still deletes old pages is not done, and one that goes on neither.
        let expected = match expected {
            RedriveDecision::Redrive => RedriveDecision::Later,
            _ => RedriveDecision::Nothing,
        };
        assert_eq!(decide_redrive(&execution, true), expected);
    }

    #[rstest]
    #[case::to_be_stopped(RunStatus::Aborted, "stop", STILL_STOPPED)]
    #[case::succeeded_before_it_was_asked(
        RunStatus::Succeeded,
        "changed",
        "Execution is SUCCEEDED and cannot be redriven"
    )]
    fn what_is_refused(#[case] status: RunStatus, #[case] marks: &str, #[case] expected: &str) {
        let execution = ended(status, marks, Some(1), None);
        let message = expected.to_owned();
        let expected = RedriveDecision::Refuse { message };
        assert_eq!(decide_redrive(&execution, false), expected);
        assert!(!awaits_redrive(&execution));
    }

    #[test]
    fn what_never_started_has_nothing_to_go_on_from() {
        let mut execution = ended(RunStatus::Aborted, "", Some(1), None);
        execution.status.as_mut().unwrap().revision_id = None;
        let message = NEVER_STARTED.to_owned();
        let expected = RedriveDecision::Refuse { message };
        assert_eq!(decide_redrive(&execution, false), expected);
    }

    #[test]
    fn what_cannot_be_redriven_by_its_status_may_be_deleted_though_asked() {
        let mut execution = ended(RunStatus::Failed, "", Some(1), None);
        execution.status.as_mut().unwrap().redrive_status = Some(RedriveStatus::NotRedrivable);
        assert_eq!(decide_redrive(&execution, false), RedriveDecision::Redrive);
        assert!(!awaits_redrive(&execution));
    }
}
