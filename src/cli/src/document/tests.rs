use rstest::rstest;
use serde_json::json;

use super::{Node, line_and_column, read};

fn only(text: &str) -> Node {
    let mut documents = read(text).unwrap();
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

#[test]
fn lines_and_columns_are_counted_from_1_in_characters() {
    assert_eq!(line_and_column("a\näöü", 6), (2, 3));
    assert_eq!(line_and_column("a", 0), (1, 1));
}

#[test]
fn scalars_are_read_as_the_api_server_reads_them() {
    let text = "{a: NO, b: 0x10, c: -1, d: 1.5, e: ~, f: 'NO', g: [x], h: 18446744073709551615}";
    let expected = json!({"a": false, "b": 16, "c": -1, "d": 1.5, "e": null, "f": "NO", "g": ["x"],
        "h": 18_446_744_073_709_551_615_u64});
    assert_eq!(only(text).to_json(), Some(expected));
}

#[rstest]
#[case::text("'1'", Some("1"))]
#[case::number("1.50", Some("1.50"))]
#[case::boolean("NO", Some("NO"))]
#[case::alias_of_a_number("*n", Some("0x1F"))]
#[case::null("~", None)]
#[case::list("[]", None)]
fn a_scalar_has_the_text_that_is_written(#[case] value: &str, #[case] expected: Option<&str>) {
    for text in [
        format!("{{n: &n 0x1F, v: {value}}}"),
        format!("n: &n 0x1F\nv: {value}"),
        format!("n: &n 0x1F\nv: {value}  # said\n"),
    ] {
        let node = only(&text);
        let (_, value) = node.member("v").unwrap();
        assert_eq!(value.text(&text), expected, "{text}");
    }
}

#[test]
fn of_the_same_name_the_last_counts() {
    let mut node = only("a: 1\na: 2\n");
    assert_eq!(node.to_json(), Some(json!({"a": 2})));
    assert_eq!(node.get("a").unwrap().to_json(), Some(json!(2)));
    assert_eq!(node.take("a").unwrap().1.to_json(), Some(json!(2)));
}

#[rstest]
#[case::root("a: 1\nb: 2\na: 3", Some(("/a", 3)))]
#[case::inside("a: {}\nb: [{}, {c: 1,\n c: 2}]", Some(("/b[1]/c", 3)))]
#[case::none("a: {b: 1}\nc: {b: 1}", None)]
#[case::what_a_merged_mapping_has_too("a: &a {b: 1}\nc: {<<: *a, b: 2}", None)]
fn a_name_that_stands_twice_is_found(#[case] text: &str, #[case] expected: Option<(&str, usize)>) {
    let node = only(text);
    let found = node.duplicate();
    let found = found
        .as_ref()
        .map(|(path, key)| (path.as_str(), line_and_column(text, key.range().start).0));
    assert_eq!(found, expected);
}

#[test]
fn a_number_that_json_does_not_know_is_not_made_another_value() {
    assert_eq!(only("a: [.nan]").to_json(), None);
}

#[test]
fn documents_that_are_null_are_left_out() {
    assert_eq!(read("---\n---\na: 1\n---\n~\n").unwrap().len(), 1);
}

#[test]
fn long_streams_are_read() {
    let documents = "a: &a x\nb: *a\n---\n".repeat(2_000);
    assert_eq!(read(&documents).unwrap().len(), 2_000);
    let values = format!("[{}]", "1,".repeat(300_000));
    assert_eq!(read(&values).unwrap().len(), 1);
    let aliases = format!("[&a x{}]", ",*a".repeat(1_000));
    assert_eq!(read(&aliases).unwrap().len(), 1);
}

#[rstest]
#[case::bracket("a: 1\n---\nb: [", "unclosed bracket '[' (line 3, column 4)")]
#[case::anchor("a: *b", "alias references unknown anchor (line 1, column 4)")]
fn what_is_not_yaml_is_refused_with_its_place(#[case] text: &str, #[case] expected: &str) {
    let error = read(text).err().unwrap().to_string();
    assert_eq!(error, format!("invalid YAML: {expected}"));
}

fn nested_aliases() -> String {
    let level = |level: usize| {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        format!("a{level}: &a{level} [{aliases}]\n")
    };
    let levels: String = (1..20).map(level).collect();
    format!("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n{levels}")
}

#[rstest]
#[case::nested(&nested_aliases(), "more anchors and aliases than can be followed")]
#[case::side_by_side(
    &format!("a: &a [{}]\nb: [{}]", "x,".repeat(1_000), "*a,".repeat(1_000)),
    "aliases repeat too many values"
)]
fn aliases_do_not_unfold_without_bound(#[case] text: &str, #[case] expected: &str) {
    let error = read(text).err().unwrap().to_string();
    assert!(
        error.starts_with(&format!("invalid YAML: {expected} (line ")),
        "{error}"
    );
}
