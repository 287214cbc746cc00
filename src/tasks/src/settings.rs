//! What the wiring decides: which cluster is home, whose rights tasks have, what bounds them.

use std::collections::BTreeSet;
use std::time::Duration;

/// How tasks reach the home cluster, and what they may do there.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The connection to the home cluster. Its credentials are the operator's own.
    pub connection: kube::Config,
    /// What the home cluster is called.
    pub cluster: ClusterIdentity,
    /// Whose rights tasks have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acting {
    /// Those of the state machine, by impersonation: the operator's own rights never serve a
    /// workflow's request.
    AsWorkflow {
        /// Groups beginning with `system:` that `aws-auth` may give to a role. All others of
        /// that kind are left out.
        privileged_groups: BTreeSet<String>,
    },
    /// Those of the connection itself: for a person who runs a definition from a command line
    /// with their own kubeconfig.
    AsConnection,
}

/// What bounds a task in size and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskLimits {
    /// The largest result of a task, in bytes of JSON text (AWS: 262,144).
    pub payload_bytes: usize,
    /// The longest Cause of a failed task, in bytes (AWS: 32,768).
    pub cause_bytes: usize,
    /// How long the answer to one request may take, to its last byte.
    pub answer_time: Duration,
    /// How long a request is tried again while the API server cannot take it.
    pub retry_time: Duration,
    /// How many requests of tasks are on their way at the same time.
    pub requests_at_once: usize,
    /// How many logs are read at the same time.
    pub log_reads_at_once: usize,
    /// How many bytes of logs are held for Jobs that still run, of all tasks together. Beyond,
    /// logs are read only when a Job has ended.
    pub early_log_bytes: usize,
}

impl Default for TaskLimits {
    fn default() -> Self {
        Self {
            payload_bytes: 256 * 1024,
            cause_bytes: 32 * 1024,
            answer_time: Duration::from_mins(2),
            retry_time: Duration::from_mins(2),
            requests_at_once: 64,
            log_reads_at_once: 16,
            early_log_bytes: 64 * 1024 * 1024,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ClusterIdentity;
    use rstest::rstest;

    #[rstest]
    #[case("", "us-east-1", "arn:aws:eks:us-east-1:1:cluster/home")]
    #[case("", "cn-north-1", "arn:aws-cn:eks:cn-north-1:1:cluster/home")]
    #[case("", "us-gov-west-1", "arn:aws-us-gov:eks:us-gov-west-1:1:cluster/home")]
    #[case("aws-iso", "us-iso-east-1", "arn:aws-iso:eks:us-iso-east-1:1:cluster/home")]
    fn the_arn_names_the_partition(
        #[case] partition: &str,
        #[case] region: &str,
        #[case] arn: &str,
    ) {
        let cluster = ClusterIdentity {
            partition: partition.into(),
            region: region.into(),
            account: "1".into(),
            ..ClusterIdentity::default()
        };
        assert_eq!(cluster.arn("home"), arn);
    }

    #[test]
    fn a_cluster_is_called_by_its_name_or_an_alias() {
        let cluster = ClusterIdentity {
            name: "a".into(),
            aliases: vec!["b".into()],
            ..ClusterIdentity::default()
        };
        let called = ["a", "b", "c", ""].map(|name| cluster.is_called(name));
        assert_eq!(called, [true, true, false, false]);
        assert_eq!(cluster.names(), "'a', 'b'");
    }
}
