//! The executions that this process carries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use asl::errors::Fault;
use engine::driver::Handle;
use engine::ports::ExecutionKey;

use crate::revision::Revision;

/// For how long it is remembered that an execution ended here. A watch may still show it running
/// for a moment; it must not be taken up again.
const REMEMBERED: Duration = Duration::from_mins(5);

/// The checkpoint of an execution that was seen before it was taken up.
#[derive(Debug, Clone)]
pub struct Stash {
    /// The object's resourceVersion.
    pub resource_version: String,
    /// The record.
    pub record: String,
    /// What people saw of its tasks.
    pub tasks: Vec<crd::TaskStatus>,
}

/// How an execution stands in this process.
enum Entry {
    /// Not taken up yet.
    Stashed(Stash),
    /// Carried.
    Live(Carried),
    /// It ended here, at this time.
    Ended(Instant),
}

/// An execution that a driver carries.
struct Carried {
    key: ExecutionKey,
    handle: Handle,
    /// The object's resourceVersion when it was taken up.
    since: Option<u64>,
    /// It is kept from being pruned while it is held.
    revision: Arc<Revision>,
}

/// Executions by their uid.
#[derive(Default)]
pub struct Live(Mutex<HashMap<String, Entry>>);

impl Live {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a checkpoint for when the execution is taken up, unless it was already.
    pub fn stash(&self, uid: &str, stash: Stash) {
        let mut entries = self.lock();
        match entries.get_mut(uid) {
            None => {
                entries.insert(uid.to_owned(), Entry::Stashed(stash));
            }
            Some(Entry::Stashed(stashed)) => *stashed = stash,
            Some(_) => {}
        }
    }

    /// Takes the checkpoint that was kept, if the object was not written since.
    pub fn take_stash(&self, uid: &str, resource_version: &str) -> Option<Stash> {
        let mut entries = self.lock();
        let Some(Entry::Stashed(_)) = entries.get(uid) else {
            return None;
        };
        let Some(Entry::Stashed(stash)) = entries.remove(uid) else {
            return None;
        };
        (stash.resource_version == resource_version).then_some(stash)
    }

    /// An execution is carried from now on, which had this resourceVersion before.
    pub fn insert(
        &self,
        key: ExecutionKey,
        resource_version: &str,
        handle: Handle,
        revision: Arc<Revision>,
    ) {
        let uid = (*key.uid).to_owned();
        let carried = Carried {
            key,
            handle,
            since: resource_version.parse().ok(),
            revision,
        };
        self.lock().insert(uid, Entry::Live(carried));
    }

    /// It is not carried any more, and must not be taken up again.
    pub fn end(&self, uid: &str) {
        self.lock()
            .insert(uid.to_owned(), Entry::Ended(Instant::now()));
    }

    /// It is not carried any more, and may be taken up again; or it does not exist any more.
    pub fn forget(&self, uid: &str) {
        self.lock().remove(uid);
    }

    /// The object is gone, or finished, as of a resourceVersion: no watch shows it any more. A
    /// driver that has not finished it would notice only at its next write, which may be long
    /// hence. One that was taken up since, for a redrive, goes on.
    pub fn object_gone(&self, uid: &str, resource_version: &str, fault: Fault) {
        let gone: Option<u64> = resource_version.parse().ok();
        let mut entries = self.lock();
        match entries.get(uid) {
            Some(Entry::Live(carried)) if gone.is_some() && gone <= carried.since => {}
            Some(Entry::Live(carried)) => carried.handle.stop(fault),
            _ => drop(entries.remove(uid)),
        }
    }

    /// Says anew whether the Jobs of an execution are kept when it is stopped, if it is carried.
    pub fn retain_jobs(&self, uid: &str, retain: bool) {
        if let Some(Entry::Live(carried)) = self.lock().get(uid) {
            carried.handle.retain_jobs(retain);
        }
    }

    /// Whether an execution is carried, or ended here.
    #[must_use]
    pub fn is_taken(&self, uid: &str) -> bool {
        matches!(self.lock().get(uid), Some(Entry::Live(_) | Entry::Ended(_)))
    }

    /// Whether an execution is carried.
    #[must_use]
    pub fn is_carried(&self, uid: &str) -> bool {
        matches!(self.lock().get(uid), Some(Entry::Live(_)))
    }

    /// The executions that are carried although they are not there.
    #[must_use]
    pub fn carried_without(&self, is_there: impl Fn(&ExecutionKey) -> bool) -> Vec<ExecutionKey> {
        let entries = self.lock();
        let carried = entries.values().filter_map(|entry| match entry {
            Entry::Live(carried) => Some(&carried.key),
            _ => None,
        });
        carried.filter(|key| !is_there(key)).cloned().collect()
    }

    /// How many executions of a StateMachine, by its uid, are carried.
    #[must_use]
    pub fn count_of(&self, state_machine: &str) -> usize {
        let entries = self.lock();
        let of_it = |entry: &&Entry| match entry {
            Entry::Live(carried) => *carried.revision.state_machine == *state_machine,
            _ => false,
        };
        entries.values().filter(of_it).count()
    }

    /// Stops an execution, if it is carried.
    pub fn stop(&self, uid: &str, fault: Fault) {
        if let Some(Entry::Live(carried)) = self.lock().get(uid) {
            carried.handle.stop(fault);
        }
    }

    /// Forgets what ended long ago.
    pub fn expire(&self) {
        let old = |entry: &Entry| match entry {
            Entry::Ended(since) => since.elapsed() > REMEMBERED,
            _ => false,
        };
        self.lock().retain(|_, entry| !old(entry));
    }
}
