//! The executions of a round, and what each must come to: the same as when nothing goes wrong.

use std::ops::RangeInclusive;

use crd::RunStatus;
use e2e::definition::{
    call, call_with, chain, job, result_at, run_job, single, with, with_parameter,
};
use serde_json::{Value, json};

/// A Job that would run for long.
const LONG: &str = "sleep 300";

/// One execution.
#[derive(Debug, Clone)]
pub struct Case {
    /// The name of the Execution and its StateMachine. Those of its Jobs and ConfigMaps begin
    /// with it.
    pub name: &'static str,
    /// The definition.
    pub definition: Value,
    /// The input.
    pub input: Value,
    /// What is done to it once its Job exists, or once it failed.
    pub intervention: Option<Intervention>,
    /// How it ends.
    pub end: End,
    /// How many Jobs it makes.
    pub jobs: RangeInclusive<usize>,
    /// How many of them stay.
    pub jobs_left: usize,
    /// How many ConfigMaps it makes.
    pub config_maps: usize,
}

/// What people do to an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intervention {
    /// `spec.stop`
    Stop,
    /// `kubectl delete`
    Delete,
    /// `spec.redriveCount`, once it failed
    Redrive,
}

/// The error that [`Intervention::Stop`] gives.
pub const STOPPED: &str = "Chaos.Stopped";

/// The end of an execution.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It has this output.
    Output(Value),
    /// It has this status and this error.
    Error(RunStatus, &'static str),
    /// The object is gone.
    Gone,
}

impl Case {
    fn new(name: &'static str, definition: Value, output: Value) -> Self {
        Self {
            name,
            definition,
            input: json!({}),
            intervention: None,
            end: End::Output(output),
            jobs: 0..=0,
            jobs_left: 0,
            config_maps: 0,
        }
    }

    fn with_jobs(self, count: usize) -> Self {
        Self {
            jobs: count..=count,
            jobs_left: count,
            ..self
        }
    }

    fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }

    fn with_input(self, input: Value) -> Self {
        Self { input, ..self }
    }
}

/// All executions of a round.
pub fn build_cases(namespace: &str) -> Vec<Case> {
    vec![
        build_job(namespace),
        build_failing_job(namespace),
        build_retried_job(namespace),
        build_parallel(namespace),
        build_map(namespace),
        build_waits(),
        build_calls(namespace),
        build_nested(namespace),
        build_abandoned(namespace),
        build_interrupted(namespace, "stopped", Intervention::Stop),
        build_interrupted(namespace, "deleted", Intervention::Delete),
        build_redriven(namespace),
    ]
}

fn build_job(namespace: &str) -> Case {
    let definition = chain([
        (
            "Work",
            logged(run_job(namespace, job("job-once", "echo 42"))),
        ),
        (
            "Keep",
            json!({"Type": "Pass", "Parameters": {"kept.$": "$.log"}}),
        ),
    ]);
    Case::new("job", definition, json!({"kept": [42]})).with_jobs(1)
}

fn build_failing_job(namespace: &str) -> Case {
    let definition = single("Work", run_job(namespace, job("failing-once", "exit 3")));
    Case::new("failing", definition, Value::Null)
        .with_jobs(1)
        .ending(End::Error(RunStatus::Failed, "States.TaskFailed"))
}

fn build_retried_job(namespace: &str) -> Case {
    let work = run_job(
        namespace,
        generated("retried-", job("", "echo tried; exit 1")),
    );
    let retrier =
        json!({"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1});
    let catcher = json!({"ErrorEquals": ["States.ALL"], "Next": "Caught"});
    let work = with(
        with(work, "Retry", json!([retrier])),
        "Catch",
        json!([catcher]),
    );
    let definition = chain([
        ("Work", with(work, "Next", json!("Caught"))),
        (
            "Caught",
            json!({"Type": "Pass", "Parameters": {"error.$": "$.Error"}}),
        ),
    ]);
    Case::new("retried", definition, json!({"error": "States.TaskFailed"})).with_jobs(2)
}

fn build_parallel(namespace: &str) -> Case {
    let branch = |side: &str| {
        let script = format!("sleep 1; echo {side}");
        let name = format!("parallel-{side}");
        single(side, logged(run_job(namespace, job(&name, &script))))
    };
    let wait = single("Wait", json!({"Type": "Wait", "Seconds": 2}));
    let branches = json!([branch("left"), branch("right"), wait]);
    let definition = single("Both", json!({"Type": "Parallel", "Branches": branches}));
    let output = json!([{"log": ["left\n"]}, {"log": ["right\n"]}, {}]);
    Case::new("parallel", definition, output).with_jobs(2)
}

fn build_map(namespace: &str) -> Case {
    let work = generated("map-", numbered(job("", "echo $((ITEM * ITEM))")));
    let definition = single(
        "Each",
        json!({
            "Type": "Map",
            "MaxConcurrency": 2,
            "ItemProcessor": single("Work", logged(run_job(namespace, work))),
        }),
    );
    let output = json!([{"log": [1]}, {"log": [4]}, {"log": [9]}]);
    Case::new("map", definition, output)
        .with_input(json!([1, 2, 3]))
        .with_jobs(3)
}

fn build_waits() -> Case {
    let definition = chain([
        ("First", json!({"Type": "Wait", "Seconds": 1})),
        (
            "Between",
            json!({"Type": "Pass", "Result": "there", "ResultPath": "$.half"}),
        ),
        (
            "Second",
            json!({"Type": "Wait", "SecondsPath": "$.seconds"}),
        ),
        ("Third", json!({"Type": "Wait", "Seconds": 3})),
    ]);
    Case::new("waits", definition, json!({"seconds": 2, "half": "there"}))
        .with_input(json!({"seconds": 2}))
}

/// The life of a ConfigMap.
fn build_calls(namespace: &str) -> Case {
    let all = format!("/api/v1/namespaces/{namespace}/configmaps");
    let one = format!("{all}/calls-once");
    let whole = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "calls-once"}, "data": data});
    let step = |state: Value, result: Value, path: &str| {
        result_at(with(retried(state), "ResultSelector", result), path)
    };
    let code = || json!({"code.$": "$.StatusCode"});
    let definition = chain([
        (
            "Create",
            step(
                call_with("POST", &all, whole(json!({"a": "1"}))),
                code(),
                "$.created",
            ),
        ),
        (
            "Replace",
            step(
                call_with("PUT", &one, whole(json!({"b": "2"}))),
                code(),
                "$.replaced",
            ),
        ),
        (
            "Amend",
            step(
                call_with("PATCH", &one, json!({"data": {"c": "3"}})),
                code(),
                "$.amended",
            ),
        ),
        (
            "Read",
            step(
                call("GET", &one),
                json!({"data.$": "$.ResponseBody.data"}),
                "$.read",
            ),
        ),
        ("Remove", step(call("DELETE", &one), code(), "$.removed")),
    ]);
    let output = json!({
        "created": {"code": 201},
        "replaced": {"code": 200},
        "amended": {"code": 200},
        "read": {"data": {"b": "2", "c": "3"}},
        "removed": {"code": 200},
    });
    Case {
        config_maps: 1,
        ..Case::new("calls", definition, output)
    }
}

fn build_nested(namespace: &str) -> Case {
    let work = generated("nested-", numbered(job("", "echo $((ITEM + 1))")));
    let work = single("Work", logged(run_job(namespace, work)));
    let map =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "nested-"}});
    let path = format!("/api/v1/namespaces/{namespace}/configmaps");
    let create = with_parameter(call("POST", &path), "RequestBody", map);
    let create = with(
        retried(create),
        "ResultSelector",
        json!({"code.$": "$.StatusCode"}),
    );
    let create = chain([
        ("Create", create),
        ("Wait", json!({"Type": "Wait", "Seconds": 1})),
    ]);
    let both = single(
        "Both",
        json!({"Type": "Parallel", "Branches": [work, create]}),
    );
    let definition = single("Each", json!({"Type": "Map", "ItemProcessor": both}));
    let output = json!([[{"log": [2]}, {"code": 201}], [{"log": [3]}, {"code": 201}]]);
    let case = Case::new("nested", definition, output)
        .with_input(json!([1, 2]))
        .with_jobs(2);
    Case {
        config_maps: 2,
        ..case
    }
}

/// A branch fails while another's Job runs, or is just being made.
fn build_abandoned(namespace: &str) -> Case {
    let work = single("Work", run_job(namespace, job("abandoned-once", LONG)));
    let fail = chain([
        ("Wait", json!({"Type": "Wait", "Seconds": 3})),
        (
            "Give up",
            json!({"Type": "Fail", "Error": "Enough", "Cause": "of this"}),
        ),
    ]);
    let catcher = json!({"ErrorEquals": ["Enough"], "Next": "Caught"});
    let definition = chain([
        (
            "Both",
            json!({"Type": "Parallel", "Branches": [work, fail], "Catch": [catcher]}),
        ),
        ("Caught", json!({"Type": "Pass"})),
    ]);
    let output = json!({"Error": "Enough", "Cause": "of this"});
    Case {
        jobs: 0..=1,
        ..Case::new("abandoned", definition, output)
    }
}

fn build_interrupted(namespace: &str, name: &'static str, intervention: Intervention) -> Case {
    let work = run_job(namespace, job(&format!("{name}-once"), LONG));
    let end = match intervention {
        Intervention::Stop => End::Error(RunStatus::Aborted, STOPPED),
        _ => End::Gone,
    };
    Case {
        intervention: Some(intervention),
        jobs: 1..=1,
        ..Case::new(name, single("Work", work), Value::Null).ending(end)
    }
}

/// The second Job fails unless the execution is redriven.
fn build_redriven(namespace: &str) -> Case {
    let first = run_job(namespace, generated("redriven-first-", job("", "true")));
    let second = set_environment(
        job("", "echo $ITEM; test $ITEM -gt 0"),
        "States.Format('{}', $$.Execution.RedriveCount)",
    );
    let second = logged(run_job(namespace, generated("redriven-second-", second)));
    let definition = chain([("First", first), ("Second", second)]);
    let case = Case::new("redriven", definition, json!({"log": [1]})).with_jobs(3);
    Case {
        intervention: Some(Intervention::Redrive),
        ..case
    }
}

/// The result is the Job's only log.
fn logged(state: Value) -> Value {
    with(state, "ResultSelector", json!({"log.$": "$..log"}))
}

/// The Job gets its name from the operator: a state may make several.
fn generated(prefix: &str, mut job: Value) -> Value {
    if let Some(object) = job.as_object_mut() {
        object.insert("metadata".to_owned(), json!({"generateName": prefix}));
    }
    job
}

/// The Job's script finds the state's input as `ITEM`.
fn numbered(job: Value) -> Value {
    set_environment(job, "States.Format('{}', $)")
}

/// The Job's script finds what this is as `ITEM`.
fn set_environment(mut job: Value, item: &str) -> Value {
    let container = job.pointer_mut("/spec/template/spec/containers/0");
    if let Some(container) = container.and_then(Value::as_object_mut) {
        let item = json!([{"name": "ITEM", "value.$": item}]);
        container.insert("env".to_owned(), item);
    }
    job
}

/// What a workflow does that knows an API server may have no time, or may say so.
fn retried(state: Value) -> Value {
    let errors = json!(["EKS.409", "EKS.429", "EKS.500", "EKS.503", "EKS.504"]);
    let retrier =
        json!({"ErrorEquals": errors, "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 20});
    with(state, "Retry", json!([retrier]))
}
