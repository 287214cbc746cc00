use rstest::rstest;

use super::Expression;
use crate::query::QueryError;
use crate::query::test_scope::World;
use crate::value::{Value, parse};

fn world() -> World {
    let mut world = World::new(
        r#"{"a":1,"big":9007199254740993,"list":[1,2,3],"rows":[{"n":1},{"n":2}],"one":[7],"none":[],"text":"abc","nil":null,"deep":{"er":{"x":true}}}"#,
    );
    world.result = Some(parse(r#"[0,0,1]"#).unwrap());
    world
}

fn evaluate(text: &str) -> Result<Value, QueryError> {
    let expression = Expression::parse(text).unwrap();
    world().run(|scope| expression.evaluate(scope, "Output"))
}

#[rstest]
#[case(" $states.input.a + 1 ", "2")]
#[case("$states.input.a / 2", "0.5")]
#[case("$states.input.big", "9007199254740993")]
#[case("$states.input.rows.n", "[1,2]")]
#[case("$states.input.rows[n > 1]", r#"{"n":2}"#)]
#[case("$states.input.one", "[7]")]
#[case("$states.input.none", "[]")]
#[case("$states.input.nil", "null")]
#[case("$states.input.deep.er", r#"{"x":true}"#)]
#[case("$count($states.result[$ = 0])", "2")]
#[case("$states.context.Execution.Name", r#""run-1""#)]
#[case("$x * 2", "10")]
#[case("$obj.a.b", "[1]")]
#[case("$sum($list)", "6")]
#[case("($y := $x; $y + 1)", "6")]
#[case("$map($list, function($v) { $v * $x })", "[5,10,15]")]
#[case("$partition($states.input.list, 2)", "[[1,2],[3]]")]
#[case("$range(1, 7, 3)", "[1,4,7]")]
#[case("$hash('input data', 'MD5')", r#""812f45842bc6d66ee14572ce20db8e86""#)]
#[case(r#"$parse('{"a": [1, 2.5]}')"#, r#"{"a":[1,2.5]}"#)]
#[case("$random(7) = $random(7)", "true")]
#[case("$random() < 1 and $random() != $random()", "true")]
#[case("$length($uuid())", "36")]
#[case("$uuid() != $uuid()", "true")]
#[case("$now()", r#""1970-01-01T00:00:00.000Z""#)]
#[case("$millis()", "0")]
#[case("$contains('hello$world', /^hello\\$/)", "true")]
#[case("$type($states)", r#""object""#)]
#[case("$keys($states)", r#"["input","context","result"]"#)]
#[case("{'all': $states.input.rows}", r#"{"all":[{"n":1},{"n":2}]}"#)]
#[case("1e20", "1.0E20")]
fn an_expression_gives(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(evaluate(text).unwrap().to_string(), expected);
}

#[rstest]
#[case("$nope", "returned nothing (undefined).")]
#[case("$states.input.nope.x", "returned nothing (undefined).")]
#[case("$states.errorOutput", "returned nothing (undefined).")]
#[case("states.input", "returned nothing (undefined).")]
#[case("$", "returned nothing (undefined).")]
#[case("function($x){$x}", "returned an unsupported result type.")]
#[case("$fn := function($x){$x}", "returned an unsupported result type.")]
#[case(
    "$eval('1+1')",
    "threw an error during evaluation. T1006: Attempted to invoke a non-function"
)]
#[case(
    "$sum('a')",
    "threw an error during evaluation. T0412: Argument 1 of function \"sum\" must be an array of \"numbers\""
)]
#[case(
    "1 + 'a'",
    "threw an error during evaluation. T2002: The right side of the \"+\" operator must evaluate to a number"
)]
#[case(
    "[1..900000] ~> $count()",
    "threw an error during evaluation: Expression evaluation memory limit exceeded: Check for excessive memory usage"
)]
#[case(
    "($f := function($n) { 1 + $f($n) }; $f(1))",
    "threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive"
)]
#[case(
    "($f := function($n) { $f($n + 1) }; $f(1))",
    "threw an error during evaluation: Expression evaluation timeout: Check for infinite loop"
)]
fn a_failing_expression_names_its_text_and_field(#[case] text: &str, #[case] ending: &str) {
    let error = evaluate(text).unwrap_err();
    assert_eq!(error.name, "States.QueryEvaluationError");
    assert_eq!(error.location.as_deref(), Some("Output"));
    assert_eq!(
        error.message,
        format!("The JSONata expression '{text}' specified for the field 'Output' {ending}")
    );
}

#[rstest]
#[case("1 +", 3)]
#[case("  a[1,2)", 5)]
#[case("a ?? b", 4)]
#[case("a ?: b", 4)]
#[case("", 0)]
fn what_is_no_expression_is_refused_at_its_place(#[case] text: &str, #[case] offset: usize) {
    assert_eq!(Expression::parse(text).unwrap_err().offset, offset);
}

#[rstest]
#[case("$states.input.list")]
#[case("$list")]
fn what_an_expression_only_names_is_shared(#[case] text: &str) {
    let world = world();
    let expression = Expression::parse(text).unwrap();
    let value = world.run(|scope| expression.evaluate(scope, "")).unwrap();
    let address = |value: &Value| match value {
        Value::Array(array) => array.address(),
        _ => 0,
    };
    let named = [world.input.get("list"), world.variables.get("list")];
    assert!(
        named
            .into_iter()
            .flatten()
            .any(|original| address(original) == address(&value))
    );
}

#[test]
fn the_members_of_states_that_are_read_are_known() {
    let expression = Expression::parse("$states.input.a & $states.result").unwrap();
    let read = ["input", "result", "context", "errorOutput"]
        .map(|name| expression.0.states.includes(name));
    assert_eq!(read, [true, true, false, false]);
    assert!(
        Expression::parse("$states")
            .unwrap()
            .0
            .states
            .includes("errorOutput")
    );
}
