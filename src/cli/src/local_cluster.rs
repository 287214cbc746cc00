//! The cluster of a person's kubeconfig, for `sfn run`.

use std::path::Path;

use anyhow::Context;
use tasks::{Acting, ClusterIdentity, KubernetesTasks, Settings};

use crate::connection::read_config;

/// Runs tasks in the cluster that a kubeconfig names, with the rights it gives.
///
/// # Errors
/// The kubeconfig cannot be read or used.
pub async fn tasks(
    kubeconfig: &Path,
    context: Option<&str>,
    cluster_names: Vec<String>,
) -> anyhow::Result<KubernetesTasks> {
    let connection = read_config(kubeconfig, context).await?;
    let mut names = cluster_names.into_iter();
    let cluster = ClusterIdentity {
        name: names.next().unwrap_or_default(),
        aliases: names.collect(),
        endpoint: connection.cluster_url.to_string(),
        ..ClusterIdentity::default()
    };
    let mut settings = Settings::new(connection, cluster);
    settings.acting = Acting::AsConnection;
    KubernetesTasks::new(settings)
        .with_context(|| format!("cannot use the kubeconfig {}", kubeconfig.display()))
}
