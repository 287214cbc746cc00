//! Properties that hold for any text and any data.

use proptest::prelude::*;
use serde_json::Value as Json;

use super::jsonpath::Intrinsic;
use super::test_scope::World;
use super::{Expression, Path, QueryLanguage, ReferencePath, Template};
use crate::value::Value;

/// Any JSON, small.
fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        (-20_i64..20).prop_map(Json::from),
        "[ab]{0,2}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::btree_map("[a-d]", inner, 0..5)
                .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

/// A text of the pieces that queries are made of, in any order.
fn shuffled(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(pieces), 0..12).prop_map(|parts| parts.concat())
}

const PATH_PIECES: &[&str] = &[
    "$",
    "$$",
    "$x",
    ".",
    "..",
    "a",
    "b-c",
    "é",
    "*",
    "[",
    "]",
    "'a'",
    "\"b\"",
    "0",
    "-1",
    ":",
    ",",
    "?",
    "(",
    ")",
    "@",
    "==",
    "<",
    "&&",
    "||",
    "!",
    "=~",
    "/a/",
    "in",
    "1.5",
    "null",
    " ",
    "\\",
    ".length()",
    "[*]",
    "[0]",
    "[?(@.a)]",
    "['a']",
    "[1:]",
];

const CALL_PIECES: &[&str] = &[
    "States.",
    "Format",
    "Array",
    "MathAdd",
    "JsonMerge",
    "UUID",
    "StringToJson",
    "(",
    ")",
    ",",
    "'",
    "'{}'",
    "\\",
    "{",
    "}",
    "$.a",
    "$$",
    "$x",
    "1",
    "-2.5",
    "true",
    "null",
    " ",
    "States.Array(1,'b')",
    "States.UUID()",
];

const EXPRESSION_PIECES: &[&str] = &[
    "$states.input",
    "$x",
    "$",
    "$$",
    ".",
    "a",
    "[",
    "]",
    "(",
    ")",
    "{",
    "}",
    "'s'",
    "1",
    "1e9",
    "..",
    "+",
    "-",
    "*",
    "**",
    "/",
    "%",
    "&",
    "=",
    "!=",
    "<",
    "~>",
    ":=",
    "?",
    ":",
    ";",
    ",",
    "|",
    "^",
    "@",
    "#",
    "function($v)",
    "$map",
    "$sum",
    "$string",
    "/a+/",
    "and",
    "or",
    "in",
    "null",
    " ",
    "$range(1,3,1)",
    "$partition([1,2],1)",
    "$uuid()",
    "$eval('1')",
];

/// A path of the subset that RFC 9535 and Step Functions share.
fn shared_path() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "\\.[a-d]".prop_map(String::from),
        "\\['[a-d]'\\]".prop_map(String::from),
        "\\[-?[0-3]\\]".prop_map(|text| text.replace("-0", "0")),
        "\\[-?[1-3]?:[0-3]?(:[12])?\\]".prop_map(|text| text.replace("-:", ":")),
        Just("[*]".to_owned()),
        Just(".*".to_owned()),
        Just("[0,1]".to_owned()),
        "\\.\\.[a-d]".prop_map(String::from),
        Just("..[0]".to_owned()),
        Just("..*".to_owned()),
    ];
    prop::collection::vec(step, 0..5).prop_map(|steps| format!("${}", steps.concat()))
}

/// What a path finds, as a list.
fn found(path: &Path, world: &World) -> Vec<Value> {
    match world.run(|scope| path.find(scope)).ok().flatten() {
        None => Vec::new(),
        Some(value) if path.is_definite() => vec![value],
        Some(value) => value.as_array().map(<[_]>::to_vec).unwrap_or_default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn paths_agree_with_rfc_9535_where_the_dialects_do(path in shared_path(), data in json()) {
        let oracle = jsonpath_rfc9535::JsonPath::parse(&path).unwrap();
        let expected: Vec<Value> = oracle.query_values(&data).into_iter().map(Value::from).collect();
        let world = World::new(&data.to_string());
        prop_assert_eq!(found(&Path::parse(&path).unwrap(), &world), expected);
    }

    #[test]
    fn filters_agree_with_rfc_9535_on_arrays(
        name in "[a-c]",
        operator in prop::sample::select(&["==", "!=", "<", "<=", ">", ">="][..]),
        operand in prop::sample::select(&["1", "-3", "'a'", "true", "null", "@.b"][..]),
        items in prop::collection::vec(json(), 0..6),
    ) {
        let path = format!("$[?@.{name} {operator} {operand}]");
        let data = Json::from(items);
        let oracle = jsonpath_rfc9535::JsonPath::parse(&path).unwrap();
        let expected: Vec<Value> = oracle.query_values(&data).into_iter().map(Value::from).collect();
        let world = World::new(&data.to_string());
        prop_assert_eq!(found(&Path::parse(&path).unwrap(), &world), expected);
    }

    #[test]
    fn no_text_makes_a_path_panic(text in shuffled(PATH_PIECES), data in json()) {
        let world = World::new(&data.to_string());
        match Path::parse(&text) {
            Ok(path) => {
                let _ = world.run(|scope| path.evaluate(scope));
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.offset)),
        }
        if let Ok(path) = ReferencePath::parse(&text) {
            let _ = path.set(&world.input, Value::Null);
        }
    }

    #[test]
    fn what_is_set_at_a_reference_path_is_found_there(
        names in prop::collection::vec("[a-f]", 1..4),
        data in json(),
    ) {
        let text = format!("$.{}", names.join("."));
        let root = Value::from(data);
        let new = Value::from("new");
        if let Ok(changed) = ReferencePath::parse(&text).unwrap().set(&root, new.clone()) {
            let world = World::new(&changed.to_string());
            prop_assert_eq!(found(&Path::parse(&text).unwrap(), &world), vec![new]);
        }
    }

    #[test]
    fn no_text_makes_an_intrinsic_function_panic(text in shuffled(CALL_PIECES), data in json()) {
        match Intrinsic::parse(&text) {
            Ok(call) => {
                let world = World::new(&data.to_string());
                let _ = world.run(|scope| call.evaluate(scope));
            }
            Err(error) => prop_assert!(text.is_char_boundary(error.offset)),
        }
    }

    #[test]
    fn no_text_makes_an_expression_panic(text in shuffled(EXPRESSION_PIECES), data in json()) {
        match Expression::parse(&text) {
            Ok(expression) => {
                let world = World::new(&data.to_string());
                let _ = world.run(|scope| expression.evaluate(scope, "Output"));
            }
            Err(error) => prop_assert!(error.offset <= text.len()),
        }
    }

    #[test]
    fn naming_a_value_gives_what_the_engine_gives(
        names in prop::collection::vec("[a-d]", 0..4),
        data in json(),
    ) {
        let names: String = names.iter().map(|name| format!(".{name}")).collect();
        let world = World::new(&data.to_string());
        let evaluate = |text: &str| {
            let expression = Expression::parse(text).unwrap();
            world.run(|scope| expression.evaluate(scope, "Output")).ok()
        };
        // The parentheses keep the second from being taken for a plain name.
        prop_assert_eq!(
            evaluate(&format!("$states.input{names}")),
            evaluate(&format!("($states.input{names})"))
        );
    }

    #[test]
    fn no_template_makes_the_compiler_panic(data in json(), text in shuffled(CALL_PIECES)) {
        let template = serde_json::json!({"a.$": text, "b": [data, format!("{{%{text}%}}")]});
        let world = World::new("{}");
        for language in [QueryLanguage::JsonPath, QueryLanguage::Jsonata] {
            if let Ok(compiled) = Template::compile(&Value::from(&template), language) {
                let _ = world.run(|scope| compiled.evaluate(scope, "Output"));
            }
        }
    }
}
