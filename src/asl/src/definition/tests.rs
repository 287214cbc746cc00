use super::{Diagnostic, StateMachine};
use crate::resource::Resource;
use crate::states::{Next, StateKind};

fn everything(_: &Resource) -> bool {
    true
}

fn problems(text: &str) -> Vec<String> {
    match StateMachine::compile(text, &everything) {
        Ok(compiled) => compiled
            .warnings
            .iter()
            .map(Diagnostic::to_string)
            .collect(),
        Err(diagnostics) => diagnostics.iter().map(Diagnostic::to_string).collect(),
    }
}

#[test]
fn a_definition_of_one_state_is_compiled() {
    let text = r#"{"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "End": true}}}"#;
    let machine = StateMachine::compile(text, &everything)
        .unwrap()
        .state_machine;
    assert_eq!(machine.states.len(), 1);
    let StateKind::Pass(pass) = &machine.states[0].kind else {
        panic!("{:?}", machine.states);
    };
    assert_eq!(pass.next, Next::End);
}

#[test]
fn what_is_missing_is_said_in_the_order_of_aws() {
    assert_eq!(
        problems("{}"),
        ["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"]
    );
}
