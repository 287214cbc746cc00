//! Nothing is left of what was deleted, but the Jobs that workflows made to stay.

use std::collections::BTreeMap;

use anyhow::Result;
use crd::{Execution, ExecutionPage, StateMachine};
use k8s_openapi::api::apps::v1::ControllerRevision;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;

use crate::ground::Ground;
use crate::workload::Case;

/// What is left that should not be.
///
/// # Errors
/// The cluster cannot be asked.
pub async fn find(ground: &Ground, cases: &[Case]) -> Result<Vec<String>> {
    let mut leaks = Vec::new();
    for (name, execution) in ground.list::<Execution>().await? {
        let held = execution.finalizers().join(", ");
        leaks.push(format!("Execution {name} is left, held by [{held}]"));
    }
    for (name, machine) in ground.list::<StateMachine>().await? {
        let held = machine.finalizers().join(", ");
        leaks.push(format!("StateMachine {name} is left, held by [{held}]"));
    }
    for name in ground.list::<ExecutionPage>().await?.keys() {
        leaks.push(format!("ExecutionPage {name} is left"));
    }
    for name in ground.list::<ControllerRevision>().await?.keys() {
        leaks.push(format!("ControllerRevision {name} is left"));
    }
    let jobs = ground.list::<Job>().await?;
    leaks.extend(find_jobs(&jobs, cases));
    for (name, pod) in ground.list::<Pod>().await? {
        let owner = pod.labels().get("batch.kubernetes.io/job-name");
        if !owner.is_some_and(|owner| jobs.contains_key(owner)) {
            leaks.push(format!("pod {name} is left, without its Job"));
        }
    }
    Ok(leaks)
}

fn find_jobs(jobs: &BTreeMap<String, Job>, cases: &[Case]) -> Vec<String> {
    let mut leaks = Vec::new();
    for case in cases {
        let prefix = format!("{}-", case.name);
        let names = jobs.keys().filter(|name| name.starts_with(&prefix));
        let names: Vec<_> = names.collect();
        if names.len() != case.jobs_left {
            let expected = case.jobs_left;
            leaks.push(format!(
                "{}: Jobs left: {names:?}, expected {expected}",
                case.name
            ));
        }
    }
    leaks
}
