//! What lives on when a process dies: the store, the Jobs, the time, and when it will die.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use asl::machine::TaskId;
use async_trait::async_trait;
use engine::memory::MemoryStore;
use engine::ports::{ExecutionKey, PageId, Revision, Snapshot, Store, StoreError, Stored, Task};
use engine::record::Page;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::mishap::{Kind, Mishap};

/// A Job, or what else a task makes.
#[derive(Debug, Clone)]
struct Job {
    state: String,
    /// The task's number.
    number: TaskId,
    ends: Timestamp,
    made: u32,
    ended: bool,
    removed: bool,
}

#[derive(Debug)]
struct State {
    requests: usize,
    mishaps: HashMap<usize, Kind>,
    jobs: BTreeMap<String, Job>,
    status_writes: usize,
    bytes_written: usize,
    now: Timestamp,
    crashed: CancellationToken,
    shutdown: CancellationToken,
}

/// What lives on. Clones are the same world.
#[derive(Debug, Clone)]
pub struct World {
    /// The store, which does not fail when it is asked here.
    pub store: Arc<MemoryStore>,
    state: Arc<Mutex<State>>,
}

impl World {
    /// A world in which these things go wrong.
    #[must_use]
    pub fn new(mishaps: &[Mishap]) -> Self {
        let state = State {
            requests: 0,
            mishaps: mishaps
                .iter()
                .map(|mishap| (mishap.at, mishap.kind))
                .collect(),
            jobs: BTreeMap::new(),
            status_writes: 0,
            bytes_written: 0,
            now: Timestamp::UNIX_EPOCH,
            crashed: CancellationToken::new(),
            shutdown: CancellationToken::new(),
        };
        Self {
            store: Arc::new(MemoryStore::default()),
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A new process: when it dies, the token says so.
    pub fn be_born(&self) -> (Timestamp, CancellationToken) {
        let mut state = self.state();
        state.crashed = CancellationToken::new();
        (state.now, state.crashed.clone())
    }

    /// Cancelled, it tells the process to stop.
    #[must_use]
    pub fn shutdown(&self) -> CancellationToken {
        self.state().shutdown.clone()
    }

    /// A process that was told to stop is followed by one that was not.
    pub fn come_up_again(&self) {
        self.state().shutdown = CancellationToken::new();
    }

    /// Time has passed.
    pub fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// How many requests went out.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.state().requests
    }

    /// How many bytes of records and pages were written, or were to be.
    #[must_use]
    pub fn bytes_written(&self) -> usize {
        self.state().bytes_written
    }

    /// How often the status was written, or was to be.
    #[must_use]
    pub fn status_writes(&self) -> usize {
        self.state().status_writes
    }

    /// A request goes out: it may be the last thing that happens. `error` is its answer if it
    /// goes wrong.
    pub async fn request<T, E>(
        &self,
        act: impl Future<Output = Result<T, E>>,
        error: E,
    ) -> Result<T, E> {
        let kind = {
            let mut state = self.state();
            let at = state.requests;
            state.requests += 1;
            state.mishaps.get(&at).copied()
        };
        match kind {
            None => act.await,
            Some(Kind::DiesBefore) => self.die().await,
            Some(Kind::DiesAfter) => {
                let _ = act.await;
                self.die().await
            }
            Some(Kind::Fails) => Err(error),
            Some(Kind::AnswerIsLost) => {
                let _ = act.await;
                Err(error)
            }
            Some(Kind::IsOvertaken) => {
                self.store.touch(&key());
                act.await
            }
        }
    }

    async fn die(&self) -> ! {
        self.state().crashed.cancel();
        std::future::pending().await
    }

    async fn store_request<T>(
        &self,
        act: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let error = StoreError::Transient {
            message: "the connection was reset".to_owned(),
            retry_after: None,
        };
        self.request(act, error).await
    }

    /// Makes a task's Job, or finds the one it made: after a restart, or `again`. Returns when it
    /// ends.
    pub fn make_job(&self, task: &Task, ends: Timestamp, again: bool) -> Timestamp {
        let mut state = self.state();
        let job = state.jobs.entry(task.id()).or_insert_with(|| Job {
            state: task.request.state.to_string(),
            number: task.request.task,
            ends,
            made: 0,
            ended: false,
            removed: false,
        });
        if !(task.resumed || again) || job.made == 0 {
            job.made += 1;
        }
        job.ends
    }

    /// How many Jobs were made for earlier tasks of the same state.
    #[must_use]
    pub fn earlier_jobs(&self, task: &Task) -> usize {
        let state = self.state();
        let jobs = state.jobs.values();
        jobs.filter(|job| *job.state == *task.request.state && job.number < task.request.task)
            .count()
    }

    /// A task took the end of its Job to notice.
    pub fn job_ended(&self, task: &Task) {
        if let Some(job) = self.state().jobs.get_mut(&task.id()) {
            job.ended = true;
        }
    }

    /// A task's Job is removed.
    pub fn remove_job(&self, task: &Task) {
        if let Some(job) = self.state().jobs.get_mut(&task.id()) {
            job.removed = true;
        }
    }

    /// How many Jobs were removed.
    pub fn removed(&self) -> usize {
        self.state().jobs.values().filter(|job| job.removed).count()
    }

    /// How many Jobs were made for each state.
    pub fn made_by_state(&self) -> BTreeMap<String, u32> {
        let mut made = BTreeMap::new();
        for job in self.state().jobs.values() {
            *made.entry(job.state.clone()).or_default() += job.made;
        }
        made
    }

    /// No task made two Jobs.
    pub fn check_each_was_made_once(&self, name: &str) {
        for (id, job) in &self.state().jobs {
            assert_eq!(job.made, 1, "{name}: {id} ({})", job.state);
        }
    }

    /// Each Job ended or was removed.
    pub fn check_nothing_is_left(&self, name: &str) {
        for (id, job) in &self.state().jobs {
            assert!(
                job.ended || job.removed,
                "{name}: {id} ({}) is left",
                job.state
            );
        }
    }
}

/// The one execution.
pub fn key() -> ExecutionKey {
    ExecutionKey {
        namespace: "ns".into(),
        name: "e".into(),
        uid: "uid".into(),
    }
}

/// A store that may be the last thing a process asks.
pub struct MortalStore(pub World);

#[async_trait]
impl Store for MortalStore {
    async fn load(&self, key: &ExecutionKey) -> Result<Stored, StoreError> {
        self.0.store.load(key).await
    }

    async fn save(
        &self,
        key: &ExecutionKey,
        snapshot: &Snapshot,
        after: &Revision,
    ) -> Result<Revision, StoreError> {
        // With an input and an output the object must stay below 512 KiB.
        assert!(
            snapshot.record.len() <= 128 * 1024,
            "{}",
            snapshot.record.len()
        );
        self.0.state().status_writes += 1;
        self.0.state().bytes_written += snapshot.record.len();
        let save = self.0.store.save(key, snapshot, after);
        self.0.store_request(save).await
    }

    async fn save_page(&self, key: &ExecutionKey, page: &Page) -> Result<(), StoreError> {
        assert!(page.data.len() <= 512 * 1024);
        self.0.state().bytes_written += page.data.len();
        self.0
            .store_request(self.0.store.save_page(key, page))
            .await
    }

    async fn load_page(&self, key: &ExecutionKey, id: &PageId) -> Result<Arc<str>, StoreError> {
        self.0.store.load_page(key, id).await
    }

    async fn delete_page(&self, key: &ExecutionKey, id: &PageId) -> Result<(), StoreError> {
        self.0
            .store_request(self.0.store.delete_page(key, id))
            .await
    }

    async fn protect(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError> {
        self.0.store_request(self.0.store.protect(key, after)).await
    }

    async fn release(&self, key: &ExecutionKey, after: &Revision) -> Result<Revision, StoreError> {
        self.0.store_request(self.0.store.release(key, after)).await
    }
}
