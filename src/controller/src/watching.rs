//! Watching objects that users write.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use crd::Lean;
use crd::lean::LeanRead;
use futures::{Stream, TryStreamExt as _, stream};
use kube::runtime::reflector::Store;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Resource};

/// Watches objects in the form that makes none of them unreadable.
pub fn watch_lean<K>(
    api: Api<Lean<K>>,
    config: watcher::Config,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send
where
    K: LeanRead + Clone + Debug + Send + 'static,
{
    watcher(api, config).map_ok(|event| match event {
        Event::Apply(Lean(object)) => Event::Apply(object),
        Event::InitApply(Lean(object)) => Event::InitApply(object),
        Event::Delete(Lean(object)) => Event::Delete(object),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    })
}

/// The objects of a reflected watch, each once the store has it as it is.
///
/// A list comes page by page, and the store takes it over with the last page: an object that is
/// reconciled before is one that the store does not have, or has as it was before the watch broke
/// off. So those of a list come after its end.
pub fn stored_objects<K>(
    events: impl Stream<Item = Result<Event<K>, watcher::Error>> + Send,
    store: Store<K>,
) -> impl Stream<Item = Result<K, watcher::Error>> + Send
where
    K: Resource + Clone + Send + Sync + 'static,
    K::DynamicType: Eq + Hash + Clone + Send + Sync,
{
    let objects = events.map_ok(move |event| {
        let objects = match event {
            Event::Apply(object) => vec![Arc::new(object)],
            Event::InitDone => store.state(),
            Event::Init | Event::InitApply(_) | Event::Delete(_) => Vec::new(),
        };
        stream::iter(
            objects
                .into_iter()
                .map(|object| Ok(Arc::unwrap_or_clone(object))),
        )
    });
    objects.try_flatten()
}

#[cfg(test)]
mod tests {
    use crd::Execution;
    use futures::StreamExt as _;
    use kube::ResourceExt as _;
    use kube::runtime::WatchStreamExt as _;
    use kube::runtime::reflector;

    use super::*;

    fn execution(name: &str, generation: i64) -> Execution {
        let mut execution = Execution::new(name, crd::ExecutionSpec::default());
        execution.metadata.namespace = Some("ns".to_owned());
        execution.metadata.generation = Some(generation);
        execution
    }

    #[tokio::test]
    async fn an_object_of_a_list_comes_when_the_store_has_it() {
        let (store, writer) = reflector::store();
        let events = [
            Event::Apply(execution("a", 1)),
            // the watch broke off, and a list of two pages follows
            Event::Init,
            Event::InitApply(execution("a", 2)),
            Event::InitApply(execution("b", 1)),
            Event::InitDone,
            Event::Delete(execution("b", 1)),
        ];
        let events = stream::iter(events.map(Ok)).reflect(writer);
        let reader = store.clone();
        let seen = stored_objects(events, store).map(move |object| {
            let object = object.unwrap();
            let stored = reader
                .get(&reflector::ObjectRef::from_obj(&object))
                .unwrap();
            assert_eq!(stored.metadata.generation, object.metadata.generation);
            (object.name_any(), object.metadata.generation.unwrap())
        });
        let mut seen: Vec<_> = seen.collect().await;
        seen[1..].sort();
        let expected = [("a", 1), ("a", 2), ("b", 1)];
        assert_eq!(
            seen,
            expected.map(|(name, generation)| (name.to_owned(), generation))
        );
    }
}
