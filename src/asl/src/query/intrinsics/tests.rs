use rstest::rstest;

use super::Intrinsic;
use crate::query::QueryError;
use crate::query::test_scope::World;
use crate::value::Value;

fn call(text: &str) -> Result<Value, QueryError> {
    let world = World::new(
        r#"{"name":"Ann","n":7,"list":[1,2,3,4],"o":{"Arg1":1,"Arg2":[]},"nothing":null,"half":-1.5}"#,
    );
    let intrinsic = Intrinsic::parse(text).unwrap();
    world.run(|scope| intrinsic.evaluate(scope))
}

#[rstest]
#[case("States.Format('Hello {}, {}', $.name, 7)", r#""Hello Ann, 7""#)]
#[case("States.Format('{}', $.o)", r#""{Arg1=1, Arg2=[]}""#)]
#[case("States.Format('{} {} {}', null, true, 1.5)", r#""null true 1.5""#)]
#[case(r"States.Format('\{\} {} \' \\', $.n)", r#""{} 7 ' \\""#)]
#[case("States.Format('{ {} }', $.n)", r#""{ 7 }""#)]
#[case("States.Format($.name)", r#""Ann""#)]
#[case(r#"States.StringToJson('{"a": [1]}')"#, r#"{"a":[1]}"#)]
#[case(r#"States.StringToJson('"a\\"b"')"#, r#""a\"b""#)]
#[case("States.StringToJson(' ')", "null")]
#[case("States.StringToJson('-0')", "0")]
#[case("States.JsonToString($.o)", r#""{\"Arg1\":1,\"Arg2\":[]}""#)]
#[case("States.Array()", "[]")]
#[case(
    "States.Array(1, 'a', $.o, null)",
    r#"[1,"a",{"Arg1":1,"Arg2":[]},null]"#
)]
#[case("States.ArrayPartition($.list, 3)", "[[1,2,3],[4]]")]
#[case("States.ArrayPartition($.list, 9)", "[[1,2,3,4]]")]
#[case("States.ArrayContains($.list, 3)", "true")]
#[case("States.ArrayContains($.list, '3')", "false")]
#[case("States.ArrayRange(1, 9, 2)", "[1,3,5,7,9]")]
#[case("States.ArrayRange(3, 0, -2)", "[3,1]")]
#[case("States.ArrayRange(3, 0, 1)", "[]")]
#[case("States.ArrayGetItem($.list, 2)", "3")]
#[case("States.ArrayLength($.list)", "4")]
#[case(
    "States.ArrayUnique(States.Array(1, 1.0, 'a', $.o, null, 'a', $.o, null))",
    r#"[1,"a",{"Arg1":1,"Arg2":[]},null]"#
)]
#[case("States.Base64Encode('Data to encode')", r#""RGF0YSB0byBlbmNvZGU=""#)]
#[case("States.Base64Decode('RGF0YSB0byBlbmNvZGU=')", r#""Data to encode""#)]
#[case(
    "States.Hash('input data', 'MD5')",
    r#""812f45842bc6d66ee14572ce20db8e86""#
)]
#[case(
    "States.Hash('input data', 'SHA-1')",
    r#""aaff4a450a104cd177d28d18d74485e8cae074b7""#
)]
#[case(
    "States.Hash('abc', 'SHA-256')",
    r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#
)]
#[case(
    "States.JsonMerge($.o, States.StringToJson('{\"b\":1,\"Arg1\":2}'), false)",
    r#"{"Arg1":2,"Arg2":[],"b":1}"#
)]
#[case("States.MathAdd($.n, -1)", "6")]
#[case("States.MathAdd($.half, 0)", "-1")]
#[case("States.MathAdd(-1.51, 1.5)", "0")]
#[case("States.MathAdd(0.5, -0.5)", "1")]
#[case("States.StringSplit('1,2,,3', ',')", r#"["1","2","3"]"#)]
#[case(
    "States.StringSplit('This.is+a,test=string', '.+,=')",
    r#"["This","is","a","test","string"]"#
)]
#[case("States.StringSplit(',,', ',')", "[]")]
#[case(
    "States.ArrayGetItem(States.StringSplit($$.Execution.Name, '-'), States.MathAdd($x, -4))",
    r#""1""#
)]
#[case("States.ArrayLength($.list[?(@ > 1 && @ != 3)])", "2")]
#[case("  States.MathAdd( 1 ,2 )  ", "3")]
fn a_function_gives(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(call(text).unwrap().to_string(), expected);
}

#[rstest]
#[case("States.Format('{} {}', 1)", "the number of arguments does not match")]
#[case("States.StringToJson('{')", "the text is not JSON")]
#[case(
    "States.StringToJson($.n)",
    "argument 1 must be a string, but was number 7"
)]
#[case("States.ArrayGetItem($.list, 4)", "the index 4 is out of bounds")]
#[case("States.ArrayGetItem($.list, -1)", "the index -1 is out of bounds")]
#[case(
    "States.ArrayPartition($.list, 0)",
    "argument 2 must be a positive number"
)]
#[case(
    "States.ArrayRange(0, 1000, 1)",
    "the range has 1001 items, more than 1000"
)]
#[case("States.ArrayRange(0, 1, 0)", "argument 3 must not be zero")]
#[case("States.Base64Decode('*')", "argument 1 is not base64")]
#[case("States.Hash('a', 'SHA-3')", "the algorithm must be")]
#[case("States.JsonMerge($.o, $.o, true)", "argument 3 must be false")]
#[case(
    "States.JsonMerge($.o, $.list, false)",
    "argument 2 must be an object, but was array"
)]
#[case("States.MathAdd(9223372036854775807, 1)", "no integer of 64 bits")]
#[case("States.MathRandom(5, 5)", "the end 5 must be above the start 5")]
fn arguments_that_do_not_fit_are_an_intrinsic_failure(#[case] text: &str, #[case] part: &str) {
    let error = call(text).unwrap_err();
    assert_eq!(error.name, "States.IntrinsicFailure");
    let start = format!("The function '{text}' had the following error: ");
    assert!(error.message.starts_with(&start), "{}", error.message);
    assert!(error.message.contains(part), "{}", error.message);
}

#[test]
fn a_range_may_have_1000_items() {
    let range = call("States.ArrayRange(1, 1000, 1)").unwrap();
    assert_eq!(range.as_array().map(<[_]>::len), Some(1000));
}

#[test]
fn a_path_that_finds_nothing_is_a_runtime_error_that_names_it() {
    let error = call("States.MathAdd($.a, 1)").unwrap_err();
    assert_eq!(error.name, "States.Runtime");
    assert!(error.message.starts_with(
        "The function 'States.MathAdd($.a, 1)' had the following error: The JsonPath argument for \
         the field '$.a' could not be found in the input '{\"name\":\"Ann\""
    ));
}

#[test]
fn random_numbers_stay_in_their_range_and_repeat_with_a_seed() {
    let number = |text: &str| call(text).unwrap().as_i64().unwrap();
    assert!((1..3).contains(&number("States.MathRandom(1, 3)")));
    let seeded = "States.MathRandom(0, 999, 3)";
    assert_eq!(number(seeded), number(seeded));
    assert_eq!(call("States.UUID()").unwrap().as_str().unwrap().len(), 36);
}

#[rstest]
#[case("States.Nope(1)", 7)]
#[case("Format('{}')", 0)]
#[case("States.Format", 13)]
#[case("States.Format()", 0)]
#[case("States.MathAdd(1)", 0)]
#[case("States.UUID(1)", 0)]
#[case("States.Format('a", 14)]
#[case(r"States.Format('a\q')", 17)]
#[case(r"States.Array('\n')", 15)]
#[case(r#"States.StringToJson('"a\"b"')"#, 24)]
#[case(r"States.Array('a\", 16)]
#[case("States.Array(1 2)", 15)]
#[case("States.Array(1,)", 15)]
#[case("States.Array(x)", 13)]
#[case("States.Array(1) x", 16)]
#[case("States.MathAdd(States.Nope(1), 2)", 22)]
fn what_is_no_call_is_refused_at_its_place(#[case] text: &str, #[case] offset: usize) {
    assert_eq!(Intrinsic::parse(text).unwrap_err().offset, offset);
}

#[test]
fn the_variables_of_nested_calls_are_listed() {
    let text = "States.MathAdd(States.MathAdd($y, $.x), States.ArrayLength($list[*]))";
    assert_eq!(Intrinsic::parse(text).unwrap().variables(), ["y", "list"]);
}

#[test]
fn nesting_is_bounded() {
    let deep = "States.Array(".repeat(10_000);
    assert!(
        Intrinsic::parse(&deep)
            .unwrap_err()
            .message
            .contains("levels deep")
    );
}
