//! Where definitions come from, and what is said of invalid ones.

use e2e::Scenario;
use e2e::definition::single;
use e2e::scenario::condition;
use rstest::rstest;
use serde_json::{Value, json};

/// The message of `ACK.Terminal` on a StateMachine with this definition.
async fn terminal_message(scenario: &Scenario, definition: &str) -> String {
    let spec = json!({"name": "invalid", "definition": definition});
    scenario.create_state_machine("invalid", spec).await;
    let machine = scenario
        .until_machine("invalid", "ACK.Terminal=True", |machine| {
            condition(&machine.status.as_ref()?.conditions, "ACK.Terminal")
                .map(|(status, _)| status == "True")
        })
        .await;
    let status = machine.status.unwrap();
    let types: Vec<_> = status
        .conditions
        .iter()
        .map(|found| &*found.type_)
        .collect();
    assert_eq!(types.last(), Some(&"Ready"));
    assert_eq!(condition(&status.conditions, "Ready").unwrap().0, "False");
    assert!(!status.diagnostics.is_empty());
    condition(&status.conditions, "ACK.Terminal")
        .unwrap()
        .1
        .to_owned()
}

#[rstest]
#[case::unknown_next(
    json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}),
    &["/States/A/Next", "Nowhere"]
)]
#[case::no_end(json!({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}), &["/States/A"])]
#[case::unknown_type(json!({"StartAt": "A", "States": {"A": {"Type": "Dance", "End": true}}}), &["/States/A/Type"])]
#[case::unknown_field(
    json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Resutl": 1, "End": true}}}),
    &["Resutl", "/States/A"]
)]
#[case::bad_path(
    json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$[", "End": true}}}),
    &["/States/A/InputPath"]
)]
#[case::no_start(json!({"States": {"A": {"Type": "Pass", "End": true}}}), &["StartAt"])]
#[case::start_unknown(json!({"StartAt": "B", "States": {"A": {"Type": "Pass", "End": true}}}), &["StartAt", "B"])]
#[case::inner_state(
    json!({"StartAt": "P", "States": {"P": {"Type": "Parallel", "End": true, "Branches": [
        {"StartAt": "Inner", "States": {"Inner": {"Type": "Wait", "End": true}}}
    ]}}}),
    &["/States/P/Branches[0]/States/Inner"]
)]
#[case::service_that_is_not_there(
    json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true}}}),
    &["/States/A/Resource", "sns:publish"]
)]
#[tokio::test]
async fn an_invalid_definition_is_terminal_and_the_message_names_state_and_field(
    #[case] definition: Value,
    #[case] named: &[&str],
) {
    let scenario = Scenario::new().await;
    let message = terminal_message(&scenario, &definition.to_string()).await;
    for part in named {
        assert!(message.contains(part), "{part} is not in: {message}");
    }
}

#[rstest]
#[case::no_json("{\"StartAt\": ")]
#[case::empty("")]
#[case::a_number("7")]
#[case::nested_too_deep(&"[".repeat(100_000))]
#[case::a_yaml_bomb(
    "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n"
)]
#[tokio::test]
async fn a_text_that_is_no_definition_is_terminal(#[case] definition: &str) {
    let scenario = Scenario::new().await;
    let message = terminal_message(&scenario, definition).await;
    assert!(!message.is_empty() && message.len() <= 1024, "{message}");
}

#[tokio::test]
async fn a_corrected_definition_is_ready_and_no_longer_terminal() {
    let scenario = Scenario::new().await;
    terminal_message(&scenario, "{}").await;
    let definition = single("Done", json!({"Type": "Succeed"})).to_string();
    let patch = json!({"spec": {"definition": definition}}).to_string();
    let _ = scenario.kubectl(&["patch", "sm", "invalid", "--type=merge", "-p", &patch]);
    let machine = scenario
        .until_machine("invalid", "Ready=True", |machine| {
            condition(&machine.status.as_ref()?.conditions, "Ready")
                .map(|(status, _)| status == "True")
        })
        .await;
    let status = machine.status.unwrap();
    assert!(!crd::condition::is_true(&status.conditions, "ACK.Terminal"));
    assert_eq!(status.diagnostics, []);
    assert_eq!(status.observed_generation, machine.metadata.generation);
}

#[tokio::test]
async fn a_definition_may_be_yaml_text() {
    let scenario = Scenario::new().await;
    let spec = json!({"name": "yaml", "definition": "
StartAt: Say
States:
  Say:
    Type: Pass
    Result: from YAML
    End: true
"});
    scenario.state_machine_of("yaml", spec).await;
    let run = scenario.start("yaml", json!({})).await;
    assert_eq!(run.output().await, json!("from YAML"));
}

#[tokio::test]
async fn a_definition_may_be_an_object() {
    let scenario = Scenario::new().await;
    let definition = single(
        "Say",
        json!({"Type": "Pass", "Result": {"deep": [1, {"x": null}]}}),
    );
    let spec = json!({"name": "object", "definitionObject": definition});
    scenario.state_machine_of("object", spec).await;
    let run = scenario.start("object", json!({})).await;
    assert_eq!(run.output().await, json!({"deep": [1, {"x": null}]}));
}

#[tokio::test]
async fn a_definition_may_come_from_a_config_map_that_comes_later() {
    let scenario = Scenario::new().await;
    let reference = json!({"configMapKeyRef": {"name": "definitions", "key": "say.json"}});
    let spec = json!({"name": "from-map", "definitionFrom": reference});
    scenario.create_state_machine("from-map", spec).await;
    let missing = scenario
        .until_machine("from-map", "Ready=False", |machine| {
            condition(&machine.status.as_ref()?.conditions, "Ready")
                .map(|(status, _)| status == "False")
        })
        .await;
    let conditions = missing.status.unwrap().conditions;
    let message = condition(&conditions, "Ready").unwrap().1;
    assert!(message.contains("definitions"), "{message}");
    let definition = single("Say", json!({"Type": "Pass", "Result": "from a ConfigMap"}));
    let map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "definitions"},
        "data": {"say.json": definition.to_string()},
    });
    scenario.apply(&map.to_string());
    let run = scenario.start("from-map", json!({})).await;
    assert_eq!(run.output().await, json!("from a ConfigMap"));
}

#[tokio::test]
async fn substitutions_are_replaced_in_the_definition() {
    let scenario = Scenario::new().await;
    let spec = json!({
        "name": "substituted",
        "definition": single("Say", json!({"Type": "Pass", "Result": "${Word}, ${Other}"})).to_string(),
        "definitionSubstitutions": {"Word": "hello \\\"quoted\\\"", "Other": "$.x {}"},
    });
    scenario.state_machine_of("substituted", spec).await;
    let run = scenario.start("substituted", json!({})).await;
    assert_eq!(run.output().await, json!("hello \"quoted\", $.x {}"));
}
