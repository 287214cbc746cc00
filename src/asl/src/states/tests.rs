//! States by themselves, as `TestState` runs them.

use jiff::Timestamp;
use rstest::rstest;
use serde_json::{Value as Json, json};

use crate::machine::{ExecutionInfo, Moment};
use crate::test_state::{Mock, TestStateAnswer, TestStateRequest, test_state};
use crate::value::Value;

fn run(state: &Json, input: &Json, mock: Option<&str>) -> TestStateAnswer {
    let request = TestStateRequest {
        definition: state.to_string(),
        input: Some(input.to_string()),
        mock: mock.map(|result| Mock {
            result: Some(result.into()),
            ..Mock::default()
        }),
        ..TestStateRequest::default()
    };
    let info = ExecutionInfo {
        id: "arn:aws:states:us-east-1:1:execution:M:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input: Value::Null,
        state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
    };
    let moment = Moment {
        now: Timestamp::UNIX_EPOCH,
        entropy: 1,
    };
    let mut no_task = |_: &_| panic!("there is no task");
    test_state(&request, info, moment, &mut no_task).unwrap()
}

fn output(answer: &TestStateAnswer) -> String {
    answer.output.as_ref().unwrap().to_string()
}

#[rstest]
#[case::its_own(json!({"a": 1}), r#""rule""#)]
#[case::none(json!({"a": 2}), r#"{"a":2}"#)]
#[case::the_states(json!({"a": 3}), r#""state""#)]
fn the_output_of_a_jsonata_choice_is_that_of_the_rule_or_of_default(
    #[case] input: Json,
    #[case] expected: &str,
) {
    let state = json!({
        "Type": "Choice", "QueryLanguage": "JSONata", "Default": "C", "Output": "state",
        "Choices": [
            {"Condition": "{% $states.input.a = 1 %}", "Next": "A", "Output": "rule"},
            {"Condition": "{% $states.input.a = 2 %}", "Next": "B"},
        ],
    });
    assert_eq!(output(&run(&state, &input, None)), expected);
}

#[rstest]
#[case(json!({"a": true, "o": 1}))]
#[case(json!({"a": false, "o": 1}))]
fn output_path_makes_the_output_of_every_way_out_of_a_choice(#[case] input: Json) {
    let state = json!({
        "Type": "Choice", "Default": "B", "OutputPath": "$.o",
        "Choices": [{"Variable": "$.a", "BooleanEquals": true, "Next": "A"}],
    });
    assert_eq!(output(&run(&state, &input, None)), "1");
}

#[rstest]
#[case("TimestampGreaterThan", json!("2016-01-01T00:00:00Z"))]
#[case("TimestampEquals", json!("9999-12-31T23:59:59Z"))]
#[case("IsTimestamp", json!(true))]
fn the_end_of_time_is_a_timestamp_that_can_be_compared(
    #[case] comparator: &str,
    #[case] operand: Json,
) {
    let state = json!({
        "Type": "Choice", "Default": "No",
        "Choices": [{"Variable": "$.at", comparator: operand, "Next": "Yes"}],
    });
    let answer = run(&state, &json!({"at": "9999-12-31T23:59:59Z"}), None);
    assert_eq!(answer.next_state.as_deref(), Some("Yes"));
}

#[rstest]
#[case(json!({"Type": "Wait", "End": true, "Timestamp": "9999-12-31T23:59:59Z"}))]
#[case(json!({"Type": "Wait", "End": true, "TimestampPath": "$.at"}))]
#[case(json!({"Type": "Wait", "End": true, "QueryLanguage": "JSONata",
    "Timestamp": "{% $states.input.at %}"}))]
fn a_wait_for_the_end_of_time_is_too_long(#[case] state: Json) {
    let answer = run(&state, &json!({"at": "9999-12-31T23:59:59Z"}), None);
    assert_eq!(answer.error.as_deref(), Some("States.Runtime"));
    let cause = answer.cause.unwrap();
    assert!(cause.ends_with("Wait state delay is too long."), "{cause}");
}

#[rstest]
#[case(
    "JSONata",
    "ToleratedFailurePercentage",
    "{% -1 %}",
    "States.QueryEvaluationError"
)]
#[case(
    "JSONata",
    "ToleratedFailurePercentage",
    "{% 100.5 %}",
    "States.QueryEvaluationError"
)]
#[case("JSONPath", "ToleratedFailurePercentagePath", "$[0]", "States.Runtime")]
fn what_is_no_percentage_of_tolerated_failures_is_an_error_of_the_query(
    #[case] language: &str,
    #[case] field: &str,
    #[case] percentage: &str,
    #[case] error: &str,
) {
    let state = json!({
        "Type": "Map", "QueryLanguage": language, field: percentage, "End": true,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "I", "States": {"I": {"Type": "Succeed"}},
        },
    });
    let answer = run(&state, &json!([-1]), Some("[1]"));
    assert_eq!(answer.error.as_deref(), Some(error));
    let cause = answer.cause.unwrap();
    let expected = "ToleratedFailurePercentage must be between 0 and 100.";
    assert!(cause.ends_with(expected), "{cause}");
}
