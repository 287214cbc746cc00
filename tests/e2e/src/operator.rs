//! The operator as the chart installed it: its pods, its log, and what befalls it.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::api::core::v1::Pod;
use kube::api::PostParams;
use kube::runtime::watcher::Config;
use kube::{Api, Client, ResourceExt};

use crate::kubectl::{kubectl, try_kubectl};
use crate::watch::{wait_for, wait_for_all};

/// The namespace it is installed in.
pub const NAMESPACE: &str = "sfn-system";
/// The name of release, Deployment, and Lease.
pub const NAME: &str = "sfn-operator";
/// The label of its pods.
const LABEL: &str = "app.kubernetes.io/name=sfn-operator";
/// A new pod may have to wait for a lease of 15 seconds to expire.
const LIMIT: Duration = Duration::from_secs(90);

/// Sends a signal to the processes of a container from outside, as the kernel does when memory
/// runs out: the first process of a container cannot be killed from within.
const SIGNAL: &str = r#"
found=
for process in /proc/[0-9]*; do
  if grep -q "$1" "$process/cgroup" 2>/dev/null; then
    kill "-$2" "${process#/proc/}" && found=1
  fi
done
test -n "$found"
"#;
/// The pod that signals are sent from.
pub const SIGNALLER: &str = "signaller";

/// Stops the test where the operator is not installed.
///
/// # Panics
/// It is not.
pub async fn expect_installed(client: &Client) {
    let deployments = Api::<Deployment>::namespaced(client.clone(), NAMESPACE);
    let found = deployments.get_opt(NAME).await;
    let found = found.expect("the cluster that KUBECONFIG names can be reached");
    let replicas = found.and_then(|deployment| deployment.status?.available_replicas);
    assert!(
        replicas.unwrap_or(0) > 0,
        "the operator is not installed, or not available: run tests/e2e/install"
    );
}

/// The end of its log, as far as it is about a namespace or a warning.
#[must_use]
pub fn log_about(namespace: &str) -> String {
    let arguments = [
        "logs",
        "-n",
        NAMESPACE,
        "-l",
        LABEL,
        "--tail=2000",
        "--prefix=false",
    ];
    let log = try_kubectl(&arguments, "").stdout;
    let shown = |line: &&str| {
        line.contains(namespace) || line.contains("ERROR") || line.contains("panicked")
    };
    let lines: Vec<&str> = log.lines().filter(shown).collect();
    let start = lines.len().saturating_sub(60);
    lines[start..].join("\n")
}

/// The operator, for tests that disturb it.
pub struct Operator {
    client: Client,
}

impl Operator {
    /// The installed one.
    #[must_use]
    pub fn new(client: &Client) -> Self {
        Self {
            client: client.clone(),
        }
    }

    fn pods(&self) -> Api<Pod> {
        Api::namespaced(self.client.clone(), NAMESPACE)
    }

    /// Waits until exactly so many pods are there, and ready.
    ///
    /// # Panics
    /// They are not within the limit.
    pub async fn until_ready(&self, count: usize) -> Vec<Pod> {
        let what = format!("{count} ready pods of the operator");
        let config = Config::default().labels(LABEL);
        wait_for_all(&self.pods(), config, &what, LIMIT, |pods| {
            pods.len() == count && pods.iter().all(is_ready)
        })
        .await
    }

    /// The pod that leads, once it is ready.
    ///
    /// # Panics
    /// None does within the limit.
    pub async fn leader(&self) -> Pod {
        let pods = self.until_ready(self.replicas().await).await;
        let names: Vec<String> = pods.iter().map(Pod::name_any).collect();
        let leases = Api::<Lease>::namespaced(self.client.clone(), NAMESPACE);
        let lease = wait_for(&leases, NAME, "held by a pod", LIMIT, |lease| {
            holder(lease).is_some_and(|holder| names.contains(&holder))
        })
        .await;
        let holder = holder(lease.as_ref()).expect("a holder");
        let mut pods = pods.into_iter();
        pods.find(|pod| pod.name_any() == holder).expect("its pod")
    }

    async fn replicas(&self) -> usize {
        let deployments = Api::<Deployment>::namespaced(self.client.clone(), NAMESPACE);
        let deployment = deployments.get(NAME).await.expect("the Deployment");
        let replicas = deployment.spec.and_then(|spec| spec.replicas);
        usize::try_from(replicas.unwrap_or(1)).expect("not negative")
    }

    /// Ends the leader's process by SIGKILL, from a pod in `namespace`; waits until its
    /// container runs again.
    ///
    /// # Panics
    /// It cannot be done.
    pub async fn kill(&self, namespace: &str) {
        let leader = self.leader().await;
        let signals = self.signals(namespace).await;
        signals.send(&leader, "KILL");
        self.until_restarted(&leader).await;
    }

    /// Waits until the pod's container runs again, and is ready. Gives its last exit status.
    ///
    /// # Panics
    /// It does not within the limit.
    pub async fn until_restarted(&self, pod: &Pod) -> Option<i32> {
        let (_, restarts) = container(pod).expect("a container that runs");
        let (pods, name) = (self.pods(), pod.name_any());
        let pod = wait_for(&pods, &name, "running again", LIMIT, |pod| {
            let again = pod.and_then(container);
            pod.is_some_and(is_ready) && again.is_some_and(|(_, count)| count > restarts)
        });
        let status = pod.await?.status?.container_statuses?.into_iter().next()?;
        Some(status.last_state?.terminated?.exit_code)
    }

    /// Readies what sends signals to the processes of the operator's pods: a pod in `namespace`,
    /// on their node.
    ///
    /// # Panics
    /// It cannot be done.
    pub async fn signals(&self, namespace: &str) -> Signals {
        let leader = self.leader().await;
        let node = leader.spec.as_ref().and_then(|spec| spec.node_name.clone());
        let pod = serde_json::json!({
            "metadata": {"name": SIGNALLER},
            "spec": {
                "hostPID": true,
                "nodeName": node.expect("a node"),
                "terminationGracePeriodSeconds": 0,
                "containers": [{
                    "name": "main",
                    "image": "busybox",
                    "command": ["sleep", "3600"],
                    "securityContext": {"privileged": true},
                }],
            },
        });
        let pod = serde_json::from_value::<Pod>(pod).expect("a pod");
        let pods = Api::<Pod>::namespaced(self.client.clone(), namespace);
        let created = pods.create(&PostParams::default(), &pod).await;
        let _ = created.expect("a privileged pod can be created");
        wait_for(&pods, SIGNALLER, "running", LIMIT, |pod| {
            pod.is_some_and(is_ready)
        })
        .await;
        Signals {
            namespace: namespace.to_owned(),
        }
    }

    /// The Lease, once this is so of it.
    ///
    /// # Panics
    /// It is not within the limit.
    pub async fn until_lease(&self, what: &str, holds: impl Fn(&LeaseSpec) -> bool) -> LeaseSpec {
        let leases = Api::<Lease>::namespaced(self.client.clone(), NAMESPACE);
        let lease = wait_for(&leases, NAME, what, LIMIT, |lease| {
            lease
                .and_then(|lease| lease.spec.as_ref())
                .is_some_and(&holds)
        });
        lease
            .await
            .and_then(|lease| lease.spec)
            .expect("it has one")
    }

    /// Removes a pod at once, as when its node is lost; another takes its place.
    ///
    /// # Panics
    /// It cannot be done.
    pub fn lose(&self, pod: &Pod) {
        let name = pod.name_any();
        let arguments = [
            "delete",
            "pod",
            "-n",
            NAMESPACE,
            &name,
            "--grace-period=0",
            "--force",
        ];
        let _ = kubectl(&arguments, "");
    }

    /// Restarts it as an upgrade does.
    ///
    /// # Panics
    /// It cannot be done.
    pub fn restart(&self) {
        let _ = kubectl(
            &["rollout", "restart", "-n", NAMESPACE, "deployment", NAME],
            "",
        );
        let limit = format!("--timeout={}s", LIMIT.as_secs());
        let arguments = [
            "rollout",
            "status",
            "-n",
            NAMESPACE,
            "deployment",
            NAME,
            &limit,
        ];
        let _ = kubectl(&arguments, "");
    }

    /// Runs so many replicas, and waits until it is so.
    ///
    /// # Panics
    /// It cannot be done.
    pub async fn scale(&self, replicas: usize) {
        let replicas_flag = format!("--replicas={replicas}");
        let _ = kubectl(
            &["scale", "-n", NAMESPACE, "deployment", NAME, &replicas_flag],
            "",
        );
        self.until_ready(replicas).await;
    }
}

/// Sends signals to the processes of pods.
pub struct Signals {
    namespace: String,
}

impl Signals {
    /// Sends a signal, such as `STOP`, to the processes of the pod's only container.
    ///
    /// # Panics
    /// It has none.
    pub fn send(&self, pod: &Pod, signal: &str) {
        let (id, _) = container(pod).expect("a container that runs");
        let id = id.rsplit('/').next().unwrap_or_default();
        let arguments = ["exec", "-n", &self.namespace, SIGNALLER, "--"];
        let command = ["sh", "-c", SIGNAL, "signal", id, signal];
        let _ = kubectl(&[&arguments[..], &command].concat(), "");
    }
}

fn holder(lease: Option<&Lease>) -> Option<String> {
    lease?.spec.as_ref()?.holder_identity.clone()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    let is_leaving = pod.metadata.deletion_timestamp.is_some();
    let mut conditions = conditions.into_iter().flatten();
    !is_leaving && conditions.any(|found| found.type_ == "Ready" && found.status == "True")
}

/// The id of the pod's only container, and how often it was started again.
fn container(pod: &Pod) -> Option<(String, i32)> {
    let container = pod.status.as_ref()?.container_statuses.as_ref()?.first()?;
    Some((container.container_id.clone()?, container.restart_count))
}
