//! From what is known of a StateMachine to its status: pure.

use asl::definition::{Diagnostic, Severity};
use crd::condition::{self, types};
use crd::{
    Condition, DiagnosticSeverity, MAX_DIAGNOSTICS, StateMachine, StateMachineStatus, Time, reasons,
};

use super::validate::Invalid;
use crate::arn::Place;
use crate::execution::status::build_metadata;
use crate::revision::Revision;

/// The status of a StateMachine that can be executed.
#[must_use]
pub fn build_valid(
    state_machine: &StateMachine,
    revision: &Revision,
    warnings: &[Diagnostic],
    now: &Time,
) -> StateMachineStatus {
    let mut wanted = vec![
        Condition::new(types::RESOURCE_SYNCED, true, reasons::SYNCED, ""),
        Condition::new(types::READY, true, reasons::VALID, ""),
    ];
    if !warnings.is_empty() {
        let texts: Vec<_> = warnings.iter().take(5).map(ToString::to_string).collect();
        let reason = reasons::DEFINITION_WARNINGS;
        wanted.push(Condition::new(
            types::ADVISORY,
            true,
            reason,
            texts.join("; "),
        ));
    }
    let mut status = base(state_machine, &revision.content.place, wanted, now);
    status.creation_date.get_or_insert_with(|| now.clone());
    status.revision_id = Some(revision.id.to_string());
    status.diagnostics = read_diagnostics(warnings);
    status
}

/// The status of one that cannot.
#[must_use]
pub fn build_invalid(
    state_machine: &StateMachine,
    place: &Place,
    invalid: &Invalid,
    now: &Time,
) -> StateMachineStatus {
    let (reason, message) = (invalid.reason, invalid.message.as_str());
    let trouble = match invalid.waits {
        true => types::RECOVERABLE,
        false => types::TERMINAL,
    };
    let wanted = vec![
        Condition::new(types::RESOURCE_SYNCED, false, reason, ""),
        Condition::new(trouble, true, reason, message),
        Condition::new(types::READY, false, reason, message),
    ];
    let mut status = base(state_machine, place, wanted, now);
    status.diagnostics = read_diagnostics(&invalid.diagnostics);
    status
}

/// The status of one that waits for its executions before it goes.
#[must_use]
pub fn build_leaving(
    state_machine: &StateMachine,
    place: &Place,
    running: usize,
    now: &Time,
) -> StateMachineStatus {
    let message = format!(
        "being deleted: waits until its executions have ended ({running} in progress); \
         delete or stop them to hasten it"
    );
    let reason = "Deleting";
    let wanted = vec![
        Condition::new(types::RESOURCE_SYNCED, false, reason, ""),
        Condition::new(types::READY, false, reason, message),
    ];
    base(state_machine, place, wanted, now)
}

fn base(
    state_machine: &StateMachine,
    place: &Place,
    wanted: Vec<Condition>,
    now: &Time,
) -> StateMachineStatus {
    let current = state_machine.status.clone().unwrap_or_default();
    let arn = place.state_machine_arn(&state_machine.spec.name);
    StateMachineStatus {
        ack_resource_metadata: Some(build_metadata(place, &arn)),
        conditions: condition::merge(&current.conditions, wanted, now),
        observed_generation: state_machine.metadata.generation,
        ..current
    }
}

fn read_diagnostics(diagnostics: &[Diagnostic]) -> Vec<crd::Diagnostic> {
    let read = |diagnostic: &Diagnostic| crd::Diagnostic {
        severity: match diagnostic.severity {
            Severity::Error => DiagnosticSeverity::Error,
            Severity::Warning => DiagnosticSeverity::Warning,
        },
        code: diagnostic.code.clone(),
        message: diagnostic.message.clone(),
        location: Some(diagnostic.location.clone()).filter(|location| !location.is_empty()),
    };
    diagnostics.iter().take(MAX_DIAGNOSTICS).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
        }
    }

    fn state_machine() -> StateMachine {
        let spec = crd::StateMachineSpec {
            name: "MyAckMachine".to_owned(),
            ..crd::StateMachineSpec::default()
        };
        StateMachine::new("my-ack-machine", spec)
    }

    fn invalid(waits: bool) -> Invalid {
        Invalid {
            reason: reasons::INVALID_DEFINITION,
            message: "MISSING_TRANSITION_TARGET: no such state at /States/A/Next".to_owned(),
            diagnostics: Vec::new(),
            waits,
        }
    }

    fn conditions<'a>(status: &'a StateMachineStatus) -> Vec<(&'a str, &'a str)> {
        let words = |condition: &'a Condition| {
            let Condition { type_, status, .. } = condition;
            (type_.as_str(), status.as_str())
        };
        status.conditions.iter().map(words).collect()
    }

    #[test]
    fn an_invalid_definition_is_terminal_and_says_where() {
        let now = Time(jiff::Timestamp::UNIX_EPOCH);
        let status = build_invalid(&state_machine(), &place(), &invalid(false), &now);
        let expected = [
            ("ACK.ResourceSynced", "False"),
            ("ACK.Terminal", "True"),
            ("Ready", "False"),
        ];
        assert_eq!(conditions(&status), expected);
        let message = status.conditions[1].message.as_deref().unwrap();
        assert!(message.ends_with("at /States/A/Next"));
        let arn = "arn:aws:states:us-east-1:123456789012:stateMachine:MyAckMachine";
        assert_eq!(
            status.ack_resource_metadata.unwrap().arn.as_deref(),
            Some(arn)
        );
    }

    #[test]
    fn what_waits_for_something_else_is_recoverable() {
        let now = Time(jiff::Timestamp::UNIX_EPOCH);
        let status = build_invalid(&state_machine(), &place(), &invalid(true), &now);
        assert_eq!(conditions(&status)[1], ("ACK.Recoverable", "True"));
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let mut state_machine = state_machine();
        let first = Time(jiff::Timestamp::UNIX_EPOCH);
        let status = build_invalid(&state_machine, &place(), &invalid(false), &first);
        state_machine.status = Some(status.clone());
        let later = Time("2026-01-01T00:00:00Z".parse().unwrap());
        let again = build_invalid(&state_machine, &place(), &invalid(false), &later);
        assert_eq!(again, status);
    }
}
