//! The writes of one execution: in order, fenced, repeated until they succeed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use tokio::time::Instant;

use super::{End, Known, Ports, Settings};
use crate::backoff::Backoff;
use crate::execution::Execution;
use crate::ports::{ExecutionKey, PageId, Revision, Snapshot, StoreError};
use crate::record::{self, Cancelling, Checkpoint, Page, Record, RecordError};
use crate::values::{self, Group};

/// How long a write that the store refuses is left alone: something else has to change first.
const REFUSED_PAUSE: Duration = Duration::from_secs(10);
/// So many times longer than the last write took, the next one that nothing waits for is held
/// back: it takes at most so small a share of the store.
const COURTESY: u32 = 50;

/// Writes one execution.
pub(super) struct Writer {
    ports: Ports,
    key: ExecutionKey,
    revision: Revision,
    protected: bool,
    /// Fingerprint of the record that was stored last; `None` before the first.
    stored: Option<u64>,
    /// The pages of the checkpoint that is stored.
    parts: Vec<PageId>,
    /// The sealed values that it refers to, and those that were sealed since.
    groups: Vec<Group>,
    /// How long the last snapshot took to be stored.
    lasted: Duration,
    backoff: Backoff,
}

/// What a continued execution's record names.
pub(super) struct StoredRecord {
    fingerprint: u64,
    parts: Vec<PageId>,
    groups: Vec<Group>,
}

impl StoredRecord {
    /// What this record, of this text, names.
    pub(super) fn new(text: &str, record: &Record) -> Self {
        Self {
            fingerprint: fingerprint(text),
            parts: parts_of(&record.checkpoint, &record.cancelling),
            groups: record.values.clone(),
        }
    }
}

/// The pages of a record that are replaced with the next one.
fn parts_of(checkpoint: &Checkpoint, cancelling: &Cancelling) -> Vec<PageId> {
    let checkpoint: &[PageId] = match checkpoint {
        Checkpoint::Paged(parts) => parts,
        _ => &[],
    };
    [checkpoint, cancelling.pages()].concat()
}

enum Write<'a> {
    Snapshot(&'a Snapshot),
    Page(&'a Page),
    Protect,
    Release,
}

impl Write<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Snapshot(_) => "write status",
            Self::Page(_) => "write page",
            Self::Protect => "add finalizer",
            Self::Release => "remove finalizer",
        }
    }
}

fn fingerprint(record: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}

impl Writer {
    /// A writer that follows what is known: the record that is stored, and where its checkpoint
    /// is.
    pub(super) fn new(
        ports: &Ports,
        settings: &Settings,
        known: Known,
        record: Option<StoredRecord>,
    ) -> Self {
        let stored = record.as_ref().map(|record| record.fingerprint);
        let (parts, groups) = match record {
            Some(record) => (record.parts, record.groups),
            None => (Vec::new(), Vec::new()),
        };
        Self {
            ports: ports.clone(),
            key: settings.key.clone(),
            revision: known.revision,
            protected: known.protected,
            stored,
            parts,
            groups,
            lasted: Duration::ZERO,
            backoff: Backoff::for_writes(),
        }
    }

    /// Seals what is long, then stores a snapshot.
    pub(super) async fn save(&mut self, execution: &mut Execution) -> Result<(), End> {
        self.seal(execution).await?;
        self.seal_values(execution).await?;
        let (bytes, used) = match execution.checkpoint() {
            Some(checkpoint) => (Some(checkpoint.bytes), checkpoint.refers_to),
            None => (None, Vec::new()),
        };
        let unused = self.take_unused_groups(&used);
        let checkpoint = self.place_checkpoint(bytes).await?;
        let cancelling = self.place_cancelling(execution).await?;
        let record = execution.record(&checkpoint, &self.groups, &cancelling);
        let record = self.sound(record).await?;
        let snapshot = Snapshot {
            record: record.into(),
            progress: execution.progress(),
        };
        let (since, bytes) = (Instant::now(), snapshot.record.len());
        let tries = self.write(&Write::Snapshot(&snapshot)).await?;
        self.lasted = since.elapsed();
        let observer = &self.ports.observer;
        observer.saved(&self.key, bytes, tries, self.lasted);
        self.remove_old_parts(parts_of(&checkpoint, &cancelling))
            .await;
        for group in &unused {
            self.remove(&group.pages).await;
        }
        Ok(())
    }

    /// How long something that only people see is to be held back at least: where writes take long
    /// the store is busy, and those that something waits for go first.
    pub(super) fn courtesy(&self) -> Duration {
        self.lasted.saturating_mul(COURTESY)
    }

    /// Writes the values that are large and were not written before.
    async fn seal_values(&mut self, execution: &mut Execution) -> Result<(), End> {
        let group = values::build_group(execution.seal_values());
        let Some((group, pages)) = self.sound(group).await? else {
            return Ok(());
        };
        for page in &pages {
            self.write(&Write::Page(page)).await?;
        }
        self.groups.push(group);
        Ok(())
    }

    /// The groups of which none of the values in use is.
    fn take_unused_groups(&mut self, used: &[u64]) -> Vec<Group> {
        let (kept, unused) = std::mem::take(&mut self.groups)
            .into_iter()
            .partition(|group| group.holds_any(used));
        self.groups = kept;
        unused
    }

    /// Writes the history's pages, if its tail is long.
    pub(super) async fn seal(&mut self, execution: &mut Execution) -> Result<(), End> {
        if !execution.tail().is_long() {
            return Ok(());
        }
        while !execution.tail().text().is_empty() {
            let piece = self.sound(execution.tail().build_page()).await?;
            self.write(&Write::Page(&piece.page)).await?;
            execution.tail_mut().seal(&piece);
        }
        Ok(())
    }

    /// A checkpoint too large for its record goes into pages first.
    async fn place_checkpoint(&mut self, bytes: Option<Vec<u8>>) -> Result<Checkpoint, End> {
        let Some(bytes) = bytes else {
            return Ok(Checkpoint::None);
        };
        Ok(match self.write_if_large(&bytes).await? {
            Some(pages) => Checkpoint::Paged(pages),
            None => Checkpoint::Inline(bytes),
        })
    }

    /// The same for the tasks that are to be cancelled, whose parameters may be large.
    async fn place_cancelling(&mut self, execution: &Execution) -> Result<Cancelling, End> {
        let requests: Vec<_> = execution.cancelling().cloned().collect();
        if requests.is_empty() {
            return Ok(Cancelling::Inline(requests));
        }
        let bytes = record::write_requests(&requests);
        let bytes = self.sound(bytes).await?;
        Ok(match self.write_if_large(&bytes).await? {
            Some(pages) => Cancelling::Paged(pages),
            None => Cancelling::Inline(requests),
        })
    }

    async fn write_if_large(&mut self, bytes: &[u8]) -> Result<Option<Vec<PageId>>, End> {
        let pages = record::build_checkpoint_pages(bytes);
        let Some(pages) = self.sound(pages).await? else {
            return Ok(None);
        };
        for page in &pages {
            self.write(&Write::Page(page)).await?;
        }
        Ok(Some(pages.into_iter().map(|page| page.id).collect()))
    }

    /// Removes the pages that only the last record needed. What is left when this fails goes
    /// with the execution.
    async fn remove_old_parts(&mut self, parts: Vec<PageId>) {
        let old = std::mem::replace(&mut self.parts, parts);
        let unused: Vec<PageId> = old
            .into_iter()
            .filter(|id| !self.parts.contains(id))
            .collect();
        self.remove(&unused).await;
    }

    /// Removes pages that no record refers to any more.
    async fn remove(&self, pages: &[PageId]) {
        for id in pages {
            if let Err(error) = self.ports.store.delete_page(&self.key, id).await {
                tracing::debug!(%error, ?id, "a page of an old checkpoint stays");
            }
        }
    }

    /// From here on the execution does not vanish before its tasks are cancelled.
    pub(super) async fn protect(&mut self) -> Result<(), End> {
        if !self.protected {
            self.protected = true;
            self.write(&Write::Protect).await?;
        }
        Ok(())
    }

    /// Nothing is left to be cancelled.
    pub(super) async fn release(&mut self) -> Result<(), End> {
        if self.protected {
            self.write(&Write::Release).await?;
            self.protected = false;
        }
        Ok(())
    }

    /// Does a write, as often as it takes. Returns how often that was.
    async fn write(&mut self, write: &Write<'_>) -> Result<u32, End> {
        let mut tries = 0;
        loop {
            tries += 1;
            let error = match self.attempt(write).await {
                Ok(()) => {
                    self.backoff.succeeded();
                    return Ok(tries);
                }
                Err(StoreError::Gone | StoreError::Terminating) => return Err(End::Gone),
                // It is being deleted already: a stop is on its way.
                Err(StoreError::Refused(_)) if matches!(write, Write::Protect) => return Ok(tries),
                Err(StoreError::Conflict) => match self.look_again(write).await {
                    Ok(Now::Written) => return Ok(tries),
                    Ok(Now::Unchanged) => continue,
                    Err(Ahead::End(end)) => return Err(end),
                    Err(Ahead::Error(error)) => error,
                },
                Err(error) => error,
            };
            self.pause(write.name(), &error).await?;
        }
    }

    async fn attempt(&mut self, write: &Write<'_>) -> Result<(), StoreError> {
        let (store, key, after) = (&self.ports.store, &self.key, &self.revision);
        self.revision = match write {
            Write::Snapshot(snapshot) => {
                let revision = store.save(key, snapshot, after).await?;
                self.stored = Some(fingerprint(&snapshot.record));
                revision
            }
            Write::Page(page) => return store.save_page(key, page).await,
            Write::Protect => store.protect(key, after).await?,
            Write::Release => store.release(key, after).await?,
        };
        Ok(())
    }

    /// After a conflict: whether the write had happened all the same (its answer was lost), or
    /// only something that is not ours changed, or somebody else carries the execution.
    async fn look_again(&mut self, write: &Write<'_>) -> Result<Now, Ahead> {
        let stored = self.ports.store.load(&self.key).await?;
        let found = stored.record.as_deref().map(fingerprint);
        if let Write::Snapshot(snapshot) = write
            && found == Some(fingerprint(&snapshot.record))
        {
            self.revision = stored.revision;
            self.stored = found;
            return Ok(Now::Written);
        }
        if found != self.stored {
            return Err(Ahead::End(End::Superseded));
        }
        self.revision = stored.revision;
        Ok(Now::Unchanged)
    }

    async fn pause(&mut self, what: &'static str, error: &StoreError) -> Result<(), End> {
        let retry_after = match error {
            StoreError::Transient { retry_after, .. } => *retry_after,
            _ => Some(REFUSED_PAUSE),
        };
        let entropy = self.ports.entropy.next();
        let pause = self.backoff.failed(entropy, retry_after);
        let observer = &self.ports.observer;
        observer.retrying(&self.key, what, &error.to_string(), pause);
        tokio::select! {
            () = self.ports.shutdown.cancelled() => Err(End::ShutDown),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Compression fails only for want of memory: it is tried again after a process start.
    async fn sound<T>(&mut self, result: Result<T, RecordError>) -> Result<T, End> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => {
                let refused = StoreError::Refused(error.to_string());
                self.pause("encode", &refused).await?;
                Err(End::Superseded)
            }
        }
    }
}

enum Now {
    Written,
    Unchanged,
}

enum Ahead {
    End(End),
    Error(StoreError),
}

impl From<StoreError> for Ahead {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Gone => Self::End(End::Gone),
            error => Self::Error(error),
        }
    }
}
