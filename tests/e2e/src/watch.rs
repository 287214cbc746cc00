//! Waiting by watching, with a limit, and with what was seen last where the limit is exceeded.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Config, Event, watch_object};
use kube::{Api, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What tests wait for usually comes within seconds; this is for a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(90);
/// The most of an object that a failure prints, in bytes.
const SHOWN_BYTES: usize = 12 * 1024;

/// What is asked of a kind to be waited for.
pub trait Watched:
    Resource + Clone + DeserializeOwned + Serialize + Debug + Send + 'static
{
}
impl<K: Resource + Clone + DeserializeOwned + Serialize + Debug + Send + 'static> Watched for K {}

/// Waits until the object is as it should be; `None` is an object that is not there.
///
/// # Panics
/// It is not so within the limit.
pub async fn wait_for<K: Watched>(
    api: &Api<K>,
    name: &str,
    what: &str,
    limit: Duration,
    mut holds: impl FnMut(Option<&K>) -> bool,
) -> Option<K> {
    let mut seen = None;
    let watching = async {
        let mut objects = pin!(watch_object(api.clone(), name).default_backoff());
        while let Some(object) = objects.next().await {
            match object {
                Ok(object) if holds(object.as_ref()) => return object,
                Ok(object) => seen = object,
                Err(error) => eprintln!("watching {name}: {error}"),
            }
        }
        panic!("the watch of {name} ended")
    };
    match tokio::time::timeout(limit, watching).await {
        Ok(object) => object,
        Err(_) => panic!(
            "{name}: {what} not within {limit:?}; last seen: {}",
            show(&seen)
        ),
    }
}

/// Waits until the objects that a watch shows are as they should be, in the order of their names.
///
/// # Panics
/// They are not so within the limit.
pub async fn wait_for_all<K: Watched>(
    api: &Api<K>,
    config: Config,
    what: &str,
    limit: Duration,
    mut holds: impl FnMut(&[K]) -> bool,
) -> Vec<K> {
    let mut seen: Vec<K> = Vec::new();
    let watching = async {
        let mut events = pin!(watcher::watcher(api.clone(), config).default_backoff());
        let mut objects = BTreeMap::new();
        let mut listed = false;
        while let Some(event) = events.next().await {
            match event {
                Ok(Event::Init) => objects.clear(),
                Ok(Event::InitDone) => listed = true,
                Ok(Event::Apply(object) | Event::InitApply(object)) => {
                    objects.insert(object.name_any(), object);
                }
                Ok(Event::Delete(object)) => {
                    objects.remove(&object.name_any());
                }
                Err(error) => eprintln!("watching: {error}"),
            }
            seen = objects.values().cloned().collect();
            if listed && holds(&seen) {
                return;
            }
        }
    };
    match tokio::time::timeout(limit, watching).await {
        Ok(()) => seen,
        Err(_) => panic!("{what} not within {limit:?}; last seen: {}", show(&seen)),
    }
}

/// An object as people read it, cut.
#[must_use]
pub fn show(object: &impl Serialize) -> String {
    let mut value = serde_json::to_value(object).unwrap_or_default();
    hide(&mut value);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.truncate(text.floor_char_boundary(SHOWN_BYTES));
    text
}

/// Leaves out what nobody reads.
fn hide(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.remove("managedFields");
            members.remove("checkpoint");
            members.values_mut().for_each(hide);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(hide),
        _ => {}
    }
}
