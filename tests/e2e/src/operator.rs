//! The operator as the chart installed it: its pods, its log, and what befalls it.

use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::Pod;
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

/// Ends the process of a container as the kernel does when memory runs out: from outside, since
/// the first process of a container cannot be killed from within. `ID` is the container's.
const KILL: &str = r#"
found=
for process in /proc/[0-9]*; do
  if grep -q "$ID" "$process/cgroup" 2>/dev/null; then
    kill -9 "${process#/proc/}" && found=1
  fi
done
test -n "$found"
"#;

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
        let (id, restarts) = container(&leader).expect("a container that runs");
        let node = leader.spec.as_ref().and_then(|spec| spec.node_name.clone());
        let node = node.expect("a node");
        let overrides = serde_json::json!({"spec": {
            "hostPID": true,
            "nodeName": node,
            "containers": [{
                "name": "kill",
                "image": "busybox",
                "command": ["sh", "-c", KILL],
                "env": [{"name": "ID", "value": id.rsplit('/').next()}],
                "securityContext": {"privileged": true},
            }],
        }});
        let overrides = format!("--overrides={overrides}");
        let arguments = [
            "run",
            "kill",
            "-n",
            namespace,
            "--image=busybox",
            "--restart=Never",
        ];
        let _ = kubectl(
            &[&arguments[..], &["--rm", "--attach", "--quiet", &overrides]].concat(),
            "",
        );
        let name = leader.name_any();
        wait_for(&self.pods(), &name, "running again", LIMIT, |pod| {
            let again = pod.and_then(container);
            pod.is_some_and(is_ready) && again.is_some_and(|(_, count)| count > restarts)
        })
        .await;
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
