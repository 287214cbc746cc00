//! What is executed.

use anyhow::Result;
use crd::{Execution, StateMachine};
use serde_json::{Value, json};

/// The label, and the taint, of the node that is not real.
pub const FAKE: &str = "sfn-operator-bench";

/// A state machine, by its name, and the input of its executions.
pub struct Workload {
    /// The name.
    pub name: &'static str,
    definition: Value,
    input: Value,
}

impl Workload {
    /// One Pass: no task, no wait.
    pub fn pass() -> Self {
        let state = json!({"Type": "Pass", "Result": {"greeting": "Hello"}, "End": true});
        Self::of_one_state("pass", state)
    }

    /// One Wait.
    pub fn wait(seconds: u32) -> Self {
        let state = json!({"Type": "Wait", "Seconds": seconds, "End": true});
        Self::of_one_state("wait", state)
    }

    /// One Job.
    pub fn job(namespace: &str) -> Self {
        let state = run_job(namespace, "$$.Execution.Name", &json!({"End": true}));
        Self::of_one_state("job", state)
    }

    /// Jobs in sequence.
    pub fn sequence(namespace: &str, jobs: usize) -> Self {
        let state = |number: usize| {
            let then = match number == jobs {
                true => json!({"ResultPath": null, "End": true}),
                false => json!({"ResultPath": null, "Next": format!("Job{}", number + 1)}),
            };
            let name = format!("States.Format('{{}}-{number}', $$.Execution.Name)");
            (format!("Job{number}"), run_job(namespace, &name, &then))
        };
        let states: serde_json::Map<String, Value> = (1..=jobs).map(state).collect();
        Self {
            name: "sequence",
            definition: json!({"StartAt": "Job1", "States": states}),
            input: json!({}),
        }
    }

    /// A Map with a Job for each item.
    pub fn map_of_jobs(namespace: &str, items: usize) -> Self {
        let name = "States.Format('{}-{}', $$.Execution.Name, $)";
        let then = json!({"ResultSelector": {"job.$": "$.metadata.name"}, "End": true});
        Self::map("map-of-jobs", items, 40, run_job(namespace, name, &then))
    }

    /// A Map with a Pass for each item.
    pub fn map_of_passes(items: usize) -> Self {
        let pass = json!({"Type": "Pass", "End": true});
        Self::map("map-of-passes", items, 0, pass)
    }

    fn map(name: &'static str, items: usize, max_concurrency: usize, state: Value) -> Self {
        let map = json!({
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": max_concurrency,
            "ItemProcessor": {"StartAt": "Item", "States": {"Item": state}},
            "End": true,
        });
        let input = json!({"items": (0..items).collect::<Vec<_>>()});
        Self {
            input,
            ..Self::of_one_state(name, map)
        }
    }

    fn of_one_state(name: &'static str, state: Value) -> Self {
        Self {
            name,
            definition: json!({"StartAt": "Only", "States": {"Only": state}}),
            input: json!({"who": "World"}),
        }
    }

    /// The StateMachine.
    pub fn state_machine(&self) -> Result<StateMachine> {
        Ok(serde_json::from_value(json!({
            "apiVersion": "sfn.services.k8s.aws/v1alpha1",
            "kind": "StateMachine",
            "metadata": {"name": self.name},
            "spec": {
                "name": self.name,
                "serviceAccountName": "workflow",
                "definition": self.definition.to_string(),
            },
        }))?)
    }

    /// Executions of it.
    pub fn executions(&self, count: usize) -> Result<Vec<Execution>> {
        (0..count).map(|number| self.execution(number)).collect()
    }

    fn execution(&self, number: usize) -> Result<Execution> {
        Ok(serde_json::from_value(json!({
            "apiVersion": "sfn.services.k8s.aws/v1alpha1",
            "kind": "Execution",
            "metadata": {"name": format!("{}-{number}", self.name)},
            "spec": {
                "stateMachineRef": {"from": {"name": self.name}},
                "input": self.input,
            },
        }))?)
    }
}

/// A Task that runs a Job, whose name is this expression.
fn run_job(namespace: &str, name: &str, then: &Value) -> Value {
    let parameters = json!({
        "ClusterName": "EKSCluster",
        "CertificateAuthority": "none",
        "Endpoint": "https://localhost",
        "Namespace": namespace,
        "Job": job(&json!({"name.$": name}), &json!({}), false),
    });
    let mut state = serde_json::Map::from_iter([
        ("Type".to_owned(), json!("Task")),
        (
            "Resource".to_owned(),
            json!("arn:aws:states:::eks:runJob.sync"),
        ),
        ("Parameters".to_owned(), parameters),
    ]);
    state.extend(then.as_object().cloned().unwrap_or_default());
    state.into()
}

/// A Job whose pod comes to the node that is not real.
pub fn job(metadata: &Value, pod_labels: &Value, suspend: bool) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 0,
            "suspend": suspend,
            "template": {
                "metadata": {"labels": pod_labels},
                "spec": {
                    "restartPolicy": "Never",
                    "nodeSelector": {FAKE: "fake"},
                    "tolerations": [{"key": FAKE, "operator": "Exists"}],
                    "containers": [{"name": "main", "image": "busybox", "command": ["true"]}],
                },
            },
        },
    })
}
