//! One test: a namespace of its own, with a ServiceAccount that workflows may use.

use std::sync::atomic::{AtomicU32, Ordering};

use crd::{Execution, StateMachine};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{ObjectMeta, PostParams};
use kube::runtime::watcher::Config;
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::audit::Audit;
use crate::kubectl::{Answer, kubectl, run_program, try_kubectl};
use crate::run::Run;
use crate::watch::{PATIENCE, wait_for, wait_for_all};
use crate::{aws_auth, operator};

/// The label of the tests' namespaces.
pub const LABEL: &str = "e2e.sfn-operator";
/// The ServiceAccount that may do everything in the namespace.
pub const WORKFLOW: &str = "workflow";
/// The ServiceAccount that may do nothing.
pub const LIMITED: &str = "limited";

/// The ServiceAccounts, and what the first may do.
pub const RIGHTS: &str = r#"
apiVersion: v1
kind: ServiceAccount
metadata: {name: workflow}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: limited}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: workflow}
rules:
- apiGroups: ["", apps, batch, sfn.services.k8s.aws]
  resources: ["*"]
  verbs: ["*"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: workflow}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: workflow}
subjects:
- {kind: ServiceAccount, name: workflow}
"#;

static PREPARED: OnceCell<()> = OnceCell::const_new();

/// A test's surroundings. They are removed when it ends; when it fails, what is in them is
/// printed first.
pub struct Scenario {
    /// The administrator's client.
    pub client: Client,
    /// The test's own namespace.
    pub namespace: String,
    /// The API server's audit log, where there is one.
    pub audit: Option<Audit>,
    machines: AtomicU32,
}

impl Scenario {
    /// A new namespace.
    ///
    /// # Panics
    /// There is no cluster, or the operator is not installed in it.
    pub async fn new() -> Self {
        let client = Client::try_default()
            .await
            .expect("KUBECONFIG names a cluster: `make cluster` boots one");
        PREPARED
            .get_or_init(|| async {
                operator::expect_installed(&client).await;
                aws_auth::add(&client, &aws_auth::ENTRIES).await;
            })
            .await;
        let test = std::thread::current().name().unwrap_or("e2e").to_owned();
        let namespace = Namespace {
            metadata: ObjectMeta {
                generate_name: Some("e2e-".to_owned()),
                labels: Some([(LABEL.to_owned(), "test".to_owned())].into()),
                annotations: Some([(LABEL.to_owned(), test)].into()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let namespace = Api::<Namespace>::all(client.clone())
            .create(&PostParams::default(), &namespace)
            .await
            .expect("a namespace can be created");
        let scenario = Self {
            client,
            namespace: namespace.name_any(),
            audit: Audit::begin(),
            machines: AtomicU32::new(0),
        };
        scenario.apply(RIGHTS);
        scenario
    }

    /// An API of the test's namespace.
    #[must_use]
    pub fn api<K>(&self) -> Api<K>
    where
        K: kube::Resource<Scope = kube::core::NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// `kubectl apply` in the test's namespace.
    pub fn apply(&self, yaml: &str) {
        let _ = kubectl(&["apply", "-n", &self.namespace, "-f", "-"], yaml);
    }

    /// `kubectl` in the test's namespace.
    #[must_use]
    pub fn kubectl(&self, arguments: &[&str]) -> String {
        kubectl(&[&["-n", &self.namespace], arguments].concat(), "")
    }

    /// `sfn` about the test's namespace: the binary that cargo built beside these tests.
    ///
    /// # Panics
    /// It is not there.
    #[must_use]
    pub fn sfn(&self, arguments: &[&str]) -> Answer {
        let tests = std::env::current_exe().expect("the path of the tests");
        let built = tests.ancestors().nth(2).expect("cargo's folder");
        let namespace = ["--namespace", &self.namespace];
        run_program(&built.join("sfn"), &[arguments, &namespace].concat(), "")
    }

    /// Why the API server refuses this.
    ///
    /// # Panics
    /// It does not.
    #[must_use]
    pub fn refusal(&self, yaml: &str) -> String {
        let answer = try_kubectl(&["apply", "-n", &self.namespace, "-f", "-"], yaml);
        assert!(!answer.success, "it was accepted: {yaml}");
        answer.stderr
    }

    /// Creates a StateMachine that acts as the ServiceAccount `workflow`, and waits until it is
    /// ready.
    ///
    /// # Panics
    /// It is refused or not ready in time.
    pub async fn state_machine(&self, name: &str, definition: &Value) -> StateMachine {
        let spec = json!({
            "name": name,
            "serviceAccountName": WORKFLOW,
            "definition": definition.to_string(),
        });
        self.state_machine_of(name, spec).await
    }

    /// Creates a StateMachine with this spec, and waits until it is ready.
    ///
    /// # Panics
    /// It is refused or not ready in time.
    pub async fn state_machine_of(&self, name: &str, spec: Value) -> StateMachine {
        self.create_state_machine(name, spec).await;
        self.until_machine(name, "Ready=True", |machine| {
            condition(&machine.status.as_ref()?.conditions, "Ready")
                .map(|(status, _)| status == "True")
        })
        .await
    }

    /// Creates a StateMachine.
    ///
    /// # Panics
    /// It is refused.
    pub async fn create_state_machine(&self, name: &str, spec: Value) {
        let spec = serde_json::from_value(spec).expect("a StateMachine's spec");
        self.api()
            .create(&PostParams::default(), &StateMachine::new(name, spec))
            .await
            .unwrap_or_else(|error| panic!("StateMachine {name}: {error}"));
    }

    /// Waits until this is so of the StateMachine.
    ///
    /// # Panics
    /// It is not within the limit.
    pub async fn until_machine(
        &self,
        name: &str,
        what: &str,
        holds: impl Fn(&StateMachine) -> Option<bool>,
    ) -> StateMachine {
        let machines = self.api::<StateMachine>();
        wait_for(&machines, name, what, PATIENCE, |machine| {
            machine.and_then(&holds) == Some(true)
        })
        .await
        .expect("it is there")
    }

    /// Starts an execution of a StateMachine.
    ///
    /// # Panics
    /// It is refused.
    pub async fn start(&self, machine: &str, input: Value) -> Run<'_> {
        let spec = json!({"stateMachineRef": {"from": {"name": machine}}, "input": input});
        let execution = Execution {
            metadata: ObjectMeta {
                generate_name: Some("run-".to_owned()),
                ..ObjectMeta::default()
            },
            spec: serde_json::from_value(spec).expect("an Execution's spec"),
            status: None,
        };
        let created = self
            .api::<Execution>()
            .create(&PostParams::default(), &execution)
            .await;
        let created = created.unwrap_or_else(|error| panic!("Execution of {machine}: {error}"));
        Run::new(self, &created)
    }

    /// Starts an execution of a definition, as the ServiceAccount `workflow`.
    ///
    /// # Panics
    /// It is refused.
    pub async fn run(&self, definition: &Value, input: Value) -> Run<'_> {
        let name = self.machine_name();
        self.state_machine(&name, definition).await;
        self.start(&name, input).await
    }

    /// Starts an execution of a definition, with the rights that these fields of the
    /// StateMachine's spec give.
    ///
    /// # Panics
    /// It is refused.
    pub async fn run_as(&self, rights: Value, definition: &Value, input: Value) -> Run<'_> {
        let name = self.machine_name();
        let mut spec = rights;
        spec["name"] = json!(name);
        spec["definition"] = json!(definition.to_string());
        self.state_machine_of(&name, spec).await;
        self.start(&name, input).await
    }

    /// Creates an execution whose input is nested in twice so many levels, which not every reader
    /// of JSON can read.
    pub fn create_deep_execution(&self, name: &str, machine: &str, levels: usize) {
        let (open, close) = (r#"{"a":["#.repeat(levels), "]}".repeat(levels));
        let execution = format!(
            r#"{{"apiVersion": "sfn.services.k8s.aws/v1alpha1", "kind": "Execution", "metadata": {{"name": "{name}"}},
                "spec": {{"stateMachineRef": {{"from": {{"name": "{machine}"}}}}, "input": {open}1{close}}}}}"#
        );
        let arguments = [
            "create",
            "-n",
            &self.namespace,
            "--validate=false",
            "-f",
            "-",
        ];
        let _ = kubectl(&arguments, &execution);
    }

    fn machine_name(&self) -> String {
        let number = self.machines.fetch_add(1, Ordering::Relaxed);
        format!("machine-{number}")
    }

    /// An execution that was created otherwise, once it is there.
    ///
    /// # Panics
    /// It is not there in time.
    pub async fn find(&self, name: &str) -> Run<'_> {
        let executions = self.api::<Execution>();
        let found = wait_for(&executions, name, "there", PATIENCE, |found| {
            found.is_some()
        });
        Run::new(self, &found.await.expect("it is there"))
    }

    /// Waits until there are no Jobs and no pods.
    ///
    /// # Panics
    /// There are some after a while.
    pub async fn until_no_jobs(&self) {
        let none = Config::default();
        let gone = |jobs: &[Job]| jobs.is_empty();
        wait_for_all(&self.api(), none.clone(), "no Jobs", PATIENCE, gone).await;
        let gone = |pods: &[Pod]| pods.is_empty();
        wait_for_all(&self.api(), none, "no pods", PATIENCE, gone).await;
    }

    /// The names of the Jobs that were created in the namespace since the test began, whether
    /// they are there or not; those that are there where nothing is known of others.
    pub async fn created_jobs(&self) -> Vec<String> {
        let mut names = match &self.audit {
            Some(audit) => audit.created(&self.namespace, "jobs"),
            None => {
                let jobs = self.api::<Job>().list(&Default::default()).await;
                jobs.expect("Jobs").iter().map(Job::name_any).collect()
            }
        };
        names.sort();
        names
    }

    fn print(&self) {
        let print = |title: &str, arguments: &[&str]| {
            let answer = try_kubectl(&[&["-n", &self.namespace], arguments].concat(), "");
            eprintln!("--- {title}\n{}{}", answer.stdout, answer.stderr);
        };
        print("objects", &["get", "sm,exe,jobs,pods", "-o", "wide"]);
        let sort = "--sort-by=.metadata.creationTimestamp";
        print("events", &["get", "events", sort]);
        eprintln!("--- the operator\n{}", operator::log_about(&self.namespace));
    }
}

impl Drop for Scenario {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("=== what is left in namespace {}", self.namespace);
            self.print();
        }
        if std::env::var_os("E2E_KEEP").is_none() {
            let _ = try_kubectl(&["delete", "ns", &self.namespace, "--wait=false"], "");
        }
    }
}

/// The status and the message of a condition.
#[must_use]
pub fn condition<'a>(conditions: &'a [crd::Condition], kind: &str) -> Option<(&'a str, &'a str)> {
    let found = crd::condition::find(conditions, kind)?;
    Some((&found.status, found.message.as_deref().unwrap_or_default()))
}
