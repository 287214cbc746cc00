//! What to do about an Execution: pure.

use asl::errors::Fault;
use asl::machine::NotRedrivable;
use crd::condition::{find, types};
use crd::metadata::finalizers;
use crd::{Execution, ExecutionStatus, RedriveStatus, RunStatus, reasons};

use super::validate::{InvalidExecution, Request, stop_fault};
use crate::definitions::Known;

/// What is seen of an Execution.
#[derive(Debug)]
pub struct Seen<'a> {
    /// The object.
    pub execution: &'a Execution,
    /// Whether this process carries it, or carried it to its end.
    pub taken: bool,
}

/// What to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Nothing.
    Nothing,
    /// Find out what it asks for, then see [`decide_start`].
    Start,
    /// Take it up where it is.
    Resume,
    /// Stop it; it is carried.
    Stop(Fault),
    /// It never started and is to be stopped: say that it is.
    NeverStart(Fault),
    /// Let it go: nothing of it is left.
    LetGo,
}

/// What to do about an Execution that is not started.
#[derive(Debug, Clone)]
pub enum StartDecision {
    /// Run this.
    Run(std::sync::Arc<crate::revision::Revision>, Request),
    /// Wait for the state machine.
    Wait {
        /// Why, in PascalCase.
        reason: &'static str,
        /// Why, in words.
        message: String,
    },
    /// It can never run.
    Refuse {
        /// Why, in words.
        message: String,
    },
}

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

/// Whether the Execution has the finalizer.
#[must_use]
pub fn is_held(execution: &Execution) -> bool {
    let mut finalizers = execution.metadata.finalizers.iter().flatten();
    finalizers.any(|name| name == finalizers::EXECUTION)
}

/// Deleting an Execution stops it.
#[must_use]
pub fn deleted() -> Fault {
    Fault {
        cause: Some("the Execution was deleted".into()),
        ..Fault::default()
    }
}

/// What to do next.
#[must_use]
pub fn decide(seen: &Seen<'_>) -> Decision {
    let execution = seen.execution;
    let metadata = &execution.metadata;
    let deleting = metadata.deletion_timestamp.is_some();
    let held = is_held(execution);
    let stop = match deleting {
        true => Some(deleted()),
        false => execution.spec.stop.as_ref().map(stop_fault),
    };
    let status = execution.status.as_ref().and_then(|status| status.status);
    match (status, seen.taken, stop) {
        (_, true, Some(fault)) => Decision::Stop(fault),
        (_, true, None) => Decision::Nothing,
        (Some(RunStatus::Running), false, _) => Decision::Resume,
        (Some(status), false, _) if status.is_finished() => match deleting && held {
            true => Decision::LetGo,
            false => Decision::Nothing,
        },
        (_, false, Some(_)) if deleting => match held {
            true => Decision::LetGo,
            false => Decision::Nothing,
        },
        (_, false, Some(fault)) => Decision::NeverStart(fault),
        (_, false, None) => Decision::Start,
    }
}

/// Whether an Execution can start now.
#[must_use]
pub fn decide_start(
    request: Result<Request, InvalidExecution>,
    known: impl FnOnce(&Request) -> Option<Known>,
) -> StartDecision {
    let request = match request {
        Ok(request) => request,
        Err(error) => {
            let message = error.to_string();
            return StartDecision::Refuse { message };
        }
    };
    match known(&request) {
        Some(Known::Ready(revision)) => StartDecision::Run(revision, request),
        Some(Known::NotReady(why)) => StartDecision::Wait {
            reason: reasons::STATE_MACHINE_NOT_READY,
            message: format!("waiting for the StateMachine: {why}"),
        },
        Some(Known::Leaving) => StartDecision::Wait {
            reason: reasons::STATE_MACHINE_NOT_READY,
            message: "waiting for the StateMachine: it is being deleted".to_owned(),
        },
        None => StartDecision::Wait {
            reason: reasons::STATE_MACHINE_NOT_FOUND,
            message: not_found(&request),
        },
    }
}

fn not_found(request: &Request) -> String {
    use crate::definitions::Reference;
    match &request.reference {
        Reference::Name(name) => format!("waiting for the StateMachine '{name}': there is none"),
        Reference::Arn(arn) => {
            format!(
                "waiting for a StateMachine of this namespace with the ARN '{arn}': there is none"
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use crd::{ExecutionStatus, Stop, Time};
    use rstest::rstest;

    use super::super::status::build_advised;
    use super::*;

    const RUNNING: Option<RunStatus> = Some(RunStatus::Running);
    const PENDING: Option<RunStatus> = Some(RunStatus::Pending);
    const DONE: Option<RunStatus> = Some(RunStatus::Succeeded);

    fn execution(status: Option<RunStatus>, marks: &str) -> Execution {
        let mut execution = Execution::new("e", crd::ExecutionSpec::default());
        execution.status = status.map(|status| ExecutionStatus {
            status: Some(status),
            ..ExecutionStatus::default()
        });
        if marks.contains("stop") {
            execution.spec.stop = Some(Stop::default());
        }
        if marks.contains("deleting") {
            let time = Time(jiff::Timestamp::UNIX_EPOCH);
            execution.metadata.deletion_timestamp = Some(time);
        }
        if marks.contains("held") {
            execution.metadata.finalizers = Some(vec![finalizers::EXECUTION.to_owned()]);
        }
        execution
    }

    #[rstest]
    #[case::new(None, "", Decision::Start)]
    #[case::waiting(PENDING, "", Decision::Start)]
    #[case::new_and_deleted(None, "deleting held", Decision::LetGo)]
    #[case::new_and_deleted_and_held_by_others(None, "deleting", Decision::Nothing)]
    #[case::stopped_before_it_started(PENDING, "stop", Decision::NeverStart(Fault::default()))]
    #[case::running_elsewhere_before(RUNNING, "", Decision::Resume)]
    #[case::running_and_to_be_stopped(RUNNING, "stop", Decision::Resume)]
    #[case::running_and_deleted(RUNNING, "deleting held", Decision::Resume)]
    #[case::finished(DONE, "", Decision::Nothing)]
    #[case::finished_and_stopped(DONE, "stop", Decision::Nothing)]
    #[case::finished_and_deleted(DONE, "deleting held", Decision::LetGo)]
    fn what_is_not_carried(
        #[case] status: Option<RunStatus>,
        #[case] marks: &str,
        #[case] expected: Decision,
    ) {
        let execution = execution(status, marks);
        let taken = false;
        assert_eq!(
            decide(&Seen {
                execution: &execution,
                taken
            }),
            expected
        );
    }

    #[rstest]
    #[case::as_it_is("", Decision::Nothing)]
    #[case::to_be_stopped("stop", Decision::Stop(Fault::default()))]
    #[case::deleted("deleting", Decision::Stop(deleted()))]
    fn what_is_carried(#[case] marks: &str, #[case] expected: Decision) {
        let execution = execution(RUNNING, marks);
        let taken = true;
        assert_eq!(
            decide(&Seen {
                execution: &execution,
                taken
            }),
            expected
        );
    }

    /// One that ended at its second generation, and was started before it.
    fn ended(status: RunStatus, marks: &str, asked: Option<i32>, done: Option<i32>) -> Execution {
        let mut execution = execution(Some(status), marks);
        execution.spec.redrive_count = asked;
        execution.metadata.generation = Some(2);
        let status = execution.status.as_mut().unwrap();
        status.redrive_count = done;
        status.revision_id = Some("m-1".to_owned());
        status.redrive_status = Some(RedriveStatus::Redrivable);
        let observed = !marks.contains("changed");
        status.observed_generation = Some(if observed { 2 } else { 1 });
        if marks.contains("refused") {
            status.conditions = build_advised(status, reasons::NOT_REDRIVABLE, "too late");
        }
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

    #[test]
    fn a_missing_state_machine_is_waited_for_by_name() {
        let request = Request {
            reference: crate::definitions::Reference::Name("m".to_owned()),
            input: asl::Value::Null,
        };
        let decision = decide_start(Ok(request), |_| None);
        let StartDecision::Wait { reason, message } = decision else {
            panic!("{decision:?}");
        };
        assert_eq!(reason, "StateMachineNotFound");
        assert_eq!(message, "waiting for the StateMachine 'm': there is none");
    }
}
