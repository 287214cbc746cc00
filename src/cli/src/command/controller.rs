//! `sfn controller`: the operator itself.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::builder::RangedU64ValueParser;
use clap::{Args, ValueEnum};
use controller::{Leadership, LeaseOptions, Options, Place};
use tasks::{Acting, ClusterIdentity, KubernetesTasks, Settings};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::UNUSABLE;
use crate::certificate_authority;
use crate::gate::{Connections, Rate};
use crate::log_level::LogLevel;
use crate::object_storage::ObjectStorageOptions;
use crate::runners::Runners;

/// Beyond this a payload would be hundreds of pages with each of its events.
const MAX_PAYLOAD_LIMIT: u64 = 16 * 1024 * 1024;

/// Run the operator.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn controller --cluster-name EKSCluster --lease-name ''
      From your own machine, in the cluster of your kubeconfig, without leader election

In the cluster the chart charts/sfn-operator sets these options. SIGTERM and SIGINT end the operator
after the writes that are under way; executions go on with the next one.")]
pub struct Controller {
    /// What state machines call this cluster (ClusterName); more names are aliases
    #[arg(
        long,
        env = "SFN_CLUSTER_NAME",
        value_name = "NAME,…",
        value_delimiter = ',',
        default_value = "EKSCluster",
        value_parser = clap::builder::NonEmptyStringValueParser::new(),
        help_heading = "Cluster"
    )]
    cluster_name: Vec<String>,
    /// The endpoint that describeCluster answers for this cluster [default: as the operator sees it]
    #[arg(
        long,
        env = "SFN_CLUSTER_ENDPOINT",
        value_name = "URL",
        help_heading = "Cluster"
    )]
    cluster_endpoint: Option<String>,
    /// The certificate authority that describeCluster answers, Base64 of PEM [default: as the operator sees it]
    #[arg(
        long,
        env = "SFN_CLUSTER_CERTIFICATE_AUTHORITY",
        value_name = "BASE64",
        help_heading = "Cluster"
    )]
    cluster_certificate_authority: Option<String>,
    /// Serve this namespace only [default: all]
    #[arg(
        long,
        env = "SFN_WATCH_NAMESPACE",
        value_name = "NAMESPACE",
        help_heading = "Cluster"
    )]
    watch_namespace: Option<String>,

    /// The account in ARNs, 12 digits
    #[arg(long, env = "SFN_ACCOUNT_ID", value_name = "ID", default_value = "000000000000", value_parser = account_id, help_heading = "ARNs")]
    account_id: String,
    /// The region in ARNs
    #[arg(
        long,
        env = "SFN_REGION",
        value_name = "REGION",
        default_value = "us-east-1",
        help_heading = "ARNs"
    )]
    region: String,
    /// The partition in ARNs
    #[arg(
        long,
        env = "SFN_PARTITION",
        value_name = "PARTITION",
        default_value = "aws",
        help_heading = "ARNs"
    )]
    partition: String,

    /// A group of aws-auth whose name begins with "system:" and that tasks may act with all the same
    #[arg(
        long,
        env = "SFN_PRIVILEGED_GROUP",
        value_name = "GROUP,…",
        value_delimiter = ',',
        help_heading = "Rights"
    )]
    privileged_group: Vec<String>,

    #[command(flatten)]
    object_storage: ObjectStorageOptions,

    /// Bytes of a state's or task's payload at most, up to 16777216
    #[arg(
        long,
        env = "SFN_PAYLOAD_LIMIT",
        value_name = "BYTES",
        default_value_t = 256 * 1024,
        value_parser = RangedU64ValueParser::<usize>::new().range(1..=MAX_PAYLOAD_LIMIT),
        help_heading = "Limits"
    )]
    payload_limit: usize,
    /// Events of an execution's history at most: one that reaches as many fails; 0 for no limit
    #[arg(
        long,
        env = "SFN_MAX_HISTORY_EVENTS",
        value_name = "NUMBER",
        default_value_t = 1_000_000,
        help_heading = "Limits"
    )]
    max_history_events: u64,
    /// Executions that run at the same time, of all namespaces; others wait in the order of their creation [default: 10000]
    #[arg(
        long,
        env = "SFN_MAX_RUNNING_EXECUTIONS",
        value_name = "NUMBER",
        help_heading = "Limits"
    )]
    max_running_executions: Option<NonZeroUsize>,
    /// Objects of a kind that are reconciled at the same time [default: 16]
    #[arg(long, env = "SFN_CONCURRENCY", value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Limits")]
    concurrency: Option<u16>,
    #[command(flatten)]
    rate: Rate,
    /// Revisions kept of each state machine besides those in use [default: 5]
    #[arg(
        long,
        env = "SFN_REVISION_HISTORY_LIMIT",
        value_name = "NUMBER",
        help_heading = "Limits"
    )]
    revision_history_limit: Option<usize>,
    /// Kubernetes Events written in a second at most; 0 for none [default: 20]
    #[arg(
        long,
        env = "SFN_EVENTS_PER_SECOND",
        value_name = "NUMBER",
        help_heading = "Limits"
    )]
    events_per_second: Option<u32>,

    /// The Lease that elects the one replica that works; empty for none
    #[arg(
        long,
        env = "SFN_LEASE_NAME",
        value_name = "NAME",
        default_value = "sfn-operator",
        help_heading = "Replicas"
    )]
    lease_name: String,
    /// The Lease's namespace
    #[arg(
        long,
        env = "POD_NAMESPACE",
        value_name = "NAMESPACE",
        default_value = "default",
        help_heading = "Replicas"
    )]
    lease_namespace: String,
    /// Who this process is [default: its host's name and process id]
    #[arg(long, env = "POD_NAME", value_name = "NAME", help_heading = "Replicas")]
    identity: Option<String>,

    /// Where to serve /healthz, /readyz and /metrics
    #[arg(
        long,
        env = "SFN_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080",
        help_heading = "Watching it"
    )]
    listen: SocketAddr,
    /// A level (error, warn, info, debug, trace, off), or directives such as info,tasks=debug. The
    /// client library's own lines about requests are left out, unless kube_client has a level
    #[arg(
        long,
        env = "SFN_LOG_LEVEL",
        value_name = "LEVEL",
        default_value = "info",
        value_parser = LogLevel::parse,
        help_heading = "Watching it"
    )]
    log_level: LogLevel,
    /// How log lines look
    #[arg(
        long,
        env = "SFN_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text",
        help_heading = "Watching it"
    )]
    log_format: LogFormat,
}

#[derive(ValueEnum, Clone, Copy)]
enum LogFormat {
    Json,
    Text,
}

fn account_id(text: &str) -> Result<String, &'static str> {
    let digits = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits
        .then(|| text.to_owned())
        .ok_or("12 digits are expected")
}

impl Controller {
    /// Runs the operator until it is told to end.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        self.start_logging();
        let log_format = self.log_format;
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let ended = runtime.enable_all().build()?.block_on(self.operate());
        match (ended, log_format) {
            (Err(error), LogFormat::Json) => {
                // Whoever reads the log reads this too.
                tracing::error!(error = format!("{error:#}"), "sfn-operator has failed");
                Ok(ExitCode::from(UNUSABLE))
            }
            (ended, _) => ended.map(|()| ExitCode::SUCCESS),
        }
    }

    fn start_logging(&self) {
        let lines = tracing_subscriber::fmt()
            .with_env_filter(self.log_level.filter())
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            // It would panic where the line could not be written either.
            .log_internal_errors(false);
        match self.log_format {
            LogFormat::Json => lines.json().flatten_event(true).init(),
            LogFormat::Text => lines.init(),
        }
    }

    async fn operate(self) -> anyhow::Result<()> {
        let shutdown = CancellationToken::new();
        spawn_signals(shutdown.clone())?;
        let connection = kube::Config::infer()
            .await
            .context("there is neither a cluster around this process nor a kubeconfig")?;
        let cluster = self.cluster(&connection)?;
        let options = self.options();
        let leads = match &options.lease {
            Some(lease) => lease.leadership.clone(),
            None => Leadership::unelected(),
        };
        let connections = Connections::open(connection.clone(), leads, self.rate)?;
        tracing::info!(
            version = env!("CARGO_PKG_VERSION"),
            cluster = cluster.name,
            server = %connection.cluster_url,
            "sfn-operator starts"
        );
        let settings = self.task_settings(connection, cluster);
        let tasks = KubernetesTasks::with_client(connections.tasks, settings)?;
        let runner = Arc::new(self.runner(tasks)?);
        controller::run(options, runner, connections.clients, shutdown).await?;
        tracing::info!("sfn-operator has ended");
        Ok(())
    }

    fn cluster(&self, connection: &kube::Config) -> anyhow::Result<ClusterIdentity> {
        let authority = match &self.cluster_certificate_authority {
            Some(given) => given.clone(),
            None => certificate_authority::of(connection)?,
        };
        let endpoint = match &self.cluster_endpoint {
            Some(given) => given.clone(),
            None => connection
                .cluster_url
                .to_string()
                .trim_end_matches('/')
                .to_owned(),
        };
        let mut names = self.cluster_name.iter().cloned();
        Ok(ClusterIdentity {
            name: names.next().unwrap_or_default(),
            aliases: names.collect(),
            endpoint,
            certificate_authority: authority,
            partition: self.partition.clone(),
            region: self.region.clone(),
            account: self.account_id.clone(),
        })
    }

    fn runner(&self, tasks: KubernetesTasks) -> anyhow::Result<Runners> {
        let mut runners = Runners::default();
        runners.add(tasks);
        if let Some(storage) = self.object_storage.open(&self.region)? {
            runners.add(storage);
        }
        Ok(runners)
    }

    fn task_settings(&self, connection: kube::Config, cluster: ClusterIdentity) -> Settings {
        let mut settings = Settings::new(connection, cluster);
        settings.acting = Acting::AsWorkflow {
            privileged_groups: self.privileged_group.iter().cloned().collect(),
        };
        settings.limits.payload_bytes = self.payload_limit;
        settings
    }

    fn options(&self) -> Options {
        let place = Place {
            partition: self.partition.clone(),
            region: self.region.clone(),
            account: self.account_id.clone(),
        };
        let identity = self.identity.clone().unwrap_or_else(own_identity);
        let mut options = Options::new(place, &identity);
        options.namespace.clone_from(&self.watch_namespace);
        options.limits.payload_bytes = self.payload_limit;
        options.limits.history_events = match self.max_history_events {
            0 => u64::MAX,
            most => most,
        };
        options.limits.items_bytes = self.object_storage.items_bytes();
        options.listen = Some(self.listen);
        options.concurrency = self.concurrency.unwrap_or(options.concurrency);
        let running = self.max_running_executions.map(NonZeroUsize::get);
        options.max_running_executions = running.unwrap_or(options.max_running_executions);
        options.events_per_second = self.events_per_second.unwrap_or(options.events_per_second);
        let kept = self.revision_history_limit;
        options.revision_history_limit = kept.unwrap_or(options.revision_history_limit);
        options.lease = (!self.lease_name.is_empty())
            .then(|| LeaseOptions::new(&self.lease_namespace, &self.lease_name, &identity));
        options
    }
}

fn own_identity() -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}_{}", host.trim(), std::process::id())
}

fn spawn_signals(shutdown: CancellationToken) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => tracing::info!("SIGTERM: ending"),
            _ = interrupt.recv() => tracing::info!("SIGINT: ending"),
        }
        shutdown.cancel();
    });
    Ok(())
}
