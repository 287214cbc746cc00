//! `LogOptions`: which logs become part of a Job's result, and how.

use e2e::Scenario;
use e2e::definition::{job, only_log, run_job, single, with_parameter};
use serde_json::{Value, json};

/// The result of a Job that runs a script, with these `LogOptions`.
async fn result(scenario: &Scenario, script: &str, options: Value) -> Value {
    let state = run_job(&scenario.namespace, job("logs", script));
    let state = with_parameter(state, "LogOptions", options);
    scenario
        .run(&single("Run", state), json!({}))
        .await
        .output()
        .await
}

/// The log of a Job that runs a script, with these `LogOptions`.
async fn log(script: &str, options: Value) -> Value {
    let scenario = Scenario::new().await;
    only_log(&result(&scenario, script, options).await).clone()
}

#[tokio::test]
async fn logs_are_not_retrieved_unless_asked_for() {
    let scenario = Scenario::new().await;
    let result = result(&scenario, "echo '{}'", json!({})).await;
    assert_eq!(result["status"]["succeeded"], 1);
    assert!(result.get("logs").is_none());
}

#[tokio::test]
async fn the_wish_for_logs_may_be_text() {
    let log = log("echo yes", json!({"RetrieveLogs": "true"})).await;
    assert_eq!(log, json!("yes\n"));
}

#[tokio::test]
async fn a_log_that_is_json_becomes_its_value() {
    let script = r#"printf '{"a": [1, 2.5, null,\n "ä"]}\n\n'"#;
    let log = log(script, json!({"RetrieveLogs": true})).await;
    assert_eq!(log, json!({"a": [1, 2.5, null, "ä"]}));
}

#[tokio::test]
async fn raw_logs_stay_text() {
    let options = json!({"RetrieveLogs": true, "RawLogs": true});
    let log = log(r#"echo '{"a": 1.00}'"#, options).await;
    assert_eq!(log, json!("{\"a\": 1.00}\n"));
}

#[tokio::test]
async fn several_json_texts_are_no_json_text() {
    let log = log("echo '{}'; echo '{}'", json!({"RetrieveLogs": true})).await;
    assert_eq!(log, json!("{}\n{}\n"));
}

#[tokio::test]
async fn log_parameters_are_those_of_the_api_server() {
    let options = json!({"RetrieveLogs": true, "LogParameters": {"tailLines": ["2"]}});
    let log = log("seq 1 1000", options).await;
    assert_eq!(log, json!("999\n1000\n"));
}

#[tokio::test]
async fn a_log_that_is_too_large_has_error_and_cause_in_its_place() {
    let scenario = Scenario::new().await;
    let script = "yes 0123456789abcdef | head -n 4000000";
    let result = result(&scenario, script, json!({"RetrieveLogs": true})).await;
    assert_eq!(result["status"]["succeeded"], 1);
    let pods = result["logs"]["pods"].as_object().unwrap();
    let main = &pods.values().next().unwrap()["containers"]["main"];
    assert_eq!(main["error"], "States.DataLimitExceeded", "{main}");
    assert!(
        main["cause"].as_str().unwrap().contains("tailLines"),
        "{main}"
    );
    assert!(main.get("log").is_none());
}

#[tokio::test]
async fn the_limit_of_bytes_takes_a_part_of_a_large_log() {
    let options = json!({"RetrieveLogs": true, "LogParameters": {"limitBytes": ["34"]}});
    let log = log("yes 0123456789abcdef | head -n 100000", options).await;
    assert_eq!(log, json!("0123456789abcdef\n0123456789abcdef\n"));
}

#[tokio::test]
async fn bytes_that_are_not_utf_8_become_replacement_characters() {
    let log = log(r"printf 'a\377\000b\nc'", json!({"RetrieveLogs": true})).await;
    assert_eq!(log, json!("a\u{fffd}\0b\nc"));
}

#[tokio::test]
async fn an_empty_log_is_empty_text() {
    assert_eq!(log("true", json!({"RetrieveLogs": true})).await, json!(""));
}
