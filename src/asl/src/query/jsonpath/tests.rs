use rstest::rstest;

use super::Path;
use crate::query::test_scope::World;

const STORE: &str = r#"{
    "book": [
        {"title": "A", "price": 8, "tags": ["x", "y"]},
        {"title": "B", "price": 12},
        {"title": "C", "price": 23, "isbn": "1", "tags": []}
    ],
    "delivery-partner": "UQS",
    "größe": 3,
    "a b": 1,
    "it's": 2,
    "null": null,
    "limit": 10,
    "logs": {"pods": {"p": {"pi": 3.14, "more": {"pi": 2}}}}
}"#;

fn found(path: &str) -> String {
    let path = Path::parse(path).unwrap();
    World::new(STORE)
        .run(|scope| path.evaluate(scope))
        .unwrap()
        .to_string()
}

#[rstest]
#[case("$.book[0].title", r#""A""#)]
#[case("$['book'][0]['title']", r#""A""#)]
#[case(r#"$["book"][1].price"#, "12")]
#[case("$.book[-1].title", r#""C""#)]
#[case("$.delivery-partner", r#""UQS""#)]
#[case("$.größe", "3")]
#[case("$['a b']", "1")]
#[case(r"$['it\'s']", "2")]
#[case("$.null", "null")]
#[case("$.book.length()", "3")]
#[case("$.book[0].tags.first()", r#""x""#)]
#[case("$.limit", "10")]
#[case("$$.Execution.Name", r#""run-1""#)]
#[case("$x", "5")]
#[case("$obj.a.b[0]", "1")]
#[case("$list[1]", "2")]
fn a_definite_path_finds_one_value(#[case] path: &str, #[case] expected: &str) {
    assert_eq!(found(path), expected);
}

#[rstest]
#[case("$.book[*].title", r#"["A","B","C"]"#)]
#[case("$.book[0,2].title", r#"["A","C"]"#)]
#[case("$.book[1:].title", r#"["B","C"]"#)]
#[case("$.book[:1].title", r#"["A"]"#)]
#[case("$.book[-2:].title", r#"["B","C"]"#)]
#[case("$.book[0:3:2].title", r#"["A","C"]"#)]
#[case("$.book[::-1].title", r#"["C","B","A"]"#)]
#[case("$.logs..pi", "[3.14,2]")]
#[case("$..isbn", r#"["1"]"#)]
#[case(
    "$.book[*]['title','price']",
    r#"[{"title":"A","price":8},{"title":"B","price":12},{"title":"C","price":23}]"#
)]
#[case("$.book[?(@.price > 10)].title", r#"["B","C"]"#)]
#[case("$.book[?(@.price > $.limit)].title", r#"["B","C"]"#)]
#[case("$.book[?@.price<10].title", r#"["A"]"#)]
#[case("$.book[?(@.isbn)].title", r#"["C"]"#)]
#[case("$.book[?(!@.isbn)].title", r#"["A","B"]"#)]
#[case("$.book[?(@['price'] == 8 || @.title == 'C')].title", r#"["A","C"]"#)]
#[case("$.book[?(@.price > 5 && !(@.title == 'A'))].title", r#"["B","C"]"#)]
#[case("$.book[?(@.title =~ /[ab]/i)].title", r#"["A","B"]"#)]
#[case("$.book[?(@.title in ['A','C'])].title", r#"["A","C"]"#)]
#[case("$.book[?(@.title nin ['A'])].title", r#"["B","C"]"#)]
#[case("$.book[?(@.tags contains 'x')].title", r#"["A"]"#)]
#[case("$.book[?(@.tags size 2)].title", r#"["A"]"#)]
#[case("$.book[?(@.tags empty true)].title", r#"["C"]"#)]
#[case("$.book[?(@.isbn == null)].title", "[]")]
#[case("$.missing[*].x", "[]")]
#[case("$.book[7:].title", "[]")]
#[case("$.limit[*]", "[]")]
#[case("$.limit..x", "[]")]
fn any_other_path_finds_a_list(#[case] path: &str, #[case] expected: &str) {
    assert_eq!(found(path), expected);
}

#[test]
fn several_names_at_the_end_make_one_object() {
    assert_eq!(found("$['limit','a b','none']"), r#"{"limit":10,"a b":1}"#);
}

#[test]
fn a_backslash_in_a_quoted_name_stands_for_itself_before_other_characters() {
    let path = Path::parse(r#"$['Test\""Name"']"#).unwrap();
    let world = World::new(r#"{"Test\\\"\"Name\"": "Value"}"#);
    assert_eq!(
        world.run(|scope| path.evaluate(scope)).unwrap().as_str(),
        Some("Value")
    );
}

#[rstest]
#[case(
    "$.no.such.path",
    "Invalid path '$.no.such.path' : Missing property in path $['no']"
)]
#[case("$.no", "Invalid path '$.no' : No results for path: $['no']")]
#[case(
    "$.book[9]",
    "Invalid path '$.book[9]' : No results for path: $['book'][9]"
)]
#[case(
    "$.limit[0]",
    "Invalid path '$.limit[0]' : Filter: [0] can only be applied to arrays. Current context is: 10"
)]
#[case(
    "$.limit.x",
    "Invalid path '$.limit.x' : Expected to find an object with property ['x'] in path $['limit'] but found 'number'"
)]
#[case(
    "$nope.a",
    "Invalid path '$nope.a' : The variable 'nope' is not assigned"
)]
fn a_definite_path_that_finds_nothing_says_where(#[case] path: &str, #[case] message: &str) {
    let path = Path::parse(path).unwrap();
    let world = World::new(STORE);
    let error = world.run(|scope| path.evaluate(scope)).unwrap_err();
    assert_eq!((error.name, &*error.message), ("States.Runtime", message));
    assert!(world.run(|scope| path.find(scope)).unwrap().is_none());
}

#[rstest]
#[case("", 0)]
#[case("a.b", 0)]
#[case("$.", 2)]
#[case("$..", 3)]
#[case("$.a.", 4)]
#[case("$.a[", 4)]
#[case("$.a[x]", 4)]
#[case("$.a['x]", 4)]
#[case("$.a b", 3)]
#[case("$.a[?(@.x ==)]", 12)]
#[case("$.a[?(@.x =~ /(/)]", 13)]
#[case("$.a.nope()", 4)]
#[case("$.a[99999999999999999999]", 4)]
#[case("$[1", 3)]
fn what_is_no_path_is_refused_at_its_place(#[case] path: &str, #[case] offset: usize) {
    assert_eq!(Path::parse(path).unwrap_err().offset, offset);
}

#[test]
fn what_a_path_finds_is_shared() {
    let world = World::new(STORE);
    let path = Path::parse("$.book").unwrap();
    let value = world.run(|scope| path.evaluate(scope)).unwrap();
    let address = |value: Option<&crate::Value>| match value {
        Some(crate::Value::Array(array)) => array.address(),
        _ => 0,
    };
    assert_eq!(address(Some(&value)), address(world.input.get("book")));
}

#[test]
fn paths_that_multiply_are_stopped() {
    let world = World::new(&format!("[{}]", vec!["1"; 3000].join(",")));
    let path = Path::parse("$[?(7 in $[*])]").unwrap();
    let error = world.run(|scope| path.evaluate(scope)).unwrap_err();
    assert_eq!(error.name, "States.Runtime");
    assert_eq!(
        error.message,
        "Invalid path '$[?(7 in $[*])]' : it selects too many values"
    );
    assert_eq!(world.run(|scope| path.find(scope)).unwrap_err(), error);
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("$[?({}@.a{})]", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        Path::parse(&deep)
            .unwrap_err()
            .message
            .contains("levels deep")
    );
}
