//! What to do about an Execution: pure.

use asl::errors::Fault;
use crd::metadata::finalizers;
use crd::{Execution, RunStatus, reasons};

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

/// Whether it is to be stopped, and with which error.
#[must_use]
pub fn stop_of(execution: &Execution) -> Option<Fault> {
    match execution.metadata.deletion_timestamp {
        Some(_) => Some(deleted()),
        None => execution.spec.stop.as_ref().map(stop_fault),
    }
}

/// What to do next.
#[must_use]
pub fn decide(seen: &Seen<'_>) -> Decision {
    let execution = seen.execution;
    let metadata = &execution.metadata;
    let deleting = metadata.deletion_timestamp.is_some();
    let held = is_held(execution);
    let stop = stop_of(execution);
    let status = execution.run_status();
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
