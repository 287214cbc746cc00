//! Definitions made to exhaust memory or time end with an error of the States Language, within
//! limits that the system sets.

use rstest::rstest;
use serde_json::{Value, json};

use crate::sfn::sfn_within;

/// Far below what any of these would take without bounds.
const MEBIBYTES: u64 = 2_048;
/// Of processor time, in an unoptimized build.
const SECONDS: u64 = 60;

/// Runs a definition that fails, and gives what it tells.
fn run(definition: &str) -> String {
    let done = sfn_within(MEBIBYTES, SECONDS, &["run", "-", "--quiet"], definition);
    assert_eq!(done.status, 1, "{}", done.transcript());
    done.stderr
}

/// A definition whose state has deep data for its input, and a text that opens more than it closes.
fn over_deep_data(state: &Value) -> String {
    let deep = (0..80).fold(json!({}), |inner, _| json!({"a": inner, "b": 1}));
    let input = json!({"deep": deep, "open": "[".repeat(100_000)});
    let input = json!({"Type": "Pass", "Result": input, "Next": "S"});
    json!({"StartAt": "Input", "States": {"Input": input, "S": state}}).to_string()
}

#[rstest]
#[case::exponential_recursion(
    "($f := function($n) { $n < 2 ? 1 : $f($n - 1) + $f($n - 2) }; $f(60))"
)]
#[case::endless_recursion("($f := function($n) { $f($n + 1) }; $f(1))")]
#[case::doubling("($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('ab', 60))")]
#[case::huge_range("[1..10000000]")]
#[case::our_huge_range("$range(0, 1000000000, 1)")]
#[case::catastrophic_regex(
    "$contains($join($map([1..40], function($i) { 'a' })) & 'b', /^(a+)+$/)"
)]
#[case::deep_text("$parse($states.input.open)")]
#[case::descent("$count($states.input.**.**.**.**.**.**)")]
fn an_expression_is_stopped(#[case] expression: &str) {
    let output = format!("{{% {expression} %}}");
    let state = json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": output, "End": true});
    let told = run(&over_deep_data(&state));
    assert!(
        told.contains("FAILED: States.QueryEvaluationError: "),
        "{told}"
    );
}

#[rstest]
#[case::descent("$..*..*..*..*..*..*", "States.Runtime")]
#[case::descent_in_a_filter("$..[?(@..*)]..*..*..*..*..*", "States.Runtime")]
#[case::huge_range("States.ArrayRange(1, 1000000000, 1)", "States.IntrinsicFailure")]
#[case::deep_text("States.StringToJson($.open)", "States.IntrinsicFailure")]
#[case::repeated_text(
    "States.Format('{}{}{}{}', $.open, $.open, $.open, $.open)",
    "States.DataLimitExceeded"
)]
fn a_field_is_stopped(#[case] field: &str, #[case] error: &str) {
    let state = json!({"Type": "Pass", "Parameters": {"a.$": field}, "End": true});
    let told = run(&over_deep_data(&state));
    assert!(told.contains(&format!("FAILED: {error}: ")), "{told}");
}

#[rstest]
#[case::deeper(json!({"a.$": "$"}))]
#[case::doubled(json!({"a.$": "$", "b.$": "$"}))]
fn data_that_grows_without_end_is_stopped(#[case] parameters: Value) {
    let definition = json!({"StartAt": "Grow", "States": {
        "Grow": {"Type": "Pass", "Parameters": parameters, "Next": "On"},
        "On": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "Done"}],
            "Default": "Grow",
        },
        "Done": {"Type": "Succeed"},
    }});
    let told = run(&definition.to_string());
    assert!(
        told.contains("FAILED: States.DataLimitExceeded: "),
        "{told}"
    );
}
