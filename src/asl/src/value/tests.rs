use super::{Number, Value, parse};
use rstest::rstest;

#[rstest]
#[case("1", "1")]
#[case("-0", "-0.0")]
#[case("1.0", "1.0")]
#[case("1e10", "1.0E10")]
#[case("0.0001", "1.0E-4")]
#[case("123456.789", "123456.789")]
#[case("12345678.9", "1.23456789E7")]
#[case("9223372036854775807", "9223372036854775807")]
fn numbers_are_written_as_java_writes_them(#[case] text: &str, #[case] written: &str) {
    assert_eq!(parse(text).unwrap().to_string(), written);
}

#[rstest]
#[case(r#"{"b":1,"a":[null,true,false,"x\"\\\n\u0001é"],"c":{}}"#)]
#[case(r#"[]"#)]
#[case(r#""plain""#)]
fn text_is_written_back_as_it_was_read_and_its_length_is_known(#[case] text: &str) {
    let value = parse(text).unwrap();
    assert_eq!(value.to_string(), text);
    assert_eq!(value.text_len(), text.len());
}

#[test]
fn a_large_object_finds_members_and_replaces_in_place() {
    let text: Vec<String> = (0..50).map(|i| format!("\"k{i}\":{i}")).collect();
    let value = parse(&format!("{{{}}}", text.join(","))).unwrap();
    assert_eq!(value.get("k37").and_then(Value::as_i64), Some(37));
    let changed = value.as_object().unwrap().with("k3", Value::Null);
    assert_eq!(changed.len(), 50);
    assert_eq!(changed.members()[3], ("k3".into(), Value::Null));
}

#[test]
fn an_integral_double_equals_its_integer() {
    assert_eq!(Number::Int(1), Number::Float(1.0));
    assert_eq!(parse("1.0").unwrap().as_i64(), Some(1));
}

#[test]
fn malformed_text_names_line_and_column() {
    let error = parse("{\n  \"a\": nope}").unwrap_err();
    assert_eq!((error.line, error.column), (2, 9));
}

#[test]
fn the_depth_counts_arrays_and_objects() {
    for (text, depth) in [("1", 0), ("[]", 1), (r#"{"a":[1,{"b":{}}],"c":[]}"#, 4)] {
        assert_eq!(parse(text).unwrap().depth(), depth, "{text}");
    }
}
