//! What lives on when a process dies: the store, the Jobs, the time, and when it will die.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use engine::memory::MemoryStore;
use engine::ports::{ExecutionKey, PageId, Revision, Snapshot, Store, StoreError, Stored, Task};
use engine::record::Page;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

/// What goes wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The process dies; nothing happens.
    DiesBefore,
    /// It happens; the process dies before it hears of it.
    DiesAfter,
    /// Nothing happens, and an error comes back.
    Fails,
    /// It happens, and an error comes back.
    AnswerIsLost,
    /// Somebody else edits the object first.
    IsOvertaken,
}

/// Something that goes wrong at the n-th request that goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mishap {
    pub at: usize,
    pub kind: Kind,
}

/// A Job.
#[derive(Debug, Clone)]
pub struct Job {
    pub state: String,
    pub ends: Timestamp,
    pub made: u32,
    pub ended: bool,
    pub removed: bool,
}

#[derive(Debug)]
struct State {
    points: usize,
    mishaps: HashMap<usize, Kind>,
    jobs: BTreeMap<String, Job>,
    status_writes: usize,
    now: Timestamp,
    crashed: CancellationToken,
    shutdown: CancellationToken,
}

#[derive(Clone)]
pub struct World {
    pub store: Arc<MemoryStore>,
    state: Arc<Mutex<State>>,
}

impl World {
    pub fn new(mishaps: &[Mishap]) -> Self {
        let state = State {
            points: 0,
            mishaps: mishaps
                .iter()
                .map(|mishap| (mishap.at, mishap.kind))
                .collect(),
            jobs: BTreeMap::new(),
            status_writes: 0,
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
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
    pub fn shutdown(&self) -> CancellationToken {
        self.state().shutdown.clone()
    }

    pub fn set_now(&self, now: Timestamp) {
        self.state().now = now;
    }

    pub fn points(&self) -> usize {
        self.state().points
    }

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
            let at = state.points;
            state.points += 1;
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

    /// Makes a task's Job, or finds the one it made: after a restart, or `again`. Returns when it ends, and how many Jobs of
    /// the state were made before.
    pub fn make_job(&self, task: &Task, ends: Timestamp, again: bool) -> (Timestamp, u32) {
        let mut state = self.state();
        let name = task.request.state.to_string();
        let id = task.id();
        let earlier = state
            .jobs
            .iter()
            .filter(|(other, job)| job.state == name && number(other) < task.request.task)
            .count();
        let job = state.jobs.entry(id).or_insert_with(|| Job {
            state: name,
            ends,
            made: 0,
            ended: false,
            removed: false,
        });
        if !(task.resumed || again) || job.made == 0 {
            job.made += 1;
        }
        (job.ends, u32::try_from(earlier).unwrap())
    }

    pub fn job_ended(&self, task: &Task) {
        if let Some(job) = self.state().jobs.get_mut(&task.id()) {
            job.ended = true;
        }
    }

    pub fn remove_job(&self, task: &Task) {
        if let Some(job) = self.state().jobs.get_mut(&task.id()) {
            job.removed = true;
        }
    }

    pub fn removed(&self) -> usize {
        self.state().jobs.values().filter(|job| job.removed).count()
    }

    pub fn made_by_state(&self) -> BTreeMap<String, u32> {
        let mut made = BTreeMap::new();
        for job in self.state().jobs.values() {
            *made.entry(job.state.clone()).or_default() += job.made;
        }
        made
    }

    pub fn check_each_was_made_once(&self, name: &str) {
        for (id, job) in &self.state().jobs {
            assert_eq!(job.made, 1, "{name}: {id} ({})", job.state);
        }
    }

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

/// The number of a task in its id.
fn number(id: &str) -> u64 {
    id.rsplit('-').next().unwrap().parse().unwrap()
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
        self.0.state().status_writes += 1;
        let save = self.0.store.save(key, snapshot, after);
        self.0.store_request(save).await
    }

    async fn save_page(&self, key: &ExecutionKey, page: &Page) -> Result<(), StoreError> {
        assert!(page.data.len() <= 512 * 1024);
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
