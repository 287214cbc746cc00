//! What to do about a StateMachine: pure.

use std::sync::Arc;

use asl::definition::Diagnostic;
use crd::StateMachine;
use crd::metadata::finalizers;
use jiff::Timestamp;
use kube::ResourceExt as _;

use super::validate::Invalid;
use crate::revision::Revision;

/// What was found out about a StateMachine.
#[derive(Debug)]
pub enum Validated {
    /// It can be executed as this revision.
    Valid {
        /// The revision.
        revision: Arc<Revision>,
        /// What should still be said about its definition.
        warnings: Vec<Diagnostic>,
    },
    /// It cannot.
    Invalid(Invalid),
}

/// What to do about a StateMachine that is being deleted.
///
/// AWS deletes a state machine once its executions have ended. So does this operator: nothing new
/// starts, what runs goes on. Whoever does not want to wait stops or deletes the Executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// Nothing holds it, as far as this operator goes.
    Nothing,
    /// Wait for this many executions.
    Wait(usize),
    /// Let it go.
    LetGo,
}

/// Whether the finalizer is missing.
#[must_use]
pub fn needs_finalizer(state_machine: &StateMachine) -> bool {
    !is_held(state_machine)
}

fn is_held(state_machine: &StateMachine) -> bool {
    let finalizers = state_machine.finalizers();
    finalizers
        .iter()
        .any(|name| name == finalizers::STATE_MACHINE)
}

/// Whether `other` has the name of `state_machine` already: of several with the same `spec.name` in a
/// namespace, and so the same ARN, the eldest that is to stay has it.
#[must_use]
pub fn has_name_of(other: &StateMachine, state_machine: &StateMachine) -> bool {
    is_namesake(other, state_machine) && stays(other) && age(other) < age(state_machine)
}

/// Which of several with the same name has it.
#[must_use]
pub fn find_who_has_name(namesakes: &[Arc<StateMachine>]) -> Option<&StateMachine> {
    let staying = namesakes.iter().map(|one| &**one).filter(|one| stays(one));
    staying.min_by_key(|one| age(one))
}

fn stays(state_machine: &StateMachine) -> bool {
    state_machine.metadata.deletion_timestamp.is_none()
}

fn age(state_machine: &StateMachine) -> (Option<Timestamp>, String) {
    let created = state_machine.creation_timestamp();
    (created.map(|created| created.0), state_machine.name_any())
}

/// Whether two are not the same, and have the same name.
#[must_use]
pub fn is_namesake(other: &StateMachine, state_machine: &StateMachine) -> bool {
    other.spec.name == state_machine.spec.name
        && other.namespace() == state_machine.namespace()
        && other.uid() != state_machine.uid()
}

/// What to do about a StateMachine that is being deleted while `running` executions of it run.
#[must_use]
pub fn decide_leave(state_machine: &StateMachine, running: usize) -> Leave {
    match (is_held(state_machine), running) {
        (false, _) => Leave::Nothing,
        (true, 0) => Leave::LetGo,
        (true, running) => Leave::Wait(running),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// One called `object`, with this `spec.name`.
    fn named(object: &str, name: &str, created: i64, deleting: bool) -> StateMachine {
        let mut state_machine = StateMachine::new(
            object,
            crd::StateMachineSpec {
                name: name.to_owned(),
                ..crd::StateMachineSpec::default()
            },
        );
        let time = |seconds| crd::Time(jiff::Timestamp::from_second(seconds).unwrap());
        let metadata = &mut state_machine.metadata;
        metadata.namespace = Some("ns".to_owned());
        metadata.uid = Some(object.to_owned());
        metadata.creation_timestamp = Some(time(created));
        metadata.deletion_timestamp = deleting.then(|| time(created));
        state_machine
    }

    #[rstest]
    #[case::older(named("a", "M", 1, false), true)]
    #[case::younger(named("a", "M", 3, false), false)]
    #[case::as_old_and_before_it_by_name(named("a", "M", 2, false), true)]
    #[case::older_and_leaving(named("a", "M", 1, true), false)]
    #[case::of_another_name(named("a", "N", 1, false), false)]
    #[case::itself(named("b", "M", 2, false), false)]
    fn the_eldest_has_the_name(#[case] other: StateMachine, #[case] expected: bool) {
        let state_machine = named("b", "M", 2, false);
        assert_eq!(has_name_of(&other, &state_machine), expected);
    }

    #[rstest]
    #[case::the_eldest(&[("b", 2, false), ("a", 1, false)], Some("a"))]
    #[case::the_eldest_that_stays(&[("b", 2, false), ("a", 1, true)], Some("b"))]
    #[case::nobody_that_stays(&[("a", 1, true)], None)]
    fn a_name_goes_to(#[case] namesakes: &[(&str, i64, bool)], #[case] expected: Option<&str>) {
        let named = |&(object, created, leaving): &(&str, i64, bool)| {
            Arc::new(named(object, "M", created, leaving))
        };
        let namesakes: Vec<_> = namesakes.iter().map(named).collect();
        let found = find_who_has_name(&namesakes).map(kube::ResourceExt::name_any);
        assert_eq!(found.as_deref(), expected);
    }

    #[rstest]
    #[case::not_ours(false, 3, Leave::Nothing)]
    #[case::nothing_runs(true, 0, Leave::LetGo)]
    #[case::something_runs(true, 3, Leave::Wait(3))]
    fn a_state_machine_leaves_after_its_executions(
        #[case] held: bool,
        #[case] running: usize,
        #[case] expected: Leave,
    ) {
        let mut state_machine = StateMachine::new("m", crd::StateMachineSpec::default());
        if held {
            state_machine.metadata.finalizers = Some(vec![finalizers::STATE_MACHINE.to_owned()]);
        }
        assert_eq!(decide_leave(&state_machine, running), expected);
    }
}
