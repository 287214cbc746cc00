use rstest::rstest;

use super::Template;
use crate::query::QueryLanguage::{JsonPath, Jsonata};
use crate::query::test_scope::World;
use crate::query::{QueryError, QueryLanguage};
use crate::value::{Value, parse};

fn evaluate(template: &str, language: QueryLanguage) -> Result<Value, QueryError> {
    let template = Template::compile(&parse(template).unwrap(), language).unwrap();
    World::new(r#"{"a":1,"list":[1,2]}"#).run(|scope| template.evaluate(scope, "Output"))
}

#[rstest]
#[case(r#"{"x":"$.a","y":{"z":[1]}}"#, r#"{"x":"$.a","y":{"z":[1]}}"#)]
#[case(r#"{"x.$":"$.a","y":1}"#, r#"{"x":1,"y":1}"#)]
#[case(
    r#"{"x":{"y":[{"z.$":"$$.Execution.Name"}]}}"#,
    r#"{"x":{"y":[{"z":"run-1"}]}}"#
)]
#[case(r#"{"x.$":"States.MathAdd($x, 1)"}"#, r#"{"x":6}"#)]
#[case(r#"{"x.$":"$.list[5:]"}"#, r#"{"x":[]}"#)]
#[case(r#"["$.a"]"#, r#"["$.a"]"#)]
#[case(r#"{".$":"$.a"}"#, r#"{"":1}"#)]
fn a_jsonpath_template_replaces_members_that_end_in_dollar(
    #[case] template: &str,
    #[case] expected: &str,
) {
    assert_eq!(evaluate(template, JsonPath).unwrap().to_string(), expected);
}

#[rstest]
#[case(r#""{% $states.input.a + 1 %}""#, "2")]
#[case(
    r#"{"x":["{% $x %}", " {% $x %} ", "$.a"],"y.$":"$"}"#,
    r#"{"x":[5," {% $x %} ","$.a"],"y.$":"$"}"#
)]
#[case(r#"{"x":"{% null %}"}"#, r#"{"x":null}"#)]
fn a_jsonata_template_replaces_delimited_texts(#[case] template: &str, #[case] expected: &str) {
    assert_eq!(evaluate(template, Jsonata).unwrap().to_string(), expected);
}

#[test]
fn a_path_that_finds_nothing_names_its_member() {
    let error = evaluate(r#"{"b":{"x.$":"$.no.way"}}"#, JsonPath).unwrap_err();
    assert_eq!(error.name, "States.Runtime");
    assert_eq!(
        error.message,
        "The JSONPath '$.no.way' specified for the field 'x.$' could not be found in the input '{\"a\":1,\"list\":[1,2]}'"
    );
}

#[test]
fn an_expression_that_fails_names_its_place() {
    let error = evaluate(r#"{"b":[1,{"x":"{% $nope %}"}]}"#, Jsonata).unwrap_err();
    assert_eq!(error.name, "States.QueryEvaluationError");
    assert_eq!(error.location.as_deref(), Some("Output/b[1]/x"));
    assert_eq!(
        error.message,
        "The JSONata expression '$nope' specified for the field 'Output/b[1]/x' returned nothing (undefined)."
    );
}

#[test]
fn all_problems_come_with_their_places() {
    let template = parse(r#"{"a.$":"nope","b":[{"c~/.$":"$.["}],"d.$":7,"e.$":"$.fine"}"#).unwrap();
    let problems = Template::compile(&template, JsonPath).unwrap_err();
    let seen: Vec<_> = problems
        .iter()
        .map(|problem| (problem.pointer.as_str(), problem.offset))
        .collect();
    assert_eq!(seen, [("/a.$", 0), ("/b/0/c~0~1.$", 2), ("/d.$", 0)]);
    assert_eq!(
        problems[0].message,
        "The value for the field 'a.$' must be a valid JSONPath or a valid intrinsic function call"
    );
    assert_eq!(
        problems[0].reason,
        "expected an intrinsic function such as States.Format(…), found 'n'"
    );
    let template = parse(r#"{"a":"{% 1 + %}"}"#).unwrap();
    let problems = Template::compile(&template, Jsonata).unwrap_err();
    assert_eq!(problems[0].message, "Unexpected end of expression");
    assert_eq!(problems[0].pointer, "/a");
}

#[test]
fn constant_parts_stay_shared() {
    let template = parse(r#"{"big":[1,2,3],"x.$":"$.a"}"#).unwrap();
    let compiled = Template::compile(&template, JsonPath).unwrap();
    let world = World::new(r#"{"a":1}"#);
    let first = world.run(|scope| compiled.evaluate(scope, "")).unwrap();
    let address = |value: &Value| match value.get("big") {
        Some(Value::Array(array)) => array.address(),
        _ => 0,
    };
    assert_eq!(address(&first), address(&template));
}

#[test]
fn variables_are_listed_in_both_languages() {
    let template = parse(r#"{"a.$":"$b.c","d":[{"e.$":"States.MathAdd($f, $.g)"}],"h":"$no"}"#);
    let compiled = Template::compile(&template.unwrap(), JsonPath).unwrap();
    assert_eq!(compiled.variables(), ["b", "f"]);
    let template = parse(r#"{"a":"{% $sum($b.c) + $states.input.x + ($d := 1; $d) %}","e":"$no"}"#);
    let compiled = Template::compile(&template.unwrap(), Jsonata).unwrap();
    assert_eq!(compiled.variables(), ["b"]);
}
