use rstest::rstest;

use super::{said, task, with_state};

#[rstest]
#[case(
    r#""Type": "Pass", "Output": {"v": "{% phone %}"}"#,
    "Reference to 'phone' at the top level is not supported. at /States/S/Output/v"
)]
#[case(
    r#""Type": "Wait", "Seconds": "{% wait %}""#,
    "Reference to 'wait' at the top level is not supported. at /States/S/Seconds"
)]
#[case(
    r#""Type": "Pass", "Output": {"v": "{% $.phone %}"}"#,
    "Reference to '$' at the top level is not supported. at /States/S/Output/v"
)]
#[case(
    r#""Type": "Pass", "Output": "{% $states.input.a[b = $$.c] %}""#,
    "Reference to '$$' is not supported. at /States/S/Output"
)]
#[case(
    r#""Type": "Pass", "Output": [{"v": "{% 1 %}"}, "{% $states.errorOutput %}"]"#,
    "Field '$states.errorOutput' does not exist. at /States/S/Output[1]"
)]
fn an_expression_refers_to_what_is_there(#[case] fields: &str, #[case] expected: &str) {
    let said = said(&with_state(&format!(
        r#"{fields}, "QueryLanguage": "JSONata", "Next": "T""#
    )));
    assert_eq!(
        said,
        [format!("UNSUPPORTED_JSONATA_EXPRESSION: {expected}")]
    );
}

const RESULT: &str = "{% $states.result %}";
const ERROR: &str = "{% $states.errorOutput %}";

#[rstest]
#[case::output(r#""Output": {"v": ["RESULT"]}"#)]
#[case::assign(r#""Assign": {"v": "RESULT"}"#)]
#[case::a_catchers_output(r#""Catch": [{"ErrorEquals": ["A"], "Next": "T", "Output": "ERROR"}]"#)]
#[case::a_catchers_assign(
    r#""Catch": [{"ErrorEquals": ["A"], "Next": "T", "Assign": {"v": "ERROR"}}]"#
)]
fn what_follows_a_states_work_may_read_its_result_or_error(#[case] fields: &str) {
    let fields = fields.replace("RESULT", RESULT).replace("ERROR", ERROR);
    let fields = task(&format!(r#""QueryLanguage": "JSONata", {fields}"#));
    assert_eq!(said(&with_state(&fields)), Vec::<String>::new());
}

#[rstest]
#[case::arguments(r#""Arguments": {"v": "RESULT"}"#, "result", "/Arguments/v")]
#[case::timeout(r#""TimeoutSeconds": "RESULT""#, "result", "/TimeoutSeconds")]
#[case::output(r#""Output": "ERROR""#, "errorOutput", "/Output")]
#[case::a_catchers_output(
    r#""Catch": [{"ErrorEquals": ["A"], "Next": "T", "Output": "RESULT"}]"#,
    "result",
    "/Catch[0]/Output"
)]
fn nothing_else_of_a_state_may_read_its_result_or_error(
    #[case] fields: &str,
    #[case] member: &str,
    #[case] place: &str,
) {
    let fields = fields.replace("RESULT", RESULT).replace("ERROR", ERROR);
    let fields = task(&format!(r#""QueryLanguage": "JSONata", {fields}"#));
    let expected = format!(
        "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.{member}' does not exist. at \
         /States/S{place}"
    );
    assert_eq!(said(&with_state(&fields)), [expected]);
}

#[rstest]
#[case::pass(r#""Type": "Pass", "Next": "T", "Output": "RESULT""#, "/Output")]
#[case::pass(
    r#""Type": "Pass", "Next": "T", "Assign": {"v": "RESULT"}"#,
    "/Assign/v"
)]
#[case::wait(
    r#""Type": "Wait", "Seconds": 1, "Next": "T", "Output": "RESULT""#,
    "/Output"
)]
#[case::succeed(r#""Type": "Succeed", "Output": "RESULT""#, "/Output")]
#[case::choice(
    r#""Type": "Choice", "Default": "T", "Choices": [{"Condition": true, "Next": "T", "Output": "RESULT"}]"#,
    "/Choices[0]/Output"
)]
#[case::map(
    r#""Type": "Map", "Next": "T", "Items": "RESULT", "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Succeed"}}}"#,
    "/Items"
)]
fn only_work_done_outside_or_by_inner_states_has_a_result(
    #[case] fields: &str,
    #[case] place: &str,
) {
    let fields = fields.replace("RESULT", RESULT);
    let said = said(&with_state(&format!(
        r#"{fields}, "QueryLanguage": "JSONata""#
    )));
    let expected = format!(
        "UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.result' does not exist. at \
         /States/S{place}"
    );
    assert!(said.contains(&expected), "{said:?}");
}

#[rstest]
#[case::in_a_template(r#""Type": "Pass", "Output": {"v": " {% 1 %}"}"#, "/Output/v")]
#[case::in_a_template(r#""Type": "Pass", "Output": ["{% 1"]"#, "/Output[0]")]
#[case::as_a_whole(r#""Type": "Pass", "Output": "1 %}""#, "/Output")]
#[case::in_assign(r#""Type": "Pass", "Assign": {"v": "{% 1 %} "}"#, "/Assign/v")]
#[case::of_a_number(r#""Type": "Wait", "Seconds": "{% 1 }""#, "/Seconds")]
fn an_expression_without_one_of_its_ends_is_refused(#[case] fields: &str, #[case] place: &str) {
    let said = said(&with_state(&format!(
        r#"{fields}, "QueryLanguage": "JSONata", "Next": "T""#
    )));
    assert_eq!(
        said,
        [format!(
            "INVALID_JSONATA_EXPRESSION: A JSONata expression must begin with '{{%' and end with \
             '%}}', with nothing around them at /States/S{place}"
        )]
    );
}

#[test]
fn with_spaces_around_it_what_looks_like_an_expression_is_a_text() {
    let fields =
        r#""Type": "Pass", "QueryLanguage": "JSONata", "Next": "T", "Output": " {% 1 %} ""#;
    assert_eq!(said(&with_state(fields)), Vec::<String>::new());
}
