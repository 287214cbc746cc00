//! The cluster that a command talks to: that of a kubeconfig.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use crd::{Execution, Lean};
use futures::{Stream, StreamExt as _};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::WatchStreamExt as _;
use kube::runtime::watcher::{Error as WatchError, watch_object};
use kube::{Api, Client, Config};

use crate::printable::printable;
use crate::stderr;

/// Which cluster, and which namespace of it.
#[derive(Args)]
pub struct Connection {
    /// The namespace of the Execution [default: that of the kubeconfig's context]
    #[arg(long, short, value_name = "NAMESPACE", help_heading = "Cluster")]
    namespace: Option<String>,
    /// The kubeconfig [default: as kubectl finds it]
    #[arg(long, value_name = "FILE", help_heading = "Cluster")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig, if not its current one
    #[arg(long, value_name = "NAME", help_heading = "Cluster")]
    context: Option<String>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// There is no kubeconfig, or it cannot be used.
    pub async fn open(&self) -> anyhow::Result<Executions> {
        let context = self.context.as_deref();
        let config = match (&self.kubeconfig, context) {
            (Some(path), _) => read_config(path, context).await?,
            (None, Some(_)) => Config::from_kubeconfig(&options(context)).await?,
            (None, None) => Config::infer()
                .await
                .context("there is no kubeconfig; --kubeconfig names one")?,
        };
        let namespace = self.namespace.clone();
        let namespace = namespace.unwrap_or_else(|| config.default_namespace.clone());
        let server = config.cluster_url.to_string();
        let client = Client::try_from(config).context("cannot use the kubeconfig")?;
        Ok(Executions {
            client,
            namespace,
            server,
        })
    }
}

/// The Executions of a namespace.
pub struct Executions {
    /// Reaches the cluster.
    pub client: Client,
    /// The namespace.
    pub namespace: String,
    /// The URL of the API server.
    server: String,
}

impl Executions {
    /// Their API.
    pub fn api(&self) -> Api<Lean<Execution>> {
        Api::namespaced(self.client.clone(), &self.namespace)
    }

    /// One of them.
    ///
    /// # Errors
    /// It is not there, or cannot be read.
    pub async fn get(&self, name: &str) -> anyhow::Result<Execution> {
        let found = self.api().get_opt(name).await;
        let unread = || format!("cannot read the Execution '{name}' from {}", self.server);
        let found = found.with_context(unread)?;
        match found {
            Some(Lean(execution)) => Ok(execution),
            None => bail!(
                "there is no Execution '{name}' in namespace '{}'",
                self.namespace
            ),
        }
    }

    /// One of them as it is, and each time it changes. The stream ends with an error when it is
    /// deleted, or may not be watched.
    pub fn watch(&self, name: &str) -> impl Stream<Item = anyhow::Result<Execution>> + Unpin {
        let name = name.to_owned();
        let seen = watch_object(self.api(), &name).default_backoff();
        let changes = seen.filter_map(move |seen| {
            let change = match seen {
                Ok(Some(Lean(execution))) => Some(Ok(execution)),
                Ok(None) => Some(Err(anyhow!("the Execution '{name}' was deleted"))),
                Err(error) if is_final(&error) => {
                    Some(Err(anyhow!("cannot watch the Execution '{name}': {error}")))
                }
                Err(error) => {
                    let error = error.to_string();
                    let error = printable(&error);
                    stderr::write_line(format_args!("the watch broke off, trying again: {error}"));
                    None
                }
            };
            std::future::ready(change)
        });
        Box::pin(changes)
    }

    /// Waits until something can be said of one of them.
    ///
    /// # Errors
    /// It was deleted, or may not be watched.
    pub async fn until<T>(
        &self,
        name: &str,
        says: impl Fn(&Execution) -> Option<T>,
    ) -> anyhow::Result<T> {
        let mut changes = self.watch(name);
        while let Some(execution) = changes.next().await {
            if let Some(said) = says(&execution?) {
                return Ok(said);
            }
        }
        bail!("the watch of the Execution '{name}' ended")
    }
}

/// Whether it is of no use to try again: nobody is known by these credentials, or may not do it.
fn is_final(error: &WatchError) -> bool {
    let status = match error {
        WatchError::WatchError(status) => status,
        WatchError::InitialListFailed(kube::Error::Api(status))
        | WatchError::WatchStartFailed(kube::Error::Api(status))
        | WatchError::WatchFailed(kube::Error::Api(status)) => status,
        _ => return false,
    };
    matches!(status.code, 401 | 403)
}

fn options(context: Option<&str>) -> KubeConfigOptions {
    KubeConfigOptions {
        context: context.map(str::to_owned),
        ..KubeConfigOptions::default()
    }
}

/// The connection that a kubeconfig describes.
///
/// # Errors
/// The kubeconfig cannot be read or used.
pub async fn read_config(kubeconfig: &Path, context: Option<&str>) -> anyhow::Result<Config> {
    let unusable = || format!("cannot use the kubeconfig {}", kubeconfig.display());
    let read = Kubeconfig::read_from(kubeconfig).with_context(unusable)?;
    let config = Config::from_custom_kubeconfig(read, &options(context)).await;
    config.with_context(unusable)
}

#[cfg(test)]
mod tests {
    use kube::core::Status;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::unknown(401, true)]
    #[case::forbidden(403, true)]
    #[case::expired(410, false)]
    #[case::overloaded(429, false)]
    #[case::broken(500, false)]
    fn a_watch_is_given_up_where_it_is_not_allowed(#[case] code: u16, #[case] expected: bool) {
        let status = || Box::new(Status::failure("no", "Why").with_code(code));
        let error = WatchError::InitialListFailed(kube::Error::Api(status()));
        assert_eq!(is_final(&error), expected);
        assert_eq!(is_final(&WatchError::WatchError(status())), expected);
    }
}
