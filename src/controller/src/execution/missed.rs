//! Deletions that the watch missed while it was broken off. Client required.

use std::sync::Arc;

use crd::Execution;
use engine::ports::ExecutionKey;
use futures::{StreamExt as _, stream};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, ResourceExt as _};

use super::decide::deleted;
use crate::context::Context;

/// Stops the drivers of executions that a new list lacks and that do not exist any more: they
/// would notice only at their next write, which may be long hence.
pub fn stop_missed(context: &Arc<Context>) {
    let missed = context.live.carried_without(|key| is_listed(context, key));
    if missed.is_empty() {
        return;
    }
    let context = context.clone();
    tokio::spawn(async move {
        let at_once = usize::from(context.options.concurrency);
        stream::iter(missed)
            .for_each_concurrent(at_once, async |key| stop_if_gone(&context, &key).await)
            .await;
    });
}

fn is_listed(context: &Context, key: &ExecutionKey) -> bool {
    let object = ObjectRef::new(&key.name).within(&key.namespace);
    let listed = context.executions.get(&object);
    listed.and_then(|listed| listed.uid()).as_deref() == Some(&key.uid)
}

/// A list may also be older than an execution that was redriven since.
async fn stop_if_gone(context: &Context, key: &ExecutionKey) {
    let executions: Api<Execution> = Api::namespaced(context.client.clone(), &key.namespace);
    match executions.get_metadata_opt(&key.name).await {
        Ok(Some(found)) if found.uid().as_deref() == Some(&key.uid) => {}
        Ok(_) => context.live.stop(&key.uid, deleted()),
        Err(error) => {
            let (namespace, name) = (&key.namespace, &key.name);
            tracing::warn!(%namespace, %name, %error, "whether it exists is seen at its next write");
        }
    }
}
