//! Whatever the text, there is an answer, and soon.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{everything, said};
use crate::definition::{StateMachine, validate_state_machine_definition};
use crate::value::Value;

/// Generous: debug builds on a busy machine.
const SOON: Duration = Duration::from_secs(20);

fn answer_soon(text: &str) -> Vec<String> {
    let start = Instant::now();
    let said = said(text);
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    said
}

#[test]
fn a_definition_beyond_a_mebibyte_is_refused() {
    let text = format!("{{\"Comment\": \"{}\"}}", "x".repeat(1_048_576));
    assert_eq!(
        answer_soon(&text),
        [
            "SCHEMA_VALIDATION_FAILED: The definition has 1048591 bytes, which exceeds the limit of 1048576"
        ]
    );
}

#[test]
fn deep_json_is_refused() {
    let said = answer_soon(&"[".repeat(500_000));
    assert!(
        said[0].starts_with("INVALID_JSON_DESCRIPTION: Invalid JSON: recursion limit"),
        "{said:?}"
    );
}

#[test]
fn deep_yaml_is_refused() {
    let said = answer_soon(&format!("a: {}", "[".repeat(500_000)));
    assert!(
        said[0].starts_with("INVALID_JSON_DESCRIPTION: Invalid YAML: "),
        "{said:?}"
    );
}

#[test]
fn a_deep_value_is_refused() {
    let deep = (0..1_000).fold(Value::Null, |inner, _| Value::from(vec![inner]));
    let definition = crate::value::ObjectBuilder::default()
        .with("Result", deep)
        .build();
    let definition = Value::Object(definition);
    let problems = StateMachine::compile_state("S", &definition, &everything).unwrap_err();
    assert_eq!(problems[0].code, "TOO_DEEPLY_NESTED");
}

#[test]
fn scopes_are_nested_in_32_levels_at_most() {
    let innermost = r#"{"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}"#.to_owned();
    let nested = (0..32).fold(innermost, |inner, level| {
        format!(
            r#"{{"StartAt": "P{level}", "States": {{"P{level}": {{"Type": "Map", "End": true, "ItemProcessor": {inner}}}}}}}"#
        )
    });
    let said = said(&nested);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("TOO_DEEPLY_NESTED: States are nested in more than 32 levels"));
}

#[test]
fn aliases_do_not_unfold_without_bound() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..20 {
        let alias = format!("*a{}", level - 1);
        let aliases = vec![alias; 10].join(", ");
        text.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
    }
    let said = answer_soon(&text);
    assert!(
        said[0].starts_with("INVALID_JSON_DESCRIPTION: Invalid YAML: "),
        "{said:?}"
    );
}

#[test]
fn many_states_take_time_in_proportion() {
    let states: Vec<String> = (0..8_000)
        .map(|index| {
            format!(
                r#""S{index}": {{"Type": "Pass", "Next": "S{}"}}"#,
                index + 1
            )
        })
        .collect();
    let text = format!(
        r#"{{"StartAt": "S0", "States": {{{}, "S8000": {{"Type": "Succeed"}}}}}}"#,
        states.join(",")
    );
    assert_eq!(answer_soon(&text), Vec::<String>::new());
}

/// Values that look like parts of definitions often enough to get somewhere.
fn value() -> impl Strategy<Value = serde_json::Value> {
    let words = prop::sample::select(vec![
        "A",
        "B",
        "$",
        "$.a",
        "$.a[",
        "$$.b",
        "$v",
        "{% 1 %}",
        "{% 1 + %}",
        "{%",
        "Task",
        "Pass",
        "Choice",
        "Wait",
        "Succeed",
        "Fail",
        "Parallel",
        "Map",
        "States.ALL",
        "States.UUID()",
        "JSONata",
        "JSONPath",
        "DISTRIBUTED",
        "INLINE",
        "arn:aws:states:::eks:call",
        "2016-03-14T01:59:00Z",
        "",
    ]);
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<f64>().prop_map(serde_json::Value::from),
        words.prop_map(serde_json::Value::from),
        // Printable, as YAML wants it.
        "[ -~ß]{0,8}".prop_map(serde_json::Value::from),
    ];
    let names = prop::sample::select(vec![
        "StartAt",
        "States",
        "A",
        "B",
        "Type",
        "Next",
        "End",
        "Default",
        "Choices",
        "Variable",
        "And",
        "Or",
        "Not",
        "StringEquals",
        "NumericEqualsPath",
        "IsNull",
        "Condition",
        "Retry",
        "Catch",
        "ErrorEquals",
        "Branches",
        "ItemProcessor",
        "Iterator",
        "ProcessorConfig",
        "Mode",
        "Parameters",
        "Arguments",
        "Output",
        "Assign",
        "Seconds",
        "TimestampPath",
        "Resource",
        "InputPath",
        "ResultPath",
        "QueryLanguage",
        "Label",
        "ItemReader",
        "ReaderConfig",
        "MaxItems",
        "ItemBatcher",
        "ResultWriter",
        "Items",
        "ItemsPath",
        "Result",
        "a.$",
        "x",
    ]);
    leaf.prop_recursive(8, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::vec((names.clone(), inner), 0..8).prop_map(|members| {
                let members = members.into_iter();
                members
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_value_is_answered(value in value()) {
        let definition = serde_json::json!({"StartAt": "A", "States": {"A": value.clone(), "B": value}});
        let _ = StateMachine::compile(&definition.to_string(), &everything);
    }

    #[test]
    fn any_value_is_answered_as_a_state(value in value()) {
        let _ = StateMachine::compile_state("A", &Value::from(value), &everything);
    }

    #[test]
    fn any_text_is_answered(text in ".{0,64}") {
        let rules = crate::definition::Rules::from(&everything as super::super::Serves<'_>);
        let _ = validate_state_machine_definition(&text, rules);
    }

    #[test]
    fn json_means_the_same_as_yaml(value in value()) {
        let json = serde_json::json!({"StartAt": "A", "States": {"A": value}}).to_string();
        let yaml = format!("# not JSON\n{json}");
        prop_assert_eq!(said(&json), said(&yaml));
    }
}
