//! Watching objects that users write.

use crd::Lean;
use crd::lean::LeanRead;
use futures::{Stream, TryStreamExt as _};
use kube::Api;
use kube::runtime::watcher::{self, Event, watcher};

/// Watches objects in the form that makes none of them unreadable.
pub fn watch_lean<K>(
    api: Api<Lean<K>>,
    config: watcher::Config,
) -> impl Stream<Item = Result<Event<K>, watcher::Error>> + Send
where
    K: LeanRead + Clone + std::fmt::Debug + Send + 'static,
{
    watcher(api, config).map_ok(|event| match event {
        Event::Apply(Lean(object)) => Event::Apply(object),
        Event::InitApply(Lean(object)) => Event::InitApply(object),
        Event::Delete(Lean(object)) => Event::Delete(object),
        Event::Init => Event::Init,
        Event::InitDone => Event::InitDone,
    })
}
