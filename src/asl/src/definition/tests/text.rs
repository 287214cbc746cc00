use rstest::rstest;

use super::{compile, everything, said};
use crate::definition::{
    MachineType, Rules, StateMachine, create_error_message, validate_state_machine_definition,
};
use crate::states::StateKind;

const YAML: &str = "
Comment: &comment what is said twice
StartAt: Run a job
States:
  Run a job:
    Type: Task
    Comment: *comment
    Resource: arn:aws:states:::eks:runJob.sync
    Parameters:
      ClusterName.$: $.cluster.name
      LogOptions: {RetrieveLogs: true}
      Job:
        apiVersion: batch/v1
        spec:
          template:
            args: [-Mbignum=bpi, -wle, 'print bpi(2000)']
            restartPolicy: on
    ResultSelector:
      logs.$: $.logs..pi
    ResultPath: $.RunJobResult
    Next: Done
  Done: {Type: Succeed}
";

#[test]
fn a_definition_may_be_yaml() {
    let machine = compile(YAML).state_machine;
    assert_eq!(machine.comment.as_deref(), Some("what is said twice"));
    let state = machine.state(machine.start_at).unwrap();
    let StateKind::Task(task) = &state.kind else {
        panic!("{state:?}");
    };
    assert_eq!(&*task.resource.arn, "arn:aws:states:::eks:runJob.sync");
    let parameters = format!("{:?}", state.data_flow.parameters);
    assert!(
        parameters.contains(r#""restartPolicy":"on""#),
        "{parameters}"
    );
}

#[rstest]
#[case::json(
    "{\n  \"StartAt\": nope}",
    "INVALID_JSON_DESCRIPTION: Invalid JSON: expected ident (line 2, column 15)"
)]
#[case::json_comma(
    "{\"StartAt\": \"A\",}",
    "INVALID_JSON_DESCRIPTION: Invalid JSON: trailing comma (line 1, column 17)"
)]
#[case::text(
    "not a definition",
    "INVALID_JSON_DESCRIPTION: Expected a JSON object or a YAML mapping, but found a string (line 1, column 1)"
)]
#[case::list(
    "[]",
    "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object"
)]
#[case::nothing(
    " ",
    "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object"
)]
fn a_text_that_is_no_definition_is_refused(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(said(text), [expected]);
}

#[rstest]
#[case("StartAt: A\nStates: {A: {Type: Succeed}", 2)]
#[case("StartAt: A\nStates: *nowhere", 2)]
#[case("StartAt: A\n---\nStates: {}", 2)]
#[case("A: .inf", 1)]
fn bad_yaml_is_refused_with_its_line(#[case] text: &str, #[case] line: usize) {
    let said = said(text);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("INVALID_JSON_DESCRIPTION: Invalid YAML: "),
        "{said:?}"
    );
    assert!(said[0].contains(&format!("(line {line}, ")), "{said:?}");
}

#[rstest]
#[case(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}}}"#)]
#[case("StartAt: A\nStates:\n  A: {Type: Succeed}\n  A: {Type: Succeed}")]
fn a_state_that_stands_twice_is_refused(#[case] text: &str) {
    assert_eq!(
        said(text),
        ["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A"]
    );
}

#[rstest]
#[case(r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true, "Parameters": [{"x": 1, "x": 2}]}}}"#)]
#[case("StartAt: A\nStates:\n  A: {Type: Pass, End: true, Parameters: [{x: 1, x: 2}]}")]
fn a_field_that_stands_twice_is_a_warning(#[case] text: &str) {
    assert_eq!(
        said(text),
        [
            "DUPLICATE_FIELD: Field 'x' is given more than once; the last one counts at /States/A/Parameters[0]/x"
        ]
    );
}

fn validate(text: &str) -> serde_json::Value {
    let rules = Rules {
        machine_type: MachineType::Standard,
        serves: &everything,
    };
    serde_json::to_value(validate_state_machine_definition(text, rules)).unwrap()
}

#[test]
fn the_validation_api_answers_as_aws_does() {
    let location = r#"[Source: (String)"nope at all"; line: 1, column: 5]"#;
    let message = format!(
        "Unrecognized token 'nope': was expecting (JSON String, Number, Array, Object or token \
         'null', 'true' or 'false')\n at {location}"
    );
    assert_eq!(
        validate("nope at all"),
        serde_json::json!({
            "result": "FAIL",
            "truncated": false,
            "diagnostics": [{
                "severity": "ERROR",
                "code": "INVALID_JSON_DESCRIPTION",
                "message": message,
                "location": location,
            }],
        })
    );
    assert_eq!(
        validate(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#),
        serde_json::json!({"result": "OK", "truncated": false, "diagnostics": []})
    );
}

#[test]
fn a_refused_definition_is_told_in_one_message() {
    let text = r#"{"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Succeed"}}}"#;
    let problems = StateMachine::compile(text, &everything).unwrap_err();
    assert_eq!(
        create_error_message(&problems),
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at \
         /States/A/Next, MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C'"
    );
}
