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
    pub acting: Acting,
    /// What bounds a task.
    pub limits: TaskLimits,
}

impl Settings {
    /// Tasks act as their workflows, without privileged groups, within the default limits.
    #[must_use]
    pub fn new(connection: kube::Config, cluster: ClusterIdentity) -> Self {
        Self {
            connection,
            cluster,
            acting: Acting::AsWorkflow {
                privileged_groups: BTreeSet::new(),
            },
            limits: TaskLimits::default(),
        }
    }
}

/// What EKS would say of the home cluster, the one that the operator runs in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ClusterIdentity {
    /// The `ClusterName` of tasks that mean this cluster.
    pub name: String,
    /// Other names that tasks may call it by.
    pub aliases: Vec<String>,
    /// The API server's URL, as workflows are to see it. Tasks never connect to it.
    pub endpoint: String,
    /// The cluster's certificate authority: PEM text, encoded in Base64.
    pub certificate_authority: String,
    /// The AWS partition in ARNs; empty for the one that the region is in.
    pub partition: String,
    /// The AWS region in ARNs.
    pub region: String,
    /// The AWS account number in ARNs.
    pub account: String,
}

impl ClusterIdentity {
    /// Whether tasks that say `name` mean this cluster.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }

    /// All names, for messages.
    pub(crate) fn names(&self) -> String {
        let names = std::iter::once(&self.name).chain(&self.aliases);
        let quoted: Vec<_> = names.map(|name| format!("'{name}'")).collect();
        quoted.join(", ")
    }

    /// The ARN of the cluster under one of its names, such as
    /// `arn:aws:eks:us-east-1:123456789012:cluster/home`.
    #[must_use]
    pub fn arn(&self, name: &str) -> String {
        let partition = match (self.partition.as_str(), self.region.as_str()) {
            ("", region) if region.starts_with("cn-") => "aws-cn",
            ("", region) if region.starts_with("us-gov-") => "aws-us-gov",
            ("", _) => "aws",
            (given, _) => given,
        };
        let Self {
            region, account, ..
        } = self;
        format!("arn:{partition}:eks:{region}:{account}:cluster/{name}")
    }
}

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
    /// How many requests are on their way at the same time: this many for Jobs, and as many for
    /// calls, of which one namespace has a quarter.
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
    #[case(
        "aws-iso",
        "us-iso-east-1",
        "arn:aws-iso:eks:us-iso-east-1:1:cluster/home"
    )]
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
