//! Follows `kube-system/aws-auth`, so that no task has to read it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{info, warn};

use super::aws_auth::RoleMap;

/// The namespace of the ConfigMap.
const NAMESPACE: &str = "kube-system";
/// The name of the ConfigMap.
const NAME: &str = "aws-auth";

/// What is known of the ConfigMap.
type Known = Result<Arc<RoleMap>, String>;

/// The roles of `aws-auth` as they are now.
pub(super) struct AwsAuth {
    client: Client,
    known: watch::Sender<Known>,
    following: OnceLock<JoinSet<()>>,
}

impl AwsAuth {
    /// The ConfigMap is followed from the first question on.
    pub(super) fn new(client: Client) -> Self {
        let unknown = format!("ConfigMap {NAMESPACE}/{NAME} was not read yet");
        Self {
            client,
            known: watch::Sender::new(Err(unknown)),
            following: OnceLock::new(),
        }
    }

    /// The roles as they are mapped now. Waits up to `patience` for the first reading.
    ///
    /// # Errors
    /// Why the ConfigMap could not be read until now.
    pub(super) async fn roles(&self, patience: Duration) -> Known {
        self.following.get_or_init(|| {
            let mut tasks = JoinSet::new();
            tasks.spawn(follow(self.client.clone(), self.known.clone()));
            tasks
        });
        let mut known = self.known.subscribe();
        let read = tokio::time::timeout(patience, known.wait_for(Result::is_ok)).await;
        match read {
            Ok(Ok(known)) => known.clone(),
            _ => self.known.borrow().clone(),
        }
    }
}

async fn follow(client: Client, known: watch::Sender<Known>) {
    let api = Api::<ConfigMap>::namespaced(client, NAMESPACE);
    let mut stream = watcher::watch_object(api, NAME).default_backoff().boxed();
    while let Some(event) = stream.next().await {
        match event {
            Ok(map) => {
                let text = map.and_then(|map| map.data?.remove("mapRoles"));
                let roles = RoleMap::parse(text.as_deref().unwrap_or_default());
                info!(
                    roles = roles.len(),
                    problem = roles.problem(),
                    "read {NAMESPACE}/{NAME}"
                );
                drop(known.send_replace(Ok(Arc::new(roles))));
            }
            Err(error) => {
                let error = crate::api_server::chain(&error);
                warn!(error, "cannot watch ConfigMap {NAMESPACE}/{NAME}");
                known.send_if_modified(|known| {
                    // What was known stays in force: a watch that breaks off is resumed.
                    let unread = known.is_err();
                    if unread {
                        *known = Err(format!("ConfigMap {NAMESPACE}/{NAME}: {error}"));
                    }
                    unread
                });
            }
        }
    }
}
