use rstest::rstest;

use super::{compile, said, said_of, said_of_state, task, with_state};
use crate::definition::{Diagnostic, MachineType, StateMachine};
use crate::resource::Resource;

#[rstest]
#[case(
    r#""Type": "Pass", "Next": "T", "Catch": []"#,
    "Field 'Catch' is not supported"
)]
#[case(
    r#""Type": "Wait", "Seconds": 1, "Next": "T", "TimeoutSeconds": 5"#,
    "Field 'TimeoutSeconds' is not supported"
)]
#[case(r#""Type": "Map", "Next": "T", "TimeoutSeconds": 5, "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#, "Field 'TimeoutSeconds' is not supported")]
#[case(
    r#""Type": "Pass", "Next": "T", "Colour": "red""#,
    "Field 'Colour' is not supported"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "Output": {}"#,
    "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "QueryLanguage": "JSONata", "Parameters": {}"#,
    "The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for the 'JSONPath' QueryLanguage"
)]
#[case(
    r#""Type": "Task", "Next": "T""#,
    "These fields are required: [Resource]"
)]
#[case(r#""Next": "T""#, "These fields are required: [Type]")]
#[case(
    r#""Type": "Pass", "Next": 5"#,
    "Expected value of type String, but found 5"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "InputPath": ["$"]"#,
    "Expected value of type String, but found array"
)]
#[case(
    r#""Type": "Wait", "Next": "T""#,
    "A Wait state must have exactly one of [Seconds, SecondsPath, Timestamp, TimestampPath], but has none"
)]
#[case(
    r#""Type": "Wait", "Next": "T", "Seconds": 1, "Timestamp": "2016-03-14T01:59:00Z""#,
    "A Wait state must have exactly one of [Seconds, SecondsPath, Timestamp, TimestampPath], but has [Seconds, Timestamp]"
)]
#[case(
    r#""Type": "Wait", "Next": "T", "Seconds": -1"#,
    "Expected an integer from 0 to 99999999, but found -1"
)]
#[case(
    r#""Type": "Wait", "Next": "T", "Seconds": "5""#,
    "Expected value of type Integer, but found \"5\""
)]
#[case(
    r#""Type": "Wait", "Next": "T", "Timestamp": "2016-03-14 01:59:00Z""#,
    "String does not match RFC3339 timestamp"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "Assign": {"states": 1}"#,
    "The variable name 'states' is reserved"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "Assign": [1]"#,
    "Expected value of type Object, but found array"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "Comment": 1"#,
    "Expected value of type String, but found 1"
)]
#[case(
    r#""Type": "Choice", "Choices": [], "Default": "T""#,
    "Field 'Choices' must not be an empty array"
)]
#[case(
    r#""Type": "Choice", "Choices": [{"Variable": "$.a", "Next": "T"}], "Default": "T""#,
    "A Choice rule must have exactly one comparison operator (such as StringEquals, And, Or or Not), but has none"
)]
#[case(r#""Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "IsPresent": true, "Next": "T"}], "Default": "T""#, "A Choice rule must have exactly one comparison operator (such as StringEquals, And, Or or Not), but has [IsNull, IsPresent]")]
#[case(
    r#""Type": "Choice", "Choices": [{"IsNull": true, "Next": "T"}], "Default": "T""#,
    "These fields are required: [Variable]"
)]
#[case(r#""Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": "1", "Next": "T"}], "Default": "T""#, "Expected value of type Number, but found \"1\"")]
#[case(r#""Type": "Choice", "Choices": [{"Not": {"Variable": "$.a", "IsNull": true, "Next": "T"}, "Next": "T"}], "Default": "T""#, "Field 'Next' is not supported")]
#[case(r#""Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Condition": "yes", "Next": "T"}], "Default": "T""#, "Expected value of type JSONata expression or Boolean, but found \"yes\"")]
fn a_wrong_field_is_named_with_what_was_expected(#[case] fields: &str, #[case] expected: &str) {
    assert_eq!(said_of_state(fields), [expected]);
}

#[rstest]
#[case(
    r#""TimeoutSeconds": 0"#,
    "Expected an integer from 1 to 99999999, but found 0"
)]
#[case(
    r#""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#,
    "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds', but 5 is not smaller than 5"
)]
#[case(
    r#""TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t""#,
    "Only one of these fields can be given: [TimeoutSeconds, TimeoutSecondsPath]"
)]
#[case(
    r#""Credentials": "me""#,
    "Expected value of type Object, but found \"me\""
)]
#[case(r#""Retry": {}"#, "Expected value of type Array, but found object")]
#[case(
    r#""Retry": [{"MaxAttempts": 1}]"#,
    "These fields are required: [ErrorEquals]"
)]
#[case(
    r#""Retry": [{"ErrorEquals": []}]"#,
    "Field 'ErrorEquals' must not be an empty array"
)]
#[case(
    r#""Retry": [{"ErrorEquals": ["States.ALL", "A"]}]"#,
    "'States.ALL' must appear alone in 'ErrorEquals'"
)]
#[case(
    r#""Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}]"#,
    "'States.ALL' must appear in the last element: those after it are never reached"
)]
#[case(
    r#""Retry": [{"ErrorEquals": ["A"], "IntervalSeconds": 0}]"#,
    "Expected an integer from 1 to 99999999, but found 0"
)]
#[case(
    r#""Retry": [{"ErrorEquals": ["A"], "BackoffRate": 0.5}]"#,
    "'BackoffRate' must be at least 1.0, but is 0.5"
)]
#[case(
    r#""Retry": [{"ErrorEquals": ["A"], "JitterStrategy": "SOME"}]"#,
    "Field 'JitterStrategy' should have one of these values: [FULL, NONE], but has 'SOME'"
)]
#[case(
    r#""Catch": [{"ErrorEquals": ["A"]}]"#,
    "These fields are required: [Next]"
)]
#[case(
    r#""Catch": [{"ErrorEquals": ["A"], "Next": "T", "Output": {}}]"#,
    "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage"
)]
fn a_tasks_fields_are_checked(#[case] fields: &str, #[case] expected: &str) {
    assert_eq!(said_of_state(&task(fields)), [expected]);
}

#[rstest]
#[case(
    r#""InputPath": "$.a[""#,
    "/States/S/InputPath",
    "SCHEMA_VALIDATION_FAILED"
)]
#[case(
    r#""ResultPath": "$..a""#,
    "/States/S/ResultPath",
    "SCHEMA_VALIDATION_FAILED"
)]
#[case(
    r#""Parameters": {"a": [{"b.$": "nothing"}]}"#,
    "/States/S/Parameters/a[0]/b.$",
    "SCHEMA_VALIDATION_FAILED"
)]
#[case(
    r#""QueryLanguage": "JSONata", "Output": {"v": "{% 1 + %}"}"#,
    "/States/S/Output/v",
    "INVALID_JSONATA_EXPRESSION"
)]
fn a_bad_query_is_reported_where_it_stands(
    #[case] fields: &str,
    #[case] location: &str,
    #[case] code: &str,
) {
    let text = with_state(&format!(r#""Type": "Pass", "Next": "T", {fields}"#));
    let problems = StateMachine::compile(&text, &super::everything).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(
        (problems[0].location.as_str(), problems[0].code.as_str()),
        (location, code)
    );
    assert!(problems[0].offset.is_some());
}

#[rstest]
#[case(
    r#""Type": "Pass", "Next": "T", "Parameters": {"a": "$.b"}"#,
    "NO_DOLLAR"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "Parameters": {"a": [{"b": "States.UUID()"}]}"#,
    "NO_DOLLAR"
)]
#[case(
    r#""Type": "Pass", "Next": "T", "Result": {"a.$": "$.b"}"#,
    "PASS_RESULT_IS_STATIC"
)]
#[case(r#""Type": "Choice", "Default": "T", "Choices": [{"Variable": "$.a", "StringEquals": "$.b", "Next": "T"}]"#, "NO_PATH")]
fn what_is_likely_not_meant_is_a_warning(#[case] fields: &str, #[case] code: &str) {
    let said = said(&with_state(fields));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with(code), "{said:?}");
}

#[rstest]
#[case(r#""IntervalSeconds": 9, "MaxDelaySeconds": 10"#, &[])]
#[case(r#""IntervalSeconds": 9, "MaxDelaySeconds": 9"#, &[])]
#[case(r#""MaxDelaySeconds": 1"#, &[])]
#[case(
    r#""IntervalSeconds": 9, "MaxDelaySeconds": 8"#,
    &["INTERVAL_ABOVE_MAX_DELAY: 'MaxDelaySeconds' is 8, below the 9 of 'IntervalSeconds': no \
       delay is longer than 8 seconds, not even the first at /States/S/Retry[0]/MaxDelaySeconds"]
)]
fn a_first_delay_that_is_cut_off_is_a_warning(#[case] delays: &str, #[case] expected: &[&str]) {
    let retry = format!(r#""Retry": [{{"ErrorEquals": ["A"], {delays}}}]"#);
    let warnings = compile(&with_state(&task(&retry))).warnings;
    let said: Vec<String> = warnings.iter().map(Diagnostic::to_string).collect();
    assert_eq!(said, expected);
}

#[test]
fn all_problems_are_reported_at_once() {
    let said = said(
        r#"{"StartAt": "A", "Version": "2.0", "States": {
            "A": {"Type": "Pass", "Next": "B", "InputPath": 1},
            "B": {"Type": "Wait", "Seconds": "x", "Next": "Nope"},
            "C": {"Type": "Fail", "Error": 5}}}"#,
    );
    let codes: Vec<&str> = said
        .iter()
        .filter_map(|text| text.split(':').next())
        .collect();
    assert_eq!(
        codes,
        [
            "SCHEMA_VALIDATION_FAILED",
            "SCHEMA_VALIDATION_FAILED",
            "SCHEMA_VALIDATION_FAILED",
            "SCHEMA_VALIDATION_FAILED",
            "MISSING_TRANSITION_TARGET",
            "MISSING_TRANSITION_TARGET",
        ],
        "{said:#?}"
    );
}

#[test]
fn jsonpath_is_not_for_states_of_a_jsonata_machine() {
    let text = r#"{"StartAt": "P", "QueryLanguage": "JSONata", "States": {"P": {"Type": "Pass", "End": true, "QueryLanguage": "JSONPath"}}}"#;
    assert_eq!(
        said(text),
        [
            "SCHEMA_VALIDATION_FAILED: 'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine at /States/P"
        ]
    );
}

#[test]
fn inner_states_inherit_the_query_language_of_the_machine_not_of_the_map() {
    let text = r#"{"StartAt": "M", "States": {"M": {"Type": "Map", "QueryLanguage": "JSONata", "End": true,
        "ItemProcessor": {"StartAt": "P", "States": {"P": {"Type": "Pass", "Output": 1, "End": true}}}}}}"#;
    assert_eq!(
        said(text),
        [
            "SCHEMA_VALIDATION_FAILED: The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata' QueryLanguage at /States/M/ItemProcessor/States/P"
        ]
    );
}

#[rstest]
#[case(
    "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
    "Express state machine does not support '.waitForTaskToken' service integration "
)]
#[case(
    "arn:aws:states:::states:startExecution.sync:2",
    "Express state machine does not support '.sync' service integration"
)]
fn an_express_machine_does_not_wait(#[case] arn: &str, #[case] expected: &str) {
    let text = with_state(&format!(
        r#""Type": "Task", "Next": "T", "Resource": "{arn}""#
    ));
    assert_eq!(said(&text), Vec::<String>::new());
    assert_eq!(
        said_of(&text, MachineType::Express),
        [format!(
            "SCHEMA_VALIDATION_FAILED: {expected} at /States/S/Resource"
        )]
    );
}

#[rstest]
#[case::of_no_runner("arn:aws:states:::sqs:sendMessage")]
#[case::for_maps_only("arn:aws:states:::s3:getObject")]
fn a_resource_that_nothing_serves_is_refused_with_what_is_served(#[case] arn: &str) {
    let served = |resource: &Resource| {
        resource.is("eks", "call")
            || resource.is("eks", "runJob")
            || resource.resource_type() == "s3"
    };
    let text = with_state(&format!(
        r#""Type": "Task", "Next": "T", "Resource": "{arn}""#
    ));
    let problems = StateMachine::compile(&text, &served).unwrap_err();
    assert_eq!(
        problems[0].to_string(),
        format!(
            "INVALID_RESOURCE: The resource provided {arn} is not recognized: nothing here runs it. \
             What can be run: arn:aws:states:::eks:runJob.sync, arn:aws:states:::eks:runJob, \
             arn:aws:states:::eks:call at /States/S/Resource"
        )
    );
}

#[rstest]
#[case(
    "arn:aws:states:::eks:runJob.waitForTaskToken",
    "eks:runJob does not support '.waitForTaskToken'"
)]
#[case(
    "eks:runJob",
    "Value is not a valid resource ARN: not an ARN: 'eks:runJob'"
)]
fn a_resource_names_a_pattern_that_its_service_has(#[case] arn: &str, #[case] expected: &str) {
    let said = said_of_state(&format!(
        r#""Type": "Task", "Next": "T", "Resource": "{arn}""#
    ));
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].ends_with(expected), "{said:?}");
}
