//! A place on a real cluster for each test: a namespace, an operator with the rights that the
//! chart gives it, a ServiceAccount for workflows.
//!
//! The cluster is the one that `KUBECONFIG` names; without it every test says that it was
//! skipped. The connection there must be an administrator's.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod rights;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use asl::Value;
use asl::errors::Fault;
use asl::machine::TaskRequest;
use asl::resource::Resource;
use engine::ports::{ExecutionKey, Identity, Task, TaskProgress, TaskRunner, TaskUpdate};
use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Client, Config};
use tasks::{ClusterIdentity, KubernetesTasks, Settings};
use tokio::sync::mpsc;

use rights::{grant, request_token, wait_for_rights};

/// What the tests' cluster is called.
pub const CLUSTER: &str = "EKSCluster";
/// The user that workflows become by their role.
pub const ROLE_USER: &str = "sfn-integration";

/// One test's place on the cluster.
pub struct Place {
    /// The connection of the person who runs the tests.
    pub admin: Client,
    /// The same, to be used otherwise.
    pub admin_connection: Config,
    /// The test's own namespace.
    pub namespace: String,
    /// The operator's connection.
    pub operator: Config,
}

/// What became of a task.
pub struct Ended {
    /// Its result.
    pub result: Result<Value, Fault>,
    /// The answer to its request, for `.sync`.
    pub submitted: Option<Value>,
    /// All that people saw meanwhile.
    pub progress: Vec<TaskProgress>,
}

impl Place {
    /// A new namespace, and an operator with the chart's rights that may act as the
    /// ServiceAccount `workflow`, which may do all with Jobs, pods and ConfigMaps there.
    ///
    /// Gives none, and says so, where there is no cluster.
    pub async fn new(test: &str) -> Option<Self> {
        if std::env::var_os("KUBECONFIG").is_none() {
            eprintln!("{test}: SKIPPED, as KUBECONFIG names no cluster; `make cluster` makes one");
            return None;
        }
        let config = Config::infer().await.expect("KUBECONFIG can be read");
        let admin = Client::try_from(config.clone()).expect("KUBECONFIG can be used");
        let namespace = format!("{test}-{}", unique());
        apply(&admin, None, "v1", "Namespace", &namespace, "{}").await;
        for account in ["operator", "workflow", "stranger"] {
            apply(
                &admin,
                Some(&namespace),
                "v1",
                "ServiceAccount",
                account,
                "{}",
            )
            .await;
        }
        grant(&admin, &namespace).await;
        wait_for_rights(&admin, &namespace).await;
        let token = request_token(&admin, &namespace).await;
        let mut operator = config.clone();
        operator.auth_info = kube::config::AuthInfo::default();
        operator.auth_info.token = Some(token.into());
        Some(Self {
            admin,
            admin_connection: config,
            namespace,
            operator,
        })
    }

    /// The settings of a runner here.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let cluster = ClusterIdentity {
            name: CLUSTER.into(),
            aliases: vec!["home".into()],
            endpoint: "https://api.example".into(),
            certificate_authority: "LS0t".into(),
            region: "us-west-1".into(),
            account: "123456789012".into(),
            ..ClusterIdentity::default()
        };
        Settings::new(self.operator.clone(), cluster)
    }

    /// A runner with the usual settings.
    #[must_use]
    pub fn runner(&self) -> KubernetesTasks {
        KubernetesTasks::new(self.settings()).expect("the operator's connection can be used")
    }

    /// A task of a new execution, as the ServiceAccount `workflow`; the cluster's parameters are
    /// added. `NS` in the parameters is the test's namespace.
    #[must_use]
    pub fn task(&self, resource: &str, parameters: &str) -> Task {
        let parameters = parameters.replace("NS", &self.namespace);
        let parameters = format!(
            r#"{{"ClusterName":"{CLUSTER}","Endpoint":"https://nowhere.example","CertificateAuthority":"LS0t",{parameters}}}"#
        );
        Task {
            execution: ExecutionKey {
                namespace: self.namespace.as_str().into(),
                name: "run".into(),
                uid: format!("{}-0000", unique()).into(),
            },
            identity: Identity::ServiceAccount("workflow".into()),
            request: TaskRequest {
                task: 7,
                state: "The task".into(),
                resource: Arc::new(
                    Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap(),
                ),
                parameters: asl::value::parse(&parameters).expect("parameters are JSON"),
                credentials: None,
                token: None,
                deadline: None,
            },
            resumed: false,
            submitted: false,
            retain_jobs: false,
            leaving: Arc::default(),
        }
    }

    /// A `.sync` task that runs a busybox Job: `containers` maps names to shell scripts.
    #[must_use]
    pub fn job_task(&self, name: &str, spec: &str, script: &str, options: &str) -> Task {
        let script = serde_json::to_string(script).unwrap();
        self.task(
            "eks:runJob.sync",
            &format!(
                r#""Namespace":"NS","LogOptions":{options},"Job":{{"metadata":{{"name":"{name}"}},"spec":{{"backoffLimit":0{spec},"template":{{"spec":{{"restartPolicy":"Never","terminationGracePeriodSeconds":0,"containers":[{{"name":"main","image":"busybox","command":["sh","-c",{script}]}}]}}}}}}}}"#
            ),
        )
    }

    /// The Jobs of this name: none or one.
    pub async fn job(&self, name: &str) -> Option<DynamicObject> {
        let api = self.api("batch/v1", "Job");
        api.get_opt(name).await.expect("Jobs can be read")
    }

    /// Objects of the test's namespace.
    #[must_use]
    pub fn api(&self, version: &str, kind: &str) -> Api<DynamicObject> {
        api(&self.admin, Some(&self.namespace), version, kind)
    }

    /// Makes or changes an object in the test's namespace.
    pub async fn apply(&self, version: &str, kind: &str, name: &str, content: &str) {
        apply(
            &self.admin,
            Some(&self.namespace),
            version,
            kind,
            name,
            content,
        )
        .await;
    }

    /// Removes all that the test made.
    pub async fn leave(self) {
        for kind in ["ClusterRoleBinding", "ClusterRole"] {
            let api = api(&self.admin, None, "rbac.authorization.k8s.io/v1", kind);
            api.delete(&self.namespace, &DeleteParams::default())
                .await
                .ok();
        }
        let roles = api(
            &self.admin,
            Some("kube-system"),
            "rbac.authorization.k8s.io/v1",
            "RoleBinding",
        );
        roles
            .delete(&self.namespace, &DeleteParams::default())
            .await
            .ok();
        let namespaces = api(&self.admin, None, "v1", "Namespace");
        namespaces
            .delete(&self.namespace, &DeleteParams::background())
            .await
            .ok();
    }
}

/// Runs a task to its end, and listens.
pub async fn run(runner: &KubernetesTasks, task: Task) -> Ended {
    let (updates, mut heard) = mpsc::unbounded_channel();
    let running = runner.run(task, updates);
    let result = tokio::time::timeout(Duration::from_secs(120), running).await;
    let mut ended = Ended {
        result: result.expect("the task ends within two minutes"),
        submitted: None,
        progress: Vec::new(),
    };
    while let Some(update) = heard.recv().await {
        match update {
            TaskUpdate::Submitted(envelope) => ended.submitted = Some(envelope),
            TaskUpdate::Progress(progress) => ended.progress.push(*progress),
            TaskUpdate::Heartbeat => {}
        }
    }
    ended
}

/// The value at a path of members; `0` is an array's first item. Null where there is none.
#[must_use]
pub fn at(value: &Value, path: &str) -> Value {
    path.split('/').fold(value.clone(), |value, member| {
        let item = member.parse::<usize>().ok();
        let item = item.and_then(|item| value.as_array()?.get(item).cloned());
        item.or_else(|| value.get(member).cloned())
            .unwrap_or_default()
    })
}

/// Returns when `check` gives something, within half a minute.
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, check: impl Fn() -> F) -> T {
    for _ in 0..300 {
        if let Some(found) = check().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not within half a minute: {what}");
}

/// Makes or changes an object that has no namespace.
pub async fn apply_cluster_wide(
    client: &Client,
    version: &str,
    kind: &str,
    name: &str,
    content: &str,
) {
    apply(client, None, version, kind, name, content).await;
}

fn unique() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let time = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis() % 100_000_000;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{time}-{}-{count}", std::process::id())
}

fn api(client: &Client, namespace: Option<&str>, version: &str, kind: &str) -> Api<DynamicObject> {
    let (group, version) = version.split_once('/').unwrap_or(("", version));
    let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, kind));
    match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    }
}

async fn apply(
    client: &Client,
    namespace: Option<&str>,
    version: &str,
    kind: &str,
    name: &str,
    content: &str,
) {
    let mut object: serde_json::Value = serde_json::from_str(content).expect("content is JSON");
    object["apiVersion"] = version.into();
    object["kind"] = kind.into();
    object["metadata"]["name"] = name.into();
    let api = api(client, namespace, version, kind);
    let parameters = PatchParams::apply("integration").force();
    api.patch(name, &parameters, &Patch::Apply(&object))
        .await
        .unwrap_or_else(|error| panic!("{kind} {name} can be applied: {error}"));
}
