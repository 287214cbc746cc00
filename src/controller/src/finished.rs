//! Finished Executions that are not to be kept. Client required.

use crd::{Execution, Lean};
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt as _};

use crate::context::Context;

/// An Execution as it is now; `None` if it has not ended, or is being deleted, or gone.
///
/// # Errors
/// It cannot be read.
pub async fn read_finished(
    context: &Context,
    namespace: &str,
    name: &str,
    uid: &str,
) -> Result<Option<Execution>, kube::Error> {
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), namespace);
    let found = executions.get_opt(name).await?;
    let found = found.map(|Lean(execution)| execution);
    Ok(found.filter(|execution| execution.uid().as_deref() == Some(uid) && is_finished(execution)))
}

fn is_finished(execution: &Execution) -> bool {
    execution.metadata.deletion_timestamp.is_none() && execution.has_ended()
}

/// Deletes one, with all it owns, unless it was changed since it was read: it may have been
/// redriven.
///
/// # Errors
/// It was changed, or the request failed.
pub async fn delete_as_read(context: &Context, execution: &Execution) -> Result<(), kube::Error> {
    let namespace = execution.namespace().unwrap_or_default();
    let executions: Api<Lean<Execution>> = Api::namespaced(context.client.clone(), &namespace);
    let params = DeleteParams {
        preconditions: Some(Preconditions {
            uid: execution.uid(),
            resource_version: execution.resource_version(),
        }),
        ..DeleteParams::background()
    };
    executions.delete(&execution.name_any(), &params).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use crd::{ExecutionStatus, RunStatus, Time};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::runs(RunStatus::Running, false, false)]
    #[case::failed(RunStatus::Failed, false, true)]
    #[case::leaves(RunStatus::Failed, true, false)]
    fn what_ended_and_stays_is_finished(
        #[case] status: RunStatus,
        #[case] deleting: bool,
        #[case] expected: bool,
    ) {
        let mut execution = Execution::new("e", crd::ExecutionSpec::default());
        execution.status = Some(ExecutionStatus {
            status: Some(status),
            ..ExecutionStatus::default()
        });
        let time = deleting.then_some(Time(jiff::Timestamp::UNIX_EPOCH));
        execution.metadata.deletion_timestamp = time;
        assert_eq!(is_finished(&execution), expected);
    }
}
