//! `sfn run --kubeconfig`, on the cluster that `KUBECONFIG` names; without it the tests say that
//! they were skipped.

use crate::sfn::sfn;
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

#[test]
fn a_job_runs_in_the_cluster_and_its_log_comes_back() {
    let Some(kubeconfig) = kubeconfig() else {
        return;
    };
    let arguments = [
        "run",
        "-",
        "--kubeconfig",
        &kubeconfig,
        "--cluster-name",
        "home",
    ];
    let done = sfn(&arguments, &job("echo '{\"x\": 1}'"));
    assert_eq!(done.status, 0, "{}", done.transcript());
    let output: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(output, json!({"log": [{"x": 1}]}));
}

#[test]
fn a_job_that_fails_fails_the_run() {
    let Some(kubeconfig) = kubeconfig() else {
        return;
    };
    let arguments = [
        "run",
        "-",
        "--kubeconfig",
        &kubeconfig,
        "--cluster-name",
        "home",
        "--json",
    ];
    let done = sfn(&arguments, &job("exit 3"));
    assert_eq!(done.status, 1, "{}", done.transcript());
    let description: Value = serde_json::from_str(&done.stdout).unwrap();
    assert_eq!(description["status"], "FAILED");
    assert_eq!(description["error"], "States.TaskFailed");
}

#[test]
fn another_cluster_than_the_named_one_is_not_called() {
    let Some(kubeconfig) = kubeconfig() else {
        return;
    };
    let arguments = [
        "run",
        "-",
        "--kubeconfig",
        &kubeconfig,
        "--cluster-name",
        "other",
    ];
    let done = sfn(&arguments, &job("true"));
    assert_eq!(done.status, 1, "{}", done.transcript());
    assert!(
        done.stderr.contains("FAILED: EKS.ClusterNotAllowed: "),
        "{}",
        done.stderr
    );
}
