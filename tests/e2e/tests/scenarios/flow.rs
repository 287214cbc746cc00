//! Wait, Choice, Parallel, Map: what tasks are joined by.

use e2e::definition::{call, chain, job, run_job, single, with};
use e2e::{Run, Scenario};
use k8s_openapi::jiff::Timestamp;
use serde_json::json;

/// How many tasks were under way at most, by the history.
async fn most_at_once(run: &Run<'_>) -> i64 {
    let mut now = 0;
    let mut most = 0;
    for kind in run.event_types().await {
        now += match &*kind {
            "TaskScheduled" => 1,
            "TaskSucceeded" | "TaskFailed" | "TaskSubmitFailed" => -1,
            _ => 0,
        };
        most = most.max(now);
    }
    most
}

#[tokio::test]
async fn a_wait_ends_at_its_instant() {
    let scenario = Scenario::new().await;
    let definition = chain([
        ("Pause", json!({"Type": "Wait", "SecondsPath": "$.seconds"})),
        ("Done", json!({"Type": "Pass", "Result": "done"})),
    ]);
    let run = scenario.run(&definition, json!({"seconds": 3})).await;
    assert_eq!(run.until_in("Pause").await.current_states, ["Pause"]);
    assert_eq!(run.output().await, json!("done"));
    let history = run.history().await;
    let time = |index: usize| {
        history[index]["timestamp"]
            .as_str()
            .unwrap()
            .parse::<Timestamp>()
            .unwrap()
    };
    assert_eq!(
        (&history[1]["type"], &history[2]["type"]),
        (&json!("WaitStateEntered"), &json!("WaitStateExited"))
    );
    let waited = time(2).duration_since(time(1)).as_millis();
    assert!((3000..8000).contains(&waited), "{waited} ms");
}

#[tokio::test]
async fn a_choice_goes_by_a_jobs_result() {
    let scenario = Scenario::new().await;
    let definition = json!({
        "StartAt": "Measure",
        "States": {
            "Measure": with(
                with(run_job(&scenario.namespace, job("measure", "echo 42")), "ResultSelector", json!({"value.$": "$.logs..log"})),
                "Next", json!("Judge")
            ),
            "Judge": {
                "Type": "Choice",
                "Choices": [{"And": [
                    {"Variable": "$.value[0]", "NumericGreaterThan": 41},
                    {"Variable": "$.value[0]", "NumericLessThan": 43}
                ], "Next": "Right"}],
                "Default": "Wrong"
            },
            "Right": {"Type": "Succeed"},
            "Wrong": {"Type": "Fail"},
        }
    });
    let output = scenario.run(&definition, json!({})).await.output().await;
    assert_eq!(output, json!({"value": [42]}));
}

#[tokio::test]
async fn two_jobs_in_parallel_run_at_the_same_time() {
    let scenario = Scenario::new().await;
    let branch = |name: &str| {
        let state = run_job(
            &scenario.namespace,
            job(name, &format!("echo {name}; sleep 4")),
        );
        single(name, with(state, "OutputPath", json!("$.metadata.name")))
    };
    let definition = single(
        "Both",
        json!({"Type": "Parallel", "Branches": [branch("left"), branch("right")]}),
    );
    let run = scenario.run(&definition, json!({})).await;
    let both = |status: &crd::ExecutionStatus| {
        status
            .tasks
            .iter()
            .filter(|task| task.active == Some(1))
            .count()
            == 2
    };
    let status = run
        .until("two Jobs at work", e2e::watch::PATIENCE, both)
        .await;
    let mut names: Vec<_> = status
        .tasks
        .iter()
        .map(|task| task.job_name.clone().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["left", "right"]);
    assert_eq!(run.output().await, json!(["left", "right"]));
    assert_eq!(most_at_once(&run).await, 2);
    assert_eq!(scenario.created_jobs().await, ["left", "right"]);
}

#[tokio::test]
async fn a_branch_that_fails_stops_the_other_branchs_job() {
    let scenario = Scenario::new().await;
    let endless = run_job(&scenario.namespace, job("endless", "sleep 600"));
    let check = chain([
        ("Pause", json!({"Type": "Wait", "Seconds": 3})),
        (
            "Break",
            json!({"Type": "Fail", "Error": "Broken", "Cause": "on purpose"}),
        ),
    ]);
    let parallel = json!({
        "Type": "Parallel",
        "Branches": [single("Work", endless), check],
        "Catch": [{"ErrorEquals": ["Broken"], "Next": "Rescue"}],
        "End": true,
    });
    let definition = json!({"StartAt": "Both", "States": {
        "Both": parallel,
        "Rescue": {"Type": "Pass", "End": true},
    }});
    let run = scenario.run(&definition, json!({})).await;
    assert_eq!(
        run.output().await,
        json!({"Error": "Broken", "Cause": "on purpose"})
    );
    scenario.until_no_jobs().await;
}

#[tokio::test]
async fn a_map_runs_a_job_for_each_item_a_few_at_a_time_and_keeps_their_order() {
    let scenario = Scenario::new().await;
    let state = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::eks:runJob.sync",
        "Parameters": {
            "ClusterName": "EKSCluster", "Endpoint": "https://example.com", "CertificateAuthority": "Y2E=",
            "Namespace": scenario.namespace,
            "LogOptions": {"RetrieveLogs": true},
            "Job": {
                "apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"generateName": "item-"},
                "spec": {"backoffLimit": 0, "template": {"spec": {
                    "restartPolicy": "Never",
                    "containers": [{
                        "name": "main", "image": "busybox",
                        "command": ["sh", "-c", "echo $((ITEM * ITEM))"],
                        "env": [{"name": "ITEM", "value.$": "States.Format('{}', $.item)"}],
                    }],
                }}},
            },
        },
        "ResultSelector": {"square.$": "$.logs..log"},
        "OutputPath": "$.square[0]",
    });
    let map = json!({
        "Type": "Map",
        "ItemsPath": "$.items",
        "ItemSelector": {"item.$": "$$.Map.Item.Value"},
        "MaxConcurrency": 2,
        "ItemProcessor": single("Square", state),
    });
    let run = scenario
        .run(&single("Each", map), json!({"items": [5, 3, 8, 1, 2]}))
        .await;
    let status = run.end_within(std::time::Duration::from_secs(180)).await;
    assert_eq!(
        status.output,
        Some(json!([25, 9, 64, 1, 4])),
        "{}",
        e2e::watch::show(&status)
    );
    assert_eq!(most_at_once(&run).await, 2);
    let created = scenario.created_jobs().await;
    assert_eq!(created.len(), 5, "{created:?}");
    let types = run.event_types().await;
    let count = |kind: &str| types.iter().filter(|found| *found == kind).count();
    assert_eq!(count("MapIterationSucceeded"), 5);
    assert_eq!(count("MapStateSucceeded"), 1);
}

#[tokio::test]
async fn a_map_of_many_items_goes_through_and_its_history_is_whole() {
    let scenario = Scenario::new().await;
    let path = "States.Format('/api/v1/namespaces/{}/configmaps/{}', $.namespace, $.name)";
    let mut get = call("GET", "");
    get["Parameters"].as_object_mut().unwrap().remove("Path");
    get["Parameters"]["Path.$"] = json!(path);
    let get = with(
        get,
        "Catch",
        json!([{"ErrorEquals": ["EKS.404"], "ResultPath": "$.error", "Next": "Absent"}]),
    );
    let map = json!({
        "Type": "Map",
        "ItemsPath": "$.names",
        "ItemSelector": {"name.$": "$$.Map.Item.Value", "namespace": scenario.namespace},
        "MaxConcurrency": 10,
        "ItemProcessor": {"StartAt": "Get", "States": {
            "Get": with(get, "End", json!(true)),
            "Absent": {"Type": "Pass", "InputPath": "$.name", "End": true},
        }},
    });
    let names: Vec<String> = (0..120).map(|number| format!("absent-{number}")).collect();
    let run = scenario
        .run(&single("Each", map), json!({"names": names}))
        .await;
    let status = run.end_within(std::time::Duration::from_secs(180)).await;
    assert_eq!(status.output, Some(json!(names)));
    let types = run.event_types().await;
    assert_eq!(
        types.iter().filter(|kind| *kind == "TaskFailed").count(),
        120
    );
    assert!(most_at_once(&run).await <= 10);
}

#[tokio::test]
async fn an_empty_map_gives_an_empty_list() {
    let scenario = Scenario::new().await;
    let map = json!({"Type": "Map", "ItemProcessor": single("Never", json!({"Type": "Fail"}))});
    let output = scenario
        .run(&single("Each", map), json!([]))
        .await
        .output()
        .await;
    assert_eq!(output, json!([]));
}
