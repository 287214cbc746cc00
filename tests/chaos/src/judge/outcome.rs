//! Each execution has the outcome and the output that it has when nothing goes wrong.

use crd::{Execution, RunStatus};

use crate::workload::{Case, End, Intervention};

/// Whether there is nothing left to wait for.
pub fn has_ended(case: &Case, execution: Option<&Execution>) -> bool {
    let status = execution.and_then(|execution| execution.status.as_ref());
    let redrives = match case.intervention {
        Some(Intervention::Redrive) => 1,
        _ => 0,
    };
    match case.end {
        End::Gone => execution.is_none(),
        _ => status.is_some_and(|status| {
            let redriven = status.redrive_count.unwrap_or_default() == redrives;
            redriven && status.status.is_some_and(RunStatus::is_finished)
        }),
    }
}

/// What is wrong with how an execution ended.
pub fn judge(case: &Case, execution: Option<&Execution>) -> Option<String> {
    let name = case.name;
    let status = execution.and_then(|execution| execution.status.clone());
    let found = status.unwrap_or_default();
    let summary = || {
        let outcome = found.status.map_or("no status", RunStatus::as_str);
        let output = found.output.as_ref().map(ToString::to_string);
        let parts = [output, found.error.clone(), found.cause.clone()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let states = found.current_states.join(", ");
        format!("{outcome} [{states}] {}", parts.join(" "))
    };
    match &case.end {
        End::Gone if execution.is_none() => None,
        End::Gone => Some(format!(
            "{name}: it was deleted and is still there: {}",
            summary()
        )),
        _ if execution.is_none() => Some(format!("{name}: it is not there")),
        End::Output(output) => {
            let right =
                found.status == Some(RunStatus::Succeeded) && found.output.as_ref() == Some(output);
            (!right).then(|| format!("{name}: expected SUCCEEDED {output}, found {}", summary()))
        }
        End::Error(status, error) => {
            let right = found.status == Some(*status) && found.error.as_deref() == Some(*error);
            (!right).then(|| {
                format!(
                    "{name}: expected {} {error}, found {}",
                    status.as_str(),
                    summary()
                )
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{has_ended, judge};
    use crate::workload::build_cases;
    use crd::{Execution, ExecutionStatus, RunStatus};
    use serde_json::json;

    fn execution(status: RunStatus, output: serde_json::Value) -> Execution {
        let mut execution = Execution::new("job", crd::ExecutionSpec::default());
        execution.status = Some(ExecutionStatus {
            status: Some(status),
            output: Some(output),
            ..ExecutionStatus::default()
        });
        execution
    }

    #[test]
    fn another_output_is_told_of_and_the_same_is_not() {
        let cases = build_cases("n");
        let job = cases.iter().find(|case| case.name == "job").unwrap();
        let same = execution(RunStatus::Succeeded, json!({"kept": [42]}));
        assert_eq!(judge(job, Some(&same)), None);
        let other = execution(RunStatus::Succeeded, json!({"kept": []}));
        assert_eq!(
            judge(job, Some(&other)).unwrap(),
            r#"job: expected SUCCEEDED {"kept":[42]}, found SUCCEEDED [] {"kept":[]}"#
        );
        assert_eq!(judge(job, None).unwrap(), "job: it is not there");
    }

    #[test]
    fn an_execution_that_is_deleted_ends_when_it_is_gone() {
        let cases = build_cases("n");
        let deleted = cases.iter().find(|case| case.name == "deleted").unwrap();
        let there = execution(RunStatus::Aborted, json!(null));
        assert!(has_ended(deleted, None) && !has_ended(deleted, Some(&there)));
    }
}
