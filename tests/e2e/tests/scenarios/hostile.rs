//! Names and inputs that mean no good.

use e2e::Scenario;
use e2e::definition::{chain, cluster, job, only_log, run_job, single, with};
use e2e::scenario::condition;
use serde_json::{Value, json};

/// What a payload may have, in bytes of JSON text.
const LIMIT: usize = 256 * 1024;

fn echo() -> Value {
    single("Echo", json!({"Type": "Pass"}))
}

#[tokio::test]
async fn an_input_as_large_as_allowed_goes_through() {
    let scenario = Scenario::new().await;
    let input = json!("x".repeat(LIMIT - 2));
    assert_eq!(input.to_string().len(), LIMIT);
    let definition = chain([
        ("Echo", json!({"Type": "Pass"})),
        ("Pause", json!({"Type": "Wait", "Seconds": 1})),
        ("Again", json!({"Type": "Pass"})),
    ]);
    let run = scenario.run(&definition, input.clone()).await;
    let output = run.output().await;
    assert!(
        output == input,
        "another output of {} bytes",
        output.to_string().len()
    );
    assert_eq!(run.history().await.len(), 8);
}

#[tokio::test]
async fn an_input_larger_than_allowed_is_refused() {
    let scenario = Scenario::new().await;
    let run = scenario.run(&echo(), json!("x".repeat(LIMIT - 1))).await;
    let refused = |status: &crd::ExecutionStatus| !status.conditions.is_empty();
    let status = run.until("a refusal", e2e::watch::PATIENCE, refused).await;
    let (terminal, message) = condition(&status.conditions, "ACK.Terminal").unwrap();
    assert_eq!(terminal, "True");
    assert_eq!(
        message,
        "spec.input has 262145 bytes as JSON: at most 262144 are allowed"
    );
    assert_eq!(status.start_date, None);
}

#[tokio::test]
async fn an_output_larger_than_allowed_fails_its_state() {
    let scenario = Scenario::new().await;
    let double = json!({"Type": "Pass", "Parameters": {"once.$": "$", "twice.$": "$"}});
    let run = scenario
        .run(&single("Double", double), json!("x".repeat(LIMIT / 2 + 1)))
        .await;
    assert_eq!(run.failure().await.error, "States.DataLimitExceeded");
}

#[tokio::test]
async fn an_input_that_doubles_itself_again_and_again_is_stopped_at_the_limit() {
    let scenario = Scenario::new().await;
    let definition = json!({"StartAt": "Double", "States": {
        "Double": {"Type": "Pass", "Parameters": {"l.$": "$", "r.$": "$"}, "Next": "Again"},
        "Again": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "Done"}],
            "Default": "Double"
        },
        "Done": {"Type": "Succeed"},
    }});
    let run = scenario.run(&definition, json!({})).await;
    assert_eq!(run.failure().await.error, "States.DataLimitExceeded");
}

#[tokio::test]
async fn text_of_all_kinds_comes_through_unchanged() {
    let scenario = Scenario::new().await;
    let input = json!({
        "emoji": "👩🏽‍🚀", "combining": "e\u{301}", "right to left": "\u{202e}abc", "": "empty key",
        "controls": "\u{0}\u{1}\u{7f}\u{9f}", "line": "\u{2028}\n\r\t", "highest": "\u{10ffff}", "noncharacter": "\u{ffff}",
        "a.b": 1, "$": 2, "$$": 3, "a'b\"c": 4, "\\": 5, "\u{feff}": 6,
    });
    let definition = chain([
        ("Pause", json!({"Type": "Wait", "Seconds": 1})),
        ("Echo", json!({"Type": "Pass", "ResultPath": "$"})),
    ]);
    let output = scenario
        .run(&definition, input.clone())
        .await
        .output()
        .await;
    assert_eq!(output, input);
}

#[tokio::test]
async fn numbers_come_through_unchanged() {
    let scenario = Scenario::new().await;
    let input = json!([
        0,
        -1,
        9_007_199_254_740_993_i64,
        i64::MIN,
        i64::MAX,
        1.5,
        -0.125,
        1e300,
        5e-324
    ]);
    let output = scenario.run(&echo(), input.clone()).await.output().await;
    assert_eq!(output, input);
}

#[tokio::test]
async fn input_that_looks_like_a_template_is_only_text() {
    let scenario = Scenario::new().await;
    let input = json!({
        "path.$": "$.secret", "call": "States.Format('{}', $.secret)", "expression": "{% $states.input %}",
        "substitution": "${AWS::AccountId}", "braces": "{{SessionName}} {} {0}", "shell": "$(id) `id` ; rm -rf /",
        "secret": "kept",
    });
    let state = run_job(&scenario.namespace, job("shell", "unused"));
    let mut state = state;
    let container = &mut state["Parameters"]["Job"]["spec"]["template"]["spec"]["containers"][0];
    container["command"] = json!(["sh", "-c", "echo \"$TEXT\""]);
    container["env"] = json!([{"name": "TEXT", "value.$": "$.shell"}]);
    let state = with(state, "ResultPath", json!("$.job"));
    let run = scenario
        .run(
            &chain([("Print", state), ("Echo", json!({"Type": "Pass"}))]),
            input.clone(),
        )
        .await;
    let mut output = run.output().await;
    let result = output.as_object_mut().unwrap().remove("job").unwrap();
    assert_eq!(output, input);
    assert_eq!(only_log(&result), "$(id) `id` ; rm -rf /\n");
}

#[tokio::test]
async fn an_input_that_is_nested_too_deep_is_refused_and_hurts_nobody_else() {
    let scenario = Scenario::new().await;
    scenario.state_machine("echo", &echo()).await;
    for (name, levels) in [
        ("allowed", 50),
        ("deep", 51),
        ("deeper", 500),
        ("deepest", 4500),
    ] {
        scenario.create_deep_execution(name, "echo", levels);
    }
    let shallow = scenario.start("echo", json!("shallow")).await;
    assert_eq!(shallow.output().await, json!("shallow"));
    // by kubectl: the reader of JSON in this test does not go so deep
    let succeeded = "--for=jsonpath={.status.status}=SUCCEEDED";
    let _ = scenario.kubectl(&["wait", "exe", "allowed", succeeded, "--timeout=60s"]);
    for name in ["deep", "deeper", "deepest"] {
        let terminal = "--for=condition=ACK.Terminal";
        let _ = scenario.kubectl(&["wait", "exe", name, terminal, "--timeout=60s"]);
        let message = "jsonpath={.status.conditions[?(@.type=='ACK.Terminal')].message}";
        let message = scenario.kubectl(&["get", "exe", name, "-o", message]);
        assert_eq!(message, "spec.input is nested in more than 100 levels");
    }
    let _ = scenario.kubectl(&["delete", "exe", "--all", "--timeout=60s"]);
}

#[tokio::test]
async fn an_input_that_nests_itself_again_and_again_is_stopped() {
    let scenario = Scenario::new().await;
    let definition = json!({"StartAt": "Nest", "States": {
        "Nest": {"Type": "Pass", "Parameters": {"a.$": "$"}, "Next": "Again"},
        "Again": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "Done"}],
            "Default": "Nest"
        },
        "Done": {"Type": "Succeed"},
    }});
    let failure = scenario.run(&definition, json!(1)).await.failure().await;
    assert_eq!(failure.error, "States.DataLimitExceeded");
    assert!(failure.cause.contains("nested"), "{}", failure.cause);
}

#[tokio::test]
async fn an_execution_that_never_ends_can_be_stopped_and_keeps_no_other_from_running() {
    let scenario = Scenario::new().await;
    let definition = json!({"StartAt": "Turn", "States": {
        "Turn": {"Type": "Pass", "Next": "Again"},
        "Again": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.never", "IsPresent": true, "Next": "Done"}],
            "Default": "Turn"
        },
        "Done": {"Type": "Succeed"},
    }});
    let endless = scenario
        .run(&definition, json!({"large": "x".repeat(100 * 1024)}))
        .await;
    endless
        .until("pages", e2e::watch::PATIENCE, |status| {
            status.history_length > Some(500)
        })
        .await;
    assert_eq!(
        scenario.run(&echo(), json!("other")).await.output().await,
        json!("other")
    );
    endless.stop("Enough", "").await;
    assert_eq!(endless.end().await.status, Some(crd::RunStatus::Aborted));
}

#[tokio::test]
async fn names_as_long_as_allowed_work() {
    let scenario = Scenario::new().await;
    let long = "n".repeat(80);
    let definition = single(
        &"ß".repeat(80),
        run_job(&scenario.namespace, job(&"j".repeat(63), "echo fine")),
    );
    scenario.state_machine(&long, &definition).await;
    let execution = json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
        "metadata": {"name": long},
        "spec": {"stateMachineRef": {"from": {"name": long}}},
    });
    scenario.apply(&execution.to_string());
    let run = scenario.find(&long).await;
    let result = run.output().await;
    assert_eq!(only_log(&result), "fine\n");
    run.until_events(&["Started", "Succeeded"]).await;
}

#[tokio::test]
async fn names_that_are_too_long_are_refused() {
    let scenario = Scenario::new().await;
    let execution = json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
        "metadata": {"name": "n".repeat(81)},
        "spec": {"stateMachineRef": {"from": {"name": "any"}}},
    });
    let refusal = scenario.refusal(&execution.to_string());
    assert!(refusal.contains("at most 80 characters"), "{refusal}");
}

#[tokio::test]
async fn a_name_with_dots_works() {
    let scenario = Scenario::new().await;
    scenario.state_machine("a.b-c.d", &echo()).await;
    let execution = json!({
        "apiVersion": "sfn.services.k8s.aws/v1alpha1",
        "kind": "Execution",
        "metadata": {"name": "1.2-3.x"},
        "spec": {"stateMachineRef": {"from": {"name": "a.b-c.d"}}},
    });
    scenario.apply(&execution.to_string());
    assert_eq!(scenario.find("1.2-3.x").await.output().await, json!({}));
}

#[tokio::test]
async fn state_names_may_have_any_characters() {
    let scenario = Scenario::new().await;
    let name = "a \"b\" 'c' /d/ ~e $f {g} <h> \\ 👩🏽‍🚀";
    let state = run_job(&scenario.namespace, job("odd", "echo odd"));
    let run = scenario.run(&single(name, state), json!({})).await;
    assert_eq!(run.until_a_task().await.tasks[0].state, name);
    assert_eq!(only_log(&run.output().await), "odd\n");
}

#[tokio::test]
async fn a_job_name_from_the_input_stays_in_its_place() {
    let scenario = Scenario::new().await;
    let mut parameters = cluster();
    parameters["Namespace.$"] = json!("$.namespace");
    parameters["Job"] = job("x", "true");
    let state = json!({"Type": "Task", "Resource": "arn:aws:states:::eks:runJob", "Parameters": parameters});
    scenario.state_machine("place", &single("Run", state)).await;
    for namespace in [
        "../../../api/v1/namespaces/default",
        "default/pods?x=",
        "DEFAULT",
        "ä",
        "x y\r\n",
    ] {
        let run = scenario
            .start("place", json!({"namespace": namespace}))
            .await;
        let failure = run.failure().await;
        assert_eq!(failure.error, "States.Runtime", "{namespace}: {failure:?}");
        assert!(
            failure.cause.contains("Namespace"),
            "{namespace}: {failure:?}"
        );
    }
    assert_eq!(scenario.created_jobs().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_definition_of_many_states_works() {
    let scenario = Scenario::new().await;
    let mut states = serde_json::Map::new();
    for number in 0..2_000 {
        let next = json!({"Type": "Pass", "Next": format!("S{}", number + 1)});
        states.insert(format!("S{number}"), next);
    }
    states.insert(
        "S2000".to_owned(),
        json!({"Type": "Pass", "Result": "through", "End": true}),
    );
    let definition = json!({"StartAt": "S0", "States": states});
    let run = scenario.run(&definition, json!({"carried": "along"})).await;
    assert_eq!(run.output().await, json!("through"));
    assert_eq!(run.history().await.len(), 2 + 2 * 2_001);
}
