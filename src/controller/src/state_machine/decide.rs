//! What to do about a StateMachine: pure.

use std::sync::Arc;

use asl::definition::Diagnostic;
use crd::StateMachine;
use crd::metadata::finalizers;
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
