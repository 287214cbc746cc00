//! `sfn run --kubeconfig`, on the cluster that `KUBECONFIG` names; without it the tests say that
//! they were skipped.

use crate::sfn::{Done, sfn};
use serde_json::{Value, json};

fn kubeconfig() -> Option<String> {
    let named = std::env::var("KUBECONFIG").ok();
    if named.is_none() {
        eprintln!("SKIPPED, as KUBECONFIG names no cluster; `make cluster` makes one");
    }
    named
}

fn job(script: &str) -> String {
    json!({
        "StartAt": "Run",
        "States": {
            "Run": {
                "Type": "Task",
                "Resource": "arn:aws:states:::eks:runJob.sync",
                "Parameters": {
                    "ClusterName": "home",
                    "Endpoint": "https://nowhere.example",
                    "CertificateAuthority": "LS0t",
                    "LogOptions": {"RetrieveLogs": true},
                    "Job": {
                        "apiVersion": "batch/v1",
                        "kind": "Job",
                        "metadata": {"generateName": "sfn-run-"},
                        "spec": {
                            "backoffLimit": 0,
                            "ttlSecondsAfterFinished": 60,
                            "template": {"spec": {
                                "restartPolicy": "Never",
                                "containers": [{"name": "c", "image": "busybox", "command": ["sh", "-c", script]}],
                            }},
                        },
                    },
                },
                "ResultSelector": {"log.$": "$.logs..log"},
                "End": true,
            },
        },
    })
    .to_string()
}

/// Runs a Job in the cluster, which tasks call "home", where there is one.
fn run_job(cluster: &str, script: &str) -> Option<Done> {
    let kubeconfig = kubeconfig()?;
    let flags = ["--kubeconfig", &kubeconfig, "--cluster-name", cluster];
    let arguments = [&["run", "-", "--json"], &flags[..]].concat();
    Some(sfn(&arguments, &job(script)))
}

#[test]
fn a_job_runs_in_the_cluster_and_its_log_comes_back() {
    let Some(done) = run_job("home", "echo '{\"x\": 1}'") else {
        return;
    };
    assert_eq!(done.status, 0, "{}", done.transcript());
    let description: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(description["output"], json!({"log": [{"x": 1}]}));
}

#[test]
fn a_job_that_fails_fails_the_run() {
    let Some(done) = run_job("home", "exit 3") else {
        return;
    };
    assert_eq!(done.status, 1, "{}", done.transcript());
    let description: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(description["status"], "FAILED");
    assert_eq!(description["error"], "States.TaskFailed");
}

#[test]
fn another_cluster_than_the_named_one_is_not_called() {
    let Some(done) = run_job("other", "true") else {
        return;
    };
    assert_eq!(done.status, 1, "{}", done.transcript());
    let description: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(description["error"], "EKS.ClusterNotAllowed");
}
