//! Whether a round came to what it must have come to. Findings are sentences; none is good.

pub mod history;
pub mod leaks;
pub mod once;
pub mod outcome;

use std::collections::BTreeMap;

use anyhow::Result;
use crd::Execution;

use crate::ground::Ground;
use crate::workload::{Case, End};

/// What is wrong with executions that ended.
///
/// # Errors
/// The cluster cannot be asked.
pub async fn judge_ended(
    ground: &Ground,
    cases: &[Case],
    executions: &BTreeMap<String, Execution>,
) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for case in cases {
        let execution = executions.get(case.name);
        findings.extend(outcome::judge(case, execution));
        let Some(execution) = execution.filter(|_| case.end != End::Gone) else {
            continue;
        };
        match e2e::history::read(&ground.client, execution).await {
            Ok(events) => findings.extend(history::judge(case, execution, &events)),
            Err(why) => findings.push(format!("{}: its history cannot be read: {why}", case.name)),
        }
    }
    findings.extend(once::judge(ground, cases).await?);
    Ok(findings)
}
