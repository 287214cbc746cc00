//! Executions in memory: for `sfn run` and for tests.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::ports::{ExecutionKey, PageId, Revision, Snapshot, Store, StoreError, Stored};
use crate::record::Page;

/// Keeps executions in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<HashMap<ExecutionKey, Kept>>);

/// What is kept of one execution.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Counts its writes.
    pub writes: u64,
    /// The last snapshot.
    pub snapshot: Option<Snapshot>,
    /// Its pages.
    pub pages: BTreeMap<PageId, Arc<str>>,
    /// Whether it is protected.
    pub protected: bool,
    /// Whether its place is being deleted.
    pub terminating: bool,
}

impl Kept {
    fn revision(&self) -> Revision {
        Revision(self.writes.to_string().into())
    }

    fn follow(&mut self, after: &Revision) -> Result<(), StoreError> {
        if self.revision() != *after {
            return Err(StoreError::Conflict);
        }
        self.writes += 1;
        Ok(())
    }
}

impl MemoryStore {
    /// Adds an execution that was not started.
    pub fn create(&self, key: ExecutionKey) -> Revision {
        self.lock().entry(key).or_default().revision()
    }

    /// Writes an execution without changing anything, as somebody does who edits a label.
    pub fn touch(&self, key: &ExecutionKey) {
        if let Some(kept) = self.lock().get_mut(key) {
            kept.writes += 1;
        }
    }

    /// Begins to delete the place of an execution: no page can be added any more.
    pub fn terminate(&self, key: &ExecutionKey) {
        if let Some(kept) = self.lock().get_mut(key) {
            kept.terminating = true;
        }
    }

    /// Removes an execution.
    pub fn remove(&self, key: &ExecutionKey) {
        self.lock().remove(key);
    }

    /// What is kept of an execution.
    #[must_use]
    pub fn kept(&self, key: &ExecutionKey) -> Option<Kept> {
        self.lock().get(key).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ExecutionKey, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(
        &self,
        key: &ExecutionKey,
        act: impl FnOnce(&mut Kept) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        act(self.lock().get_mut(key).ok_or(StoreError::Gone)?)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn load(&self, key: &ExecutionKey) -> Result<Stored, StoreError> {
        self.with(key, |kept| {
            Ok(Stored {
                record: kept.snapshot.as_ref().map(|last| last.record.clone()),
                revision: kept.revision(),
            })
        })
    }

    async fn save(
        &self,
        key: &ExecutionKey,
        snapshot: &Snapshot,
        after: &Revision,
    ) -> Result<Revision, StoreError> {
        self.with(key, |kept| {
            kept.follow(after)?;
            kept.snapshot = Some(snapshot.clone());
            Ok(kept.revision())
        })
    }

    async fn save_page(&self, key: &ExecutionKey, page: &Page) -> Result<(), StoreError> {
        self.with(key, |kept| {
            if kept.terminating {
                return Err(StoreError::Terminating);
            }
            kept.pages.insert(page.id.clone(), page.data.clone());
            Ok(())
        })
    }

    async fn load_page(&self, key: &ExecutionKey, id: &PageId) -> Result<Arc<str>, StoreError> {
        self.with(key, |kept| {
            kept.pages.get(id).cloned().ok_or(StoreError::Gone)
        })
    }

    async fn delete_page(&self, key: &ExecutionKey, id: &PageId) -> Result<(), StoreError> {
        self.with(key, |kept| {
            kept.pages.remove(id);
            Ok(())
        })
    }

    async fn protect(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError> {
        self.with(key, |kept| {
            kept.follow(after)?;
            kept.protected = true;
            Ok(kept.revision())
        })
    }

    async fn release(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError> {
        self.with(key, |kept| {
            kept.follow(after)?;
            kept.protected = false;
            Ok(kept.revision())
        })
    }
}
