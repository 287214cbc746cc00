//! Definitions, built from states.

use serde_json::{Value, json};

/// What the chart calls the cluster in these tests.
pub const CLUSTER: &str = "EKSCluster";

/// A state machine whose states follow each other in this order, where they do not say otherwise.
#[must_use]
pub fn chain<const N: usize>(states: [(&str, Value); N]) -> Value {
    let names: Vec<&str> = states.iter().map(|(name, _)| *name).collect();
    let mut members = serde_json::Map::new();
    for (index, (name, mut state)) in states.into_iter().enumerate() {
        let kind = state["Type"].as_str().unwrap_or_default().to_owned();
        let ends = matches!(&*kind, "Choice" | "Succeed" | "Fail");
        let says = state.get("Next").is_some() || state.get("End").is_some();
        if !ends && !says {
            match names.get(index + 1) {
                Some(next) => state["Next"] = json!(next),
                None => state["End"] = json!(true),
            }
        }
        members.insert(name.to_owned(), state);
    }
    json!({"StartAt": names.first(), "States": members})
}

/// A state machine of one state.
#[must_use]
pub fn single(name: &str, state: Value) -> Value {
    chain([(name, state)])
}

/// A Job of one container that runs a script.
#[must_use]
pub fn job(name: &str, script: &str) -> Value {
    let container = json!({"name": "main", "image": "busybox", "command": ["sh", "-c", script]});
    job_of(name, json!({"containers": [container]}))
}

/// A Job whose pods have this spec.
#[must_use]
pub fn job_of(name: &str, mut pod: Value) -> Value {
    pod["restartPolicy"] = json!("Never");
    // sh does not pass on the signal to stop
    pod["terminationGracePeriodSeconds"] = json!(1);
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    })
}

/// The parameters that name the cluster. Endpoint and certificate are not used for the home
/// cluster, as the blog's are not this cluster's.
#[must_use]
pub fn cluster() -> Value {
    json!({
        "ClusterName": CLUSTER,
        "CertificateAuthority": "ANPAJ2UCCR6DPCEXAMPLE",
        "Endpoint": "https://AKIAIOSFODNN7EXAMPLE.yl4.us-east-1.eks.amazonaws.com",
    })
}

/// `eks:runJob.sync` that retrieves logs.
#[must_use]
pub fn run_job(namespace: &str, job: Value) -> Value {
    let mut parameters = cluster();
    parameters["Namespace"] = json!(namespace);
    parameters["LogOptions"] = json!({"RetrieveLogs": true});
    parameters["Job"] = job;
    task("eks:runJob.sync", parameters)
}

/// `eks:call`.
#[must_use]
pub fn call(method: &str, path: &str) -> Value {
    let mut parameters = cluster();
    parameters["Method"] = json!(method);
    parameters["Path"] = json!(path);
    task("eks:call", parameters)
}

/// `eks:call` with a body.
#[must_use]
pub fn call_with(method: &str, path: &str, body: Value) -> Value {
    with_parameter(call(method, path), "RequestBody", body)
}

/// A Task state.
#[must_use]
pub fn task(resource: &str, parameters: Value) -> Value {
    json!({
        "Type": "Task",
        "Resource": format!("arn:aws:states:::{resource}"),
        "Parameters": parameters,
    })
}

/// The state with a field.
#[must_use]
pub fn with(mut state: Value, field: &str, value: Value) -> Value {
    state[field] = value;
    state
}

/// The Task state with a parameter.
#[must_use]
pub fn with_parameter(mut state: Value, name: &str, value: Value) -> Value {
    state["Parameters"][name] = value;
    state
}

/// The state that keeps its result beside its input.
#[must_use]
pub fn result_at(state: Value, path: &str) -> Value {
    with(state, "ResultPath", json!(path))
}

/// The text of a log in a Job's result, the only one there is.
///
/// # Panics
/// There is not exactly one pod with one container.
#[must_use]
pub fn only_log(result: &Value) -> &Value {
    let pods = result["logs"]["pods"].as_object().expect("logs.pods");
    assert_eq!(pods.len(), 1, "{pods:?}");
    let containers = pods.values().next().expect("one")["containers"].as_object();
    let containers = containers.expect("containers");
    assert_eq!(containers.len(), 1, "{containers:?}");
    &containers.values().next().expect("one")["log"]
}
