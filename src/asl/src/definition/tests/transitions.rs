use rstest::rstest;

use super::{compile, everything, said};
use crate::definition::StateMachine;
use crate::states::{Next, StateKind};

#[test]
fn states_of_all_scopes_stand_in_one_list_and_lead_to_each_other() {
    let compiled = compile(
        r#"{"StartAt": "A", "States": {
            "A": {"Type": "Parallel", "Next": "Z", "Branches": [
                {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": true}}},
                {"StartAt": "C", "States": {"C": {"Type": "Pass", "End": true}}}]},
            "Z": {"Type": "Succeed"}}}"#,
    );
    let machine = compiled.state_machine;
    let name = |index| &*machine.state(index).unwrap().name;
    assert_eq!(name(machine.start_at), "A");
    let StateKind::Parallel(parallel) = &machine.state(machine.start_at).unwrap().kind else {
        panic!("{machine:?}");
    };
    let starts: Vec<_> = parallel.branches.iter().map(|start| name(*start)).collect();
    assert_eq!(starts, ["B", "C"]);
    assert_eq!(parallel.next, Next::State(machine.by_name["Z"]));
}

#[rstest]
#[case::missing_next(
    r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nope"}}}"#,
    &["MISSING_TRANSITION_TARGET: Missing 'Next' target: Nope at /States/A/Next",
      "MISSING_END_STATE: Workflow has no terminal state"]
)]
#[case::loop_without_end(
    r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}}"#,
    &["MISSING_END_STATE: Workflow has no terminal state"]
)]
#[case::loop_beside_an_end(
    r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}, "C": {"Type": "Succeed"}}}"#,
    &["MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C"]
)]
#[case::start(
    r#"{"StartAt": "X", "States": {"A": {"Type": "Succeed"}}}"#,
    &["MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /StartAt"]
)]
#[case::every_kind_of_transition(
    r#"{"StartAt": "C", "States": {
        "C": {"Type": "Choice", "Default": "V", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "W"}]},
        "T": {"Type": "Task", "Resource": "arn:aws:states:::eks:call", "End": true,
              "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "U"}]}}}"#,
    &["MISSING_TRANSITION_TARGET: Missing 'Next' target: V at /States/C/Default",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: W at /States/C/Choices[0]/Next",
      "MISSING_TRANSITION_TARGET: Missing 'Next' target: U at /States/T/Catch[0]/Next",
      "MISSING_TRANSITION_TARGET: State \"T\" is not reachable. at /States/T"]
)]
#[case::into_another_scope(
    r#"{"StartAt": "A", "States": {
        "A": {"Type": "Map", "Next": "Z", "ItemProcessor":
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "Next": "Z"}}}},
        "Z": {"Type": "Succeed"}}}"#,
    &["MISSING_TRANSITION_TARGET: Missing 'Next' target: Z at /States/A/ItemProcessor/States/B/Next",
      "MISSING_END_STATE: Workflow has no terminal state"]
)]
#[case::both(
    r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A", "End": true}}}"#,
    &["SCHEMA_VALIDATION_FAILED: A state cannot have both 'Next' and 'End': true at /States/A"]
)]
#[case::neither(
    r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": false}, "B": {"Type": "Succeed"}}}"#,
    &["SCHEMA_VALIDATION_FAILED: A state must have either 'Next' or 'End': true at /States/A"]
)]
#[case::same_name_in_two_scopes(
    r#"{"StartAt": "A", "States": {"A": {"Type": "Parallel", "End": true, "Branches":
        [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}}}"#,
    &["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/Branches[0]/States/A"]
)]
#[case::no_states(
    r#"{"StartAt": "A", "States": {}}"#,
    &["SCHEMA_VALIDATION_FAILED: Field 'States' must have at least one state at /States"]
)]
#[case::nothing(
    "{}",
    &["SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /"]
)]
fn transitions_are_checked_as_aws_does(#[case] text: &str, #[case] expected: &[&str]) {
    assert_eq!(said(text), expected);
}

#[test]
fn a_transition_that_is_not_known_keeps_unreachable_states_unsaid() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Tsak", "Next": 5}, "B": {"Type": "Succeed"}}}"#;
    let said = said(text);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].contains("should have one of these values: [Task, Pass,"),
        "{said:?}"
    );
}

#[rstest]
#[case(80, None)]
#[case(
    81,
    Some("The name of a state must not exceed 80 characters, but this one has 81")
)]
fn the_name_of_a_state_has_80_characters_at_most(
    #[case] length: usize,
    #[case] expected: Option<&str>,
) {
    let name = "ß".repeat(length);
    let text = format!(r#"{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}"#);
    let said: Vec<_> = said(&text)
        .iter()
        .map(|text| super::message(text))
        .collect();
    assert_eq!(
        said.iter().map(String::as_str).collect::<Vec<_>>(),
        Vec::from_iter(expected)
    );
}

#[test]
fn a_single_state_may_lead_anywhere() {
    let state = crate::value::parse(r#"{"Type": "Pass", "Next": "Elsewhere"}"#).unwrap();
    let compiled = StateMachine::compile_state("Alone", &state, &everything).unwrap();
    let machine = compiled.state_machine;
    let alone = machine.state(machine.start_at).unwrap();
    assert_eq!(&*alone.name, "Alone");
    let StateKind::Pass(pass) = &alone.kind else {
        panic!("{alone:?}");
    };
    let Next::State(next) = pass.next else {
        panic!("{pass:?}");
    };
    assert_eq!(&*machine.state(next).unwrap().name, "Elsewhere");
}

#[test]
fn a_single_state_is_held_to_the_rules_inside() {
    let state = crate::value::parse(
        r#"{"Type": "Map", "End": true, "ItemProcessor": {"StartAt": "X", "States": {"X": {"Type": "Pass", "Next": "Y"}}}}"#,
    );
    let problems = StateMachine::compile_state("M", &state.unwrap(), &everything).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        "MISSING_TRANSITION_TARGET: Missing 'Next' target: Y at /ItemProcessor/States/X/Next"
    );
}
