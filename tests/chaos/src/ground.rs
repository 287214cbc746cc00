//! Where a round takes place: a namespace with what its executions need, seen past the proxy.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use crd::{Execution, Stop};
use e2e::audit::Audit;
use e2e::kubectl::try_kubectl;
use e2e::scenario::{RIGHTS, WORKFLOW};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::api::{DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::core::NamespaceResourceScope;
use kube::{Api, Client, Resource, ResourceExt};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::operator::LEASE;
use crate::workload::{Case, STOPPED};

/// The label of the rounds' namespaces.
const LABEL: &str = "chaos.sfn-operator";
/// For how long the API server may be away.
const PATIENCE: Duration = Duration::from_secs(60);
/// The pause between attempts.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the operators' token is good for, in seconds.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// The round's surroundings.
pub struct Ground {
    /// A client with all rights, that goes past the proxy.
    pub client: Client,
    /// The round's namespace.
    pub namespace: String,
    /// The audit log since the round began; none where the cluster is not a local one.
    pub audit: Option<Audit>,
}

impl Ground {
    /// A new namespace.
    ///
    /// # Errors
    /// It cannot be created.
    pub async fn new(client: Client) -> Result<Self> {
        let audit = Audit::begin();
        let namespaces = Api::<Namespace>::all(client.clone());
        let namespace = Namespace {
            metadata: ObjectMeta {
                generate_name: Some("chaos-".to_owned()),
                labels: Some([(LABEL.to_owned(), "round".to_owned())].into()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        let params = PostParams::default();
        let create = || namespaces.create(&params, &namespace);
        let created = patiently("create a namespace", create).await?;
        Ok(Self {
            client,
            namespace: created.name_any(),
            audit,
        })
    }

    /// An API of the namespace.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// The objects of a kind, by name.
    ///
    /// # Errors
    /// They cannot be listed.
    pub async fn list<K>(&self) -> Result<BTreeMap<String, K>>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let (api, all) = (self.api::<K>(), ListParams::default());
        let what = format!("list {}", K::plural(&K::DynamicType::default()));
        let list = patiently(&what, || api.list(&all)).await?;
        let named = list.into_iter().map(|object| (object.name_any(), object));
        Ok(named.collect())
    }

    /// Gives the workflows their rights.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn prepare(&self) -> Result<()> {
        let lease = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "lease"},
            "rules": [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create", "get", "update"]}],
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "lease"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lease"},
            "subjects": [{"kind": "ServiceAccount", "name": e2e::operator::NAME, "namespace": e2e::operator::NAMESPACE}],
        });
        self.apply(&format!("{RIGHTS}\n---\n{lease}\n---\n{binding}"))
            .await
    }

    /// Creates the StateMachines and, at the same time, the Executions.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn create(&self, cases: &[Case]) -> Result<()> {
        let objects = cases.iter().flat_map(|case| {
            let reference = json!({"from": {"name": case.name}});
            [
                json!({
                    "apiVersion": "sfn.services.k8s.aws/v1alpha1", "kind": "StateMachine",
                    "metadata": {"name": case.name},
                    "spec": {"name": case.name, "serviceAccountName": WORKFLOW, "definition": case.definition.to_string()},
                }),
                json!({
                    "apiVersion": "sfn.services.k8s.aws/v1alpha1", "kind": "Execution",
                    "metadata": {"name": case.name},
                    "spec": {"stateMachineRef": reference, "input": case.input},
                }),
            ]
        });
        let objects: Vec<String> = objects.map(|object| object.to_string()).collect();
        self.apply(&objects.join("\n---\n")).await
    }

    /// Applies objects, again and again while the API server is away.
    async fn apply(&self, objects: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (namespace, objects) = (self.namespace.clone(), objects.to_owned());
            let applying = tokio::task::spawn_blocking(move || {
                let arguments = ["apply", "--server-side", "-n", &namespace, "-f", "-"];
                try_kubectl(&arguments, &objects)
            });
            let answer = applying.await.context("kubectl")?;
            if answer.success {
                return Ok(());
            }
            if Instant::now() > until {
                bail!("kubectl apply: {}", answer.stderr);
            }
            sleep(PAUSE).await;
        }
    }

    /// Asks an execution to stop.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn stop(&self, name: &str) -> Result<()> {
        let stop = Stop {
            error: Some(STOPPED.to_owned()),
            cause: None,
        };
        self.patch(name, "stop an execution", json!({"stop": stop}))
            .await
    }

    /// Asks for an execution's first redrive.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn redrive(&self, name: &str) -> Result<()> {
        let spec = json!({"redriveCount": 1});
        self.patch(name, "redrive an execution", spec).await
    }

    async fn patch(&self, name: &str, what: &str, spec: Value) -> Result<()> {
        let patch = Patch::Merge(json!({"spec": spec}));
        let (api, params) = (self.api::<Execution>(), PatchParams::default());
        patiently(what, || api.patch(name, &params, &patch)).await?;
        Ok(())
    }

    /// Deletes an object, without waiting for what follows.
    ///
    /// # Errors
    /// The API server refuses.
    pub async fn delete<K>(&self, name: &str) -> Result<()>
    where
        K: Resource<Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
        K::DynamicType: Default,
    {
        let (api, params) = (self.api::<K>(), DeleteParams::default());
        let delete = || async {
            match api.delete(name, &params).await {
                Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
                answer => answer.map(drop),
            }
        };
        patiently(&format!("delete {name}"), delete).await
    }

    /// Who leads, if somebody does.
    pub async fn leader(&self) -> Option<String> {
        let lease = self.api::<Lease>().get_opt(LEASE).await.ok()??;
        lease.spec?.holder_identity
    }

    /// Removes the namespace, without waiting for what follows.
    pub async fn remove(self) {
        let namespaces = Api::<Namespace>::all(self.client.clone());
        let params = DeleteParams::default();
        let delete = || namespaces.delete(&self.namespace, &params);
        if let Err(error) = patiently("delete the namespace", delete).await {
            eprintln!("{error:#}");
        }
    }
}

/// A token of the ServiceAccount that the chart makes for the operator.
///
/// # Errors
/// There is none.
pub async fn request_token(client: &Client) -> Result<String> {
    let (name, namespace) = (e2e::operator::NAME, e2e::operator::NAMESPACE);
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), namespace);
    let wanted = TokenRequest {
        spec: TokenRequestSpec {
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        },
        ..TokenRequest::default()
    };
    let issued = accounts
        .create_token_request(name, &PostParams::default(), &wanted)
        .await;
    let issued = issued.with_context(|| {
        format!("no token for the ServiceAccount {namespace}/{name}: tests/chaos/run installs it")
    })?;
    let status = issued.status.context("a token request without a token")?;
    Ok(status.token)
}

/// Tries again while the API server is away.
async fn patiently<T, F>(what: &str, mut request: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = kube::Result<T>>,
{
    let until = Instant::now() + PATIENCE;
    loop {
        let error = match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let lasting = matches!(&error, kube::Error::Api(status) if (400..500).contains(&status.code) && status.code != 429);
        if lasting || Instant::now() > until {
            return Err(error).with_context(|| format!("cannot {what}"));
        }
        sleep(PAUSE).await;
    }
}
