//! Reconciling what is watched, until the operator is told to end.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use futures::{Stream, StreamExt as _};
use kube::Resource;
use kube::runtime::controller::{Action, Config, Controller, Error};
use kube::runtime::reflector::{ObjectRef, Store};
use kube::runtime::watcher;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::backoff::Backoffs;
use crate::context::Context;
use crate::error::ReconcileError;

/// Reconciles the objects of a watch, and those that `wake` names, until `context.shutdown`; then
/// lets what is under way end.
pub async fn reconcile_until_shutdown<K, F>(
    context: Arc<Context>,
    watch: impl Stream<Item = Result<K, watcher::Error>> + Send + 'static,
    reader: Store<K>,
    wake: UnboundedReceiver<ObjectRef<K>>,
    reconcile: fn(Arc<K>, Arc<Context>) -> F,
    on_error: fn(Arc<K>, &ReconcileError, Arc<Context>) -> Action,
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Debug + Default + Eq + Hash + Clone + Unpin + Send + Sync,
    F: Future<Output = Result<Action, ReconcileError>> + Send + 'static,
{
    let stop = context.shutdown.clone();
    let wake = futures::stream::unfold(wake, |mut wake| async {
        wake.recv().await.map(|object| (object, wake))
    });
    let config = Config::default().concurrency(context.options.concurrency);
    Controller::for_stream(watch, reader)
        .with_config(config)
        .reconcile_on(wake)
        .graceful_shutdown_on(stop.cancelled_owned())
        .run(reconcile, on_error, context)
        .for_each(async |result| {
            if let Err(error) = result {
                tell(&error);
            }
        })
        .await;
}

/// Reconciles that failed have told of it themselves.
fn tell(error: &Error<ReconcileError, watcher::Error>) {
    match error {
        Error::ReconcilerFailed(..) => {}
        // It is gone by the time that it was to be seen again.
        Error::ObjectNotFound(_) => tracing::debug!(%error, "nothing to reconcile"),
        Error::QueueError(_) | Error::RunnerError(_) => {
            tracing::warn!(%error, "a watch broke off; it is begun again");
        }
    }
}

/// When a reconcile of a `kind` that failed is repeated.
pub fn try_again<K>(
    context: &Context,
    kind: &'static str,
    backoffs: &Backoffs<ObjectRef<K>>,
    object: &K,
    error: &ReconcileError,
) -> Action
where
    K: Resource<DynamicType = ()> + Clone,
{
    let object = ObjectRef::from_obj(object);
    let pause = backoffs.failed(object.clone(), error.pace(), error.retry_after());
    context.metrics.failed(kind, error.label());
    let milliseconds = pause.as_millis();
    tracing::warn!(%object, %error, milliseconds, "trying again after a pause");
    Action::requeue(pause)
}
