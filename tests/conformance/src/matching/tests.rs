use asl::Value;
use rstest::rstest;

use super::{Matcher, Rules};
use crate::Case;

fn value(text: &str) -> Value {
    asl::value::parse(text).unwrap()
}

fn case(transformers: &str) -> Case {
    let line = format!(r#"{{"id":"x","kind":"execution","transformers":{transformers}}}"#);
    Case::from_line(value(&line)).unwrap()
}

fn matches(transformers: &str, expected: &str, got: &str) -> bool {
    let rules = Rules::of(&case(transformers));
    Matcher::new(&rules)
        .compare("", &value(expected), &value(got))
        .is_empty()
}

#[rstest]
#[case::the_same(r#"{"a":1}"#, r#"{"a":1}"#, true)]
#[case::another_value(r#"{"a":1}"#, r#"{"a":2}"#, false)]
#[case::integer_and_double(r#"1"#, r#"1.0"#, false)]
#[case::a_missing_member(r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false)]
#[case::one_member_more(r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false)]
#[case::parsed_text(r#"{"input":{"a":1}}"#, r#"{"input":"{\"a\":1}"}"#, true)]
#[case::text_inside_parsed_text(
    r#"{"input":{"a":{"b":1}}}"#,
    r#"{"input":"{\"a\":\"{\\\"b\\\":1}\"}"}"#,
    false
)]
#[case::other_separators(
    r#"{"output":"[1, {\"a\": 2}]"}"#,
    r#"{"output":"[1,{\"a\":2}]"}"#,
    true
)]
#[case::another_number_text(r#"{"output":"1.0"}"#, r#"{"output":"1"}"#, false)]
#[case::one_placeholder_twice(r#"["<uuid:1>","<uuid:1>"]"#, r#"["x","x"]"#, true)]
#[case::one_placeholder_for_two(r#"["<uuid:1>","<uuid:1>"]"#, r#"["x","y"]"#, false)]
#[case::inside_a_text(
    r#""arn:<partition>:states:<region>:1:<ArnPart_0idx>""#,
    r#""arn:aws:states:us-east-1:1:name""#,
    true
)]
#[case::another_region(r#""<region>""#, r#""eu-west-1""#, false)]
#[case::a_date(r#""at date!""#, r#""at 2024-01-01T00:00:00.5Z!""#, true)]
#[case::no_date(r#""date""#, r#""2024-13-01T00:00:00Z""#, false)]
#[case::a_timestamp(r#"{"SomeTimestamp":"timestamp"}"#, r#"{"SomeTimestamp":"x"}"#, true)]
#[case::no_timestamp(r#"{"a":"timestamp"}"#, r#"{"a":"x"}"#, false)]
fn values_are_compared_as_they_were_recorded(
    #[case] expected: &str,
    #[case] got: &str,
    #[case] same: bool,
) {
    assert_eq!(matches("[]", expected, got), same);
}

#[rstest]
#[case::a_pattern(
    r#"[{"regex":"fn-uid\\d+","replacement":"<name>"}]"#,
    r#""a <name>""#,
    r#""a fn-uid001""#,
    true
)]
#[case::a_pattern_in_a_name(
    r#"[{"regex":"fn-uid\\d+","replacement":"<name>"}]"#,
    r#"{"<name>":1}"#,
    r#"{"fn-uid001":1}"#,
    true
)]
#[case::a_path(
    r#"[{"jsonpath":"$..StartDate","replacement":"start-date"}]"#,
    r#"{"StartDate":"start-date"}"#,
    r#"{"StartDate":17}"#,
    true
)]
#[case::an_unrelated_text(
    r#"[{"jsonpath":"$..StartDate","replacement":"start-date"}]"#,
    r#"{"StartDate":"other"}"#,
    r#"{"StartDate":17}"#,
    false
)]
fn a_case_says_what_was_replaced(
    #[case] transformers: &str,
    #[case] expected: &str,
    #[case] got: &str,
    #[case] same: bool,
) {
    assert_eq!(matches(transformers, expected, got), same);
}
