//! What people see of a Job that runs, in `status.tasks[]` of the Execution.

use engine::ports::TaskProgress;

use super::view::{End, JobView, Observed};
use crate::parameters::shortened;

/// How many pods are named.
const PODS: usize = 5;
/// How much of a log is shown.
const LOG_TAIL_BYTES: usize = 1024;
/// How many of its last lines.
const LOG_TAIL_LINES: usize = 10;

/// What the runner itself adds to what is observed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Remarks {
    /// On the identity of the task.
    pub(crate) identity: Option<String>,
    /// What keeps the runner itself from getting on.
    pub(crate) trouble: Option<String>,
    /// The end of the newest log.
    pub(crate) log_tail: Option<String>,
}

/// What people see.
pub(crate) fn build_progress(observed: &Observed, remarks: &Remarks) -> TaskProgress {
    let job = observed.job.as_ref();
    let newest = observed.pods.iter().rev().take(PODS);
    let mut pods: Vec<_> = newest.map(|pod| pod.name.clone()).collect();
    pods.reverse();
    TaskProgress {
        job_name: job.map(|job| job.name.clone()),
        job_namespace: job.map(|job| job.namespace.clone()),
        job_uid: job.map(|job| job.uid.clone()),
        active: job.map_or(0, |job| job.active),
        succeeded: job.map_or(0, |job| job.succeeded),
        failed: job.map_or(0, |job| job.failed),
        pods,
        log_tail: remarks.log_tail.clone(),
        message: build_message(job, observed, remarks),
    }
}

fn build_message(job: Option<&JobView>, observed: &Observed, remarks: &Remarks) -> Option<String> {
    let end = job.and_then(|job| match job.end.as_ref()? {
        End::Failed(_, why) => Some(why.clone()),
        End::Deleted => Some("the Job was deleted before it finished".to_owned()),
        End::Complete(_) => None,
    });
    let complete = job.is_some_and(|job| matches!(job.end, Some(End::Complete(_))));
    let pods = observed.pods.iter().rev();
    let pod = pods
        .filter_map(|pod| Some(format!("pod {}: {}", pod.name, pod.trouble.as_ref()?)))
        .find(|_| !complete);
    let parts = [end, pod, remarks.trouble.clone(), remarks.identity.clone()];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| shortened(&parts.join("; "), 1024))
}

/// The last lines of a log.
pub(crate) fn tail(log: &str) -> String {
    let start = log.ceil_char_boundary(log.len().saturating_sub(LOG_TAIL_BYTES));
    let end = log.get(start..).unwrap_or_default().trim_end();
    let mut lines: Vec<_> = end.lines().rev().take(LOG_TAIL_LINES).collect();
    lines.reverse();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Remarks, build_progress, tail};
    use crate::run_job::view::{End, JobView, Observed, PodView};
    use asl::Value;

    fn observed(end: Option<End>) -> Observed {
        let pods = (0..7).map(|index| PodView {
            name: format!("pod-{index}"),
            created: index.to_string(),
            containers: Vec::new(),
            trouble: (index == 6).then(|| "container main: Error: exit code 1".to_owned()),
        });
        Observed {
            job: Some(JobView {
                namespace: "ns".into(),
                name: "job".into(),
                uid: "uid".into(),
                active: 1,
                succeeded: 2,
                failed: 3,
                end,
            }),
            pods: pods.collect(),
            ..Observed::default()
        }
    }

    #[test]
    fn the_newest_pods_are_named_and_their_trouble_is_told() {
        let progress = build_progress(&observed(None), &Remarks::default());
        assert_eq!(progress.pods, ["pod-2", "pod-3", "pod-4", "pod-5", "pod-6"]);
        assert_eq!(
            (progress.active, progress.succeeded, progress.failed),
            (1, 2, 3)
        );
        assert_eq!(
            progress.message.unwrap(),
            "pod pod-6: container main: Error: exit code 1"
        );
    }

    #[test]
    fn the_end_comes_first_and_remarks_last() {
        let end = End::Failed(Value::Null, "BackoffLimitExceeded: x".into());
        let remarks = Remarks {
            identity: Some("without groups".into()),
            ..Remarks::default()
        };
        assert_eq!(
            build_progress(&observed(Some(end)), &remarks)
                .message
                .unwrap(),
            "BackoffLimitExceeded: x; pod pod-6: container main: Error: exit code 1; without groups"
        );
    }

    #[test]
    fn a_complete_job_has_no_trouble_any_more() {
        let end = End::Complete(Value::Null);
        assert_eq!(
            build_progress(&observed(Some(end)), &Remarks::default()).message,
            None
        );
    }

    #[test]
    fn the_tail_of_a_log_is_its_last_lines() {
        let log: String = (0..100).map(|line| format!("{line}\n")).collect();
        assert_eq!(tail(&log), "90\n91\n92\n93\n94\n95\n96\n97\n98\n99");
        assert!(tail(&"ä".repeat(5000)).len() <= 1024);
    }
}
