//! Texts and data made to exhaust time, memory or the stack are stopped within limits.

use std::time::{Duration, Instant};

use rstest::rstest;

use super::jsonpath::Intrinsic;
use super::test_scope::World;
use super::{Expression, Path, QueryLanguage, Template};
use crate::value::{Value, parse};

/// What any of these may take in an unoptimized build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[rstest]
#[case("(", "1", ")")]
#[case("[", "1", "]")]
#[case("{'a':", "1", "}")]
#[case("-", "1", "")]
#[case("$f(", "1", ")")]
#[case("function($x){", "1", "}")]
#[case("1 ? ", "1", "")]
#[case("", "1", " + 1")]
#[case("", "a", ".a")]
#[case("", "a", "[1]")]
#[case("", "1", " & 1")]
#[case("a ~> ", "$f", "")]
fn deeply_nested_expressions_fail_or_are_evaluated(
    #[case] open: &str,
    #[case] middle: &str,
    #[case] close: &str,
) {
    let start = Instant::now();
    for levels in [1_000, 100_000] {
        let text = open.repeat(levels) + middle + &close.repeat(levels);
        if let Ok(expression) = Expression::parse(&text) {
            let world = World::new("{}");
            let _ = world.run(|scope| expression.evaluate(scope, "Output"));
        }
    }
    assert!(start.elapsed() < PATIENCE);
}

#[rstest]
#[case::endless_recursion("($f := function($n) { $f($n + 1) }; $f(1))", "timeout")]
#[case::exponential_recursion(
    "($f := function($n) { $n < 2 ? 1 : $f($n - 1) + $f($n - 2) }; $f(60))",
    "timeout"
)]
#[case::deep_recursion("($f := function($n) { 1 + $f($n) }; $f(1))", "Stack overflow")]
#[case::doubling_text(
    "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('ab', 60))",
    "memory limit"
)]
#[case::doubling_array(
    "($f := function($a, $n) { $n = 0 ? $a : $f($append($a, $a), $n - 1) }; $f([1, 2], 60))",
    "memory limit"
)]
#[case::huge_range("[1..10000000]", "memory limit")]
#[case::huger_range("[1..10000000000]", "D2014")]
#[case::our_range("$range(0, 1000000000, 1)", "memory limit")]
#[case::endless_range("$range(0, 1e300, 1e-300)", "memory limit")]
#[case::long_padding("$pad('', 1000000000)", "D2016")]
#[case::catastrophic_regex(
    "$contains($join($map([1..40], function($i) { 'a' })) & 'b', /^(a+)+$/)",
    "timeout"
)]
fn expressions_that_exhaust_a_limit_fail(#[case] text: &str, #[case] part: &str) {
    let expression = Expression::parse(text).unwrap();
    let start = Instant::now();
    let error = World::new("{}")
        .run(|scope| expression.evaluate(scope, "Output"))
        .unwrap_err();
    assert_eq!(error.name, "States.QueryEvaluationError");
    assert!(error.message.contains(part), "{}", error.message);
    assert!(start.elapsed() < PATIENCE);
}

#[test]
fn queries_whose_time_was_used_up_by_others_fail_unless_they_only_name_a_value() {
    let world = World {
        deadline: Some(Instant::now()),
        ..World::new(r#"{"a":{"b":1}}"#)
    };
    let evaluate = |text: &str| {
        let expression = Expression::parse(text).unwrap();
        world.run(|scope| expression.evaluate(scope, "Output"))
    };
    assert_eq!(evaluate("$states.input.a.b").unwrap(), Value::from(1));
    for text in ["$sum([1..100000].($ * 2))", "$length($pad('', 5000000))"] {
        let error = evaluate(text).unwrap_err();
        assert!(error.message.contains("timeout"), "{}", error.message);
    }
    let call = Intrinsic::parse("States.MathAdd(1, 2)").unwrap();
    let error = world.run(|scope| call.evaluate(scope)).unwrap_err();
    assert_eq!(error.name, "States.IntrinsicFailure");
    assert!(error.message.contains("all the time"), "{}", error.message);
    let find = |text: &str| {
        let path = Path::parse(text).unwrap();
        world.run(|scope| path.evaluate(scope))
    };
    assert_eq!(find("$.a.b").unwrap(), Value::from(1));
    assert_eq!(find("$..b").unwrap_err().name, "States.Runtime");
}

#[test]
fn recursive_descent_over_wide_and_deep_data_is_bounded() {
    let wide = format!("[{}]", vec![r#"{"a":[1]}"#; 20_000].join(","));
    let world = World::new(&wide);
    for text in ["$..*", "$..a..*", "$..*..*..*..*..*", "$..[?(@..a)]..*"] {
        let start = Instant::now();
        let path = Path::parse(text).unwrap();
        match world.run(|scope| path.evaluate(scope)) {
            Ok(found) => assert!(found.as_array().is_some()),
            Err(error) => assert_eq!(error.name, "States.Runtime"),
        }
        assert!(start.elapsed() < PATIENCE);
    }
}

#[rstest]
#[case::searched("$[?($[0] contains 'y')]")]
#[case::counted("$[?($[0] size 3)]")]
fn a_long_text_that_a_filter_looks_through_again_and_again_is_bounded(#[case] text: &str) {
    let long = "x".repeat(200_000);
    let items = vec!["1"; 1_000].join(",");
    let world = World::new(&format!(r#"["{long}",{items}]"#));
    let path = Path::parse(text).unwrap();
    let error = world.run(|scope| path.evaluate(scope)).unwrap_err();
    assert!(
        error.message.contains("too many values"),
        "{}",
        error.message
    );
}

#[test]
fn functions_that_repeat_a_large_argument_are_bounded() {
    let world = World::new(&Value::from("x".repeat(200_000)).to_string());
    let arguments = vec!["$"; 1_000].join(",");
    let placeholders = "{}".repeat(1_000);
    for text in [
        format!("States.Format('{placeholders}', {arguments})"),
        format!("States.JsonToString(States.Array({arguments}))"),
    ] {
        let call = Intrinsic::parse(&text).unwrap();
        let error = world.run(|scope| call.evaluate(scope)).unwrap_err();
        assert_eq!(error.name, "States.DataLimitExceeded");
        assert!(error.message.contains("more than 4194304"));
    }
}

#[rstest]
#[case::paths(QueryLanguage::JsonPath, "x.$", "$")]
#[case::functions(QueryLanguage::JsonPath, "x.$", "States.Format('{}', $)")]
#[case::expressions(QueryLanguage::Jsonata, "x", "{% $pad('', 200000, 'x') %}")]
fn parts_of_a_template_that_are_too_large_together_are_refused(
    #[case] language: QueryLanguage,
    #[case] field: &str,
    #[case] text: &str,
) {
    let template = |parts: usize| {
        let part = serde_json::json!({ field: text });
        let parts = Value::from(&serde_json::json!(vec![part; parts]));
        let template = Template::compile(&parts, language).unwrap();
        let world = World::new(&Value::from("x".repeat(200_000)).to_string());
        world.run(|scope| template.evaluate(scope, "Output"))
    };
    assert!(template(20).is_ok());
    assert_eq!(template(21).unwrap_err().name, "States.DataLimitExceeded");
}

#[test]
fn what_a_call_needed_is_not_counted_once_it_has_answered() {
    let part = parse(r#"{"x.$":"States.ArrayLength(States.StringSplit($, ','))"}"#).unwrap();
    let template = Template::compile(&vec![part; 60].into(), QueryLanguage::JsonPath).unwrap();
    let world = World::new(&Value::from("x,".repeat(100_000)).to_string());
    let found = world.run(|scope| template.evaluate(scope, "Output"));
    assert_eq!(found.unwrap().as_array().map(<[_]>::len), Some(60));
}

/// An array of so many copies of an item.
fn copies(item: &str, count: usize) -> World {
    World::new(&format!("[{}]", vec![item; count].join(",")))
}

#[rstest]
#[case::names(format!("$[*][{}]", vec!["'b'"; 1_000].join(",")))]
#[case::indexes(format!("$[*][{}]", vec!["7"; 1_000].join(",")))]
#[case::aggregates("$[?($.sum() > 1)]".to_owned())]
fn steps_that_find_nothing_again_and_again_are_bounded(#[case] text: String) {
    let path = Path::parse(&text).unwrap();
    let error = copies(r#"{"a":1}"#, 20_000).run(|scope| path.evaluate(scope));
    let message = error.unwrap_err().message;
    assert!(message.ends_with("it selects too many values"), "{message}");
}

#[test]
fn a_long_path_that_leads_nowhere_costs_no_more_than_a_short_one() {
    let path = Path::parse(&format!("$[?(@{})]", ".b".repeat(200_000))).unwrap();
    let found = copies("1", 60_000).run(|scope| path.evaluate(scope));
    assert_eq!(found.unwrap().to_string(), "[]");
}

#[test]
fn a_regular_expression_that_might_take_too_long_is_not_taken_for_one_that_does_not_match() {
    let path = Path::parse("$[?(@ =~ /.*[ab]a[ab]{1000}aa.*/)]").unwrap();
    let world = copies(&format!("{:?}", "ab".repeat(100_000)), 1);
    let error = world.run(|scope| path.evaluate(scope)).unwrap_err();
    assert_eq!(error.name, "States.Runtime");
}

#[test]
fn a_regular_expression_that_would_grow_is_refused() {
    let error = Path::parse("$[?(@.a =~ /(((a{99}){99}){99}){99}/)]").unwrap_err();
    assert!(error.message.contains("regular expression"));
    let path = Path::parse("$[?(@ =~ /(a+)+$/)]").unwrap();
    let world = World::new(&format!(r#"["{}b"]"#, "a".repeat(100_000)));
    let found = world.run(|scope| path.evaluate(scope)).unwrap();
    assert_eq!(found.to_string(), "[]");
}

#[test]
fn templates_as_deep_as_data_may_be_are_compiled() {
    let template = |levels: usize| {
        let mut value = parse(r#"{"a.$":"$"}"#).unwrap();
        for _ in 1..levels {
            value = vec![value].into();
        }
        Template::compile(&value, QueryLanguage::JsonPath)
    };
    assert!(template(90).is_ok());
    let problems = template(500).unwrap_err();
    assert!(problems[0].message.contains("levels deep"));
}
