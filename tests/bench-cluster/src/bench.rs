//! What the parts have in common: the cluster, its audit log, a namespace for each part.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use crd::{Execution, StateMachine};
use e2e::audit::Audit;
use jiff::Timestamp;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, Role, RoleBinding};
use kube::api::{Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, Config, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::operator::Operator;
use crate::scrape::Scrape;
use crate::sizes::Sizes;
use crate::workload::Workload;

/// As whom the operator writes: the ServiceAccount that the chart makes.
pub const OPERATOR: &str = "system:serviceaccount:sfn-system:sfn-operator";
/// As whom plain clients write. An administrator would be exempt from API priority and fairness,
/// which the operator is not.
pub const PLAIN: &str = "system:serviceaccount:sfn-bench:plain";

/// How long a StateMachine may take to be ready.
const READY: Duration = Duration::from_mins(3);
/// How long tokens are valid: longer than a run.
const TOKEN_SECONDS: i64 = 2 * 60 * 60;

/// What all parts need.
pub struct Bench {
    /// An administrator's client.
    pub client: Client,
    /// A client with the priority that the operator has.
    pub plain: Client,
    /// How much is measured.
    pub sizes: Sizes,
    /// Where logs go.
    pub logs: PathBuf,
    sfn: PathBuf,
    connection: Config,
    run: i64,
}

/// A namespace with all that executions need.
pub struct Place {
    /// Its name.
    pub name: String,
    client: Client,
}

impl Bench {
    /// Prepares the cluster that `KUBECONFIG` names.
    pub async fn prepare(sfn: PathBuf, logs: PathBuf, sizes: Sizes) -> Result<Self> {
        fs::create_dir_all(&logs).with_context(|| format!("cannot make {}", logs.display()))?;
        let client = Client::try_default().await?;
        prepare_plain(&client).await?;
        let connection = connection_as(&client, &logs, PLAIN).await?;
        connection_as(&client, &logs, OPERATOR)
            .await
            .context("the chart is not installed: tests/bench-cluster/run does that")?;
        Ok(Self {
            plain: Client::try_from(connection.clone())?,
            client,
            sizes,
            logs,
            sfn,
            connection,
            run: Timestamp::now().as_second() % 100_000,
        })
    }

    /// The audit log from here on.
    pub fn audit(&self) -> Result<Audit> {
        Audit::begin()
            .context("there is no audit log: the benchmark needs a cluster of tests/cluster")
    }

    /// A client that acts in the name of a namespace's ServiceAccount, as the operator does for
    /// tasks.
    pub fn impersonating(&self, place: &Place) -> Result<Client> {
        let mut connection = self.connection.clone();
        let user = format!("system:serviceaccount:{}:workflow", place.name);
        connection.auth_info.impersonate = Some(user);
        Ok(Client::try_from(connection)?)
    }

    /// A namespace of its own.
    pub async fn place(&self, part: &str) -> Result<Place> {
        let name = format!("bench-{}-{part}", self.run);
        let place = Place {
            client: self.client.clone(),
            name,
        };
        let namespace = json!({"metadata": {"name": place.name}});
        create(&Api::<Namespace>::all(self.client.clone()), namespace).await?;
        let named = json!({"metadata": {"name": "workflow"}});
        create(&place.api::<ServiceAccount>(), named).await?;
        let role = json!({
            "metadata": {"name": "workflow"},
            "rules": [{"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]}],
        });
        create(&place.api::<Role>(), role).await?;
        let binding = json!({
            "metadata": {"name": "workflow"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "workflow"},
            "subjects": [{"kind": "ServiceAccount", "name": "workflow", "namespace": place.name}],
        });
        create(&place.api::<RoleBinding>(), binding).await?;
        Ok(place)
    }

    /// The operator, serving this namespace.
    pub async fn operator(&self, place: &Place) -> Result<Operator> {
        Operator::start(
            &self.sfn,
            &self.logs,
            &kubeconfig_of(&self.logs, OPERATOR),
            place,
        )
        .await
    }

    /// The API server's metrics.
    pub async fn api_server(&self) -> Result<Scrape> {
        let request = http::Request::get("/metrics").body(Vec::new())?;
        Ok(Scrape::new(self.client.request_text(request).await?))
    }
}

impl Place {
    /// Its objects of a kind.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
    {
        Api::namespaced(self.client.clone(), &self.name)
    }

    /// Its executions, as plain clients reach them.
    pub fn executions(&self, bench: &Bench) -> Api<Execution> {
        Api::namespaced(bench.plain.clone(), &self.name)
    }

    /// Creates a workload's StateMachine and waits until the operator knows it.
    pub async fn deploy(&self, workload: &Workload) -> Result<()> {
        let machines = self.api::<StateMachine>();
        let machine = workload.state_machine()?;
        machines.create(&PostParams::default(), &machine).await?;
        let known = |machine: Option<&StateMachine>| {
            let status = machine.and_then(|machine| machine.status.as_ref());
            status.is_some_and(|status| status.revision_id.is_some())
        };
        let ready = await_condition(machines, workload.name, known);
        let ready = tokio::time::timeout(READY, ready).await;
        ready.with_context(|| format!("StateMachine {} is not ready", workload.name))??;
        Ok(())
    }
}

async fn create<K>(api: &Api<K>, object: Value) -> Result<()>
where
    K: DeserializeOwned + Serialize + Clone + std::fmt::Debug,
{
    let object: K = serde_json::from_value(object)?;
    api.create(&PostParams::default(), &object).await?;
    Ok(())
}

/// The ServiceAccount of plain clients, which may do everything.
async fn prepare_plain(client: &Client) -> Result<()> {
    let (_, namespace, name) = parts_of(PLAIN)?;
    apply::<Namespace>(
        Api::all(client.clone()),
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}),
    )
    .await?;
    apply::<ServiceAccount>(
        Api::namespaced(client.clone(), namespace),
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}),
    )
    .await?;
    apply::<ClusterRoleBinding>(
        Api::all(client.clone()),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "sfn-bench-plain"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin",
            },
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": namespace}],
        }),
    )
    .await
}

async fn apply<K>(api: Api<K>, object: Value) -> Result<()>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Serialize + Clone + std::fmt::Debug,
{
    let object: K = serde_json::from_value(object)?;
    let params = PatchParams::apply("bench-cluster").force();
    api.patch(&object.name_any(), &params, &Patch::Apply(&object))
        .await?;
    Ok(())
}

/// `system:serviceaccount`, namespace and name of a ServiceAccount's user name.
fn parts_of(user: &str) -> Result<(&str, &str, &str)> {
    let (rest, name) = user.rsplit_once(':').context("no ServiceAccount")?;
    let (kind, namespace) = rest.rsplit_once(':').context("no ServiceAccount")?;
    Ok((kind, namespace, name))
}

fn kubeconfig_of(folder: &Path, user: &str) -> PathBuf {
    let name = user.rsplit(':').next().unwrap_or_default();
    folder.join(format!("{name}.kubeconfig"))
}

/// The connection to the cluster in use as a ServiceAccount; also left as a file, for processes.
async fn connection_as(client: &Client, folder: &Path, user: &str) -> Result<Config> {
    let (_, namespace, name) = parts_of(user)?;
    let accounts = Api::<ServiceAccount>::namespaced(client.clone(), namespace);
    let request = TokenRequest {
        spec: TokenRequestSpec {
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        },
        ..TokenRequest::default()
    };
    let answer = accounts
        .create_token_request(name, &PostParams::default(), &request)
        .await?;
    let token = answer.status.context("the token is missing")?.token;
    let mut kubeconfig = serde_json::to_value(Kubeconfig::read()?)?;
    let users = kubeconfig.get_mut("users").and_then(Value::as_array_mut);
    for user in users.into_iter().flatten().filter_map(Value::as_object_mut) {
        user.insert("user".to_owned(), json!({"token": token}));
    }
    write_secret(&kubeconfig_of(folder, user), &kubeconfig.to_string())?;
    let kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig)?;
    let options = KubeConfigOptions::default();
    Ok(Config::from_custom_kubeconfig(kubeconfig, &options).await?)
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    let mut options = File::options();
    options.create(true).truncate(true).write(true).mode(0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
