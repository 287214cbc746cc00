//! The actor that carries one execution: collect, decide, store, act.

mod writes;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{CheckpointError, Event, ExecutionInfo, Limits, Outcome, TaskId, TaskRequest};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::execution::{Decision, Execution, Happening, Urgency};
use crate::ports::{
    Clock, Entropy, ExecutionKey, Identity, Observer, Revision, Store, StoreError, Task, TaskRunner,
};
use crate::progress::TaskView;
use crate::record::{self, Checkpoint, Record, RecordError};
use crate::running::RunningTask;
use crate::values;
use writes::{StoredRecord, Writer};

/// How long something that people may want to see waits for another reason to write.
const DEBOUNCE: Duration = Duration::from_secs(2);
/// How many happenings are decided on together at most.
const BATCH: usize = 256;

/// The world outside an execution.
#[derive(Clone)]
pub struct Ports {
    /// Where it is kept.
    pub store: Arc<dyn Store>,
    /// Who runs its tasks.
    pub runner: Arc<dyn TaskRunner>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where randomness comes from.
    pub entropy: Arc<dyn Entropy>,
    /// Who wants to know.
    pub observer: Arc<dyn Observer>,
    /// Cancelled when the process is to stop carrying executions: what is decided is stored, and
    /// tasks go on without being watched.
    pub shutdown: CancellationToken,
}

/// What is fixed about an execution besides its state machine and input.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which execution.
    pub key: ExecutionKey,
    /// Whose rights its tasks act with.
    pub identity: Identity,
    /// Whether Jobs of cancelled tasks are kept.
    pub retain_jobs: bool,
    /// What bounds it.
    pub limits: Limits,
}

/// What the store says about an execution before it is driven.
#[derive(Debug, Clone)]
pub struct Known {
    /// The last write.
    pub revision: Revision,
    /// Whether [`Store::protect`] was done.
    pub protected: bool,
}

/// Reaches a driver while it runs.
#[derive(Debug, Clone)]
pub struct Handle(UnboundedSender<Message>);

impl Handle {
    /// Stops the execution (`StopExecution`). Of no effect once it ended.
    pub fn stop(&self, fault: Fault) {
        let _ = self
            .0
            .send(Box::new(Incoming::Happened(Happening::Event(Event::Stop(
                fault,
            )))));
    }

    /// Says anew whether Jobs of tasks that are cancelled from now on are kept.
    pub fn retain_jobs(&self, retain: bool) {
        let _ = self.0.send(Box::new(Incoming::RetainJobs(retain)));
    }
}

/// A channel has room for 32 messages from the start: for 10,000 executions that wait, and get
/// none, small ones make a difference of 80 MB.
pub(crate) type Message = Box<Incoming>;

/// What reaches a driver.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// Something happened.
    Happened(Happening),
    /// A task ended.
    Ended(TaskId, Result<Value, Fault>),
    /// [`Settings::retain_jobs`] is another.
    RetainJobs(bool),
}

/// Why a driver ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// The execution ended, and that is stored.
    Finished(Outcome),
    /// Somebody else carries the execution: what is stored is not what was stored here.
    Superseded,
    /// The execution does not exist any more.
    Gone,
    /// The process is to stop; the execution goes on elsewhere, or later.
    ShutDown,
}

/// Why an execution cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The record is damaged or of a newer version.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The checkpoint is, or does not fit the definition.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A part of the checkpoint could not be read.
    #[error("a page of the checkpoint cannot be read: {0}")]
    Page(#[from] StoreError),
    /// It ended.
    #[error("the execution ended: there is nothing to continue")]
    Ended,
}

/// Carries one execution.
pub struct Driver {
    ports: Ports,
    settings: Settings,
    execution: Execution,
    writer: Writer,
    sender: UnboundedSender<Message>,
    inbox: UnboundedReceiver<Message>,
    tasks: HashMap<TaskId, RunningTask>,
    first: Vec<Happening>,
    unsaved_since: Option<Timestamp>,
    yielded: bool,
}

impl Driver {
    /// A driver for a new execution.
    #[must_use]
    pub fn start(
        ports: Ports,
        settings: Settings,
        definition: Arc<StateMachine>,
        info: ExecutionInfo,
        known: Known,
    ) -> (Self, Handle) {
        let execution = Execution::new(definition, info, settings.limits);
        ports.observer.execution_started(&settings.key);
        let writer = Writer::new(&ports, &settings, known, None);
        let first = vec![Happening::Event(Event::Started)];
        Self::new(ports, settings, execution, writer, first)
    }

    /// A driver that continues an execution from its record. `shown` is what people saw of its
    /// tasks.
    ///
    /// # Errors
    /// See [`ResumeError`].
    pub async fn resume(
        ports: Ports,
        settings: Settings,
        definition: Arc<StateMachine>,
        record_text: &str,
        shown: Vec<TaskView>,
        known: Known,
    ) -> Result<(Self, Handle), ResumeError> {
        let record = record::decode(record_text)?;
        let checkpoint = load_checkpoint(&ports, &settings.key, &record).await?;
        let sealed = load_values(&ports, &settings.key, &record).await?;
        let stored = StoredRecord::new(record_text, &record);
        let limits = settings.limits;
        let execution =
            Execution::restore(definition, &checkpoint, &sealed, record, shown, limits)?;
        let writer = Writer::new(&ports, &settings, known, Some(stored));
        // A heartbeat that was missed while nobody listened was not missed.
        let first = execution.running().map(|request| {
            let task = request.task;
            Happening::Event(Event::TaskHeartbeat { task })
        });
        let first = first.collect();
        Ok(Self::new(ports, settings, execution, writer, first))
    }

    fn new(
        ports: Ports,
        settings: Settings,
        execution: Execution,
        writer: Writer,
        first: Vec<Happening>,
    ) -> (Self, Handle) {
        let (sender, inbox) = unbounded_channel();
        let handle = Handle(sender.clone());
        let driver = Self {
            ports,
            settings,
            execution,
            writer,
            sender,
            inbox,
            tasks: HashMap::new(),
            first,
            unsaved_since: None,
            yielded: false,
        };
        (driver, handle)
    }

    /// Carries the execution until it ends, here or elsewhere.
    pub async fn run(mut self) -> End {
        match self.carry().await {
            Ok(outcome) => End::Finished(outcome),
            Err(end) => {
                if end == End::Gone {
                    self.cancel_all();
                }
                end
            }
        }
    }

    /// The execution is gone in spite of its protection: what its tasks made is removed.
    fn cancel_all(&mut self) {
        let running: Vec<_> = self.execution.running().cloned().collect();
        for request in running {
            self.cancel_task(request);
        }
    }

    async fn carry(&mut self) -> Result<Outcome, End> {
        self.resume_tasks();
        let mut happenings = std::mem::take(&mut self.first);
        loop {
            let now = self.ports.clock.now();
            let decision = self.execution.decide(happenings, now, &*self.ports.entropy);
            self.carry_out(decision, now).await?;
            if let Some(outcome) = self.execution.outcome().cloned() {
                self.finish(&outcome).await?;
                return Ok(outcome);
            }
            happenings = self.collect().await?;
        }
    }

    /// Stores a decision as soon as it has to be, then acts on it.
    async fn carry_out(&mut self, decision: Decision, now: Timestamp) -> Result<(), End> {
        self.yielded = decision.yielded;
        self.ports.observer.states_entered(decision.states_entered);
        if decision.urgency > Urgency::Never {
            self.unsaved_since.get_or_insert(now);
        }
        if !decision.start.is_empty() {
            self.writer.protect().await?;
        }
        let ended = self.execution.outcome().is_some();
        if decision.urgency == Urgency::Now && !ended {
            self.save().await?;
        }
        for request in decision.cancel {
            self.cancel_task(request);
        }
        for request in decision.start {
            self.start_task(request, false);
        }
        Ok(())
    }

    /// Waits for something to happen, and takes all of it.
    async fn collect(&mut self) -> Result<Vec<Happening>, End> {
        let mut happenings = Vec::new();
        if self.yielded {
            self.writer.seal(&mut self.execution).await?;
            tokio::task::yield_now().await;
            happenings.push(Happening::Event(Event::TimePassed));
        } else {
            let first = self.wait().await?;
            happenings.extend(first.and_then(|incoming| self.accept(*incoming)));
        }
        while happenings.len() < BATCH {
            let Ok(incoming) = self.inbox.try_recv() else {
                break;
            };
            happenings.extend(self.accept(*incoming));
        }
        let now = self.ports.clock.now();
        if self.execution.deadline().is_some_and(|due| due <= now) {
            happenings.push(Happening::Event(Event::TimePassed));
        }
        if self.is_stale(now) {
            self.save().await?;
        }
        Ok(happenings)
    }

    /// The next message; `None` when it is time for something else.
    async fn wait(&mut self) -> Result<Option<Message>, End> {
        let flush = self.unsaved_since.map(|since| since + DEBOUNCE);
        let due = [flush, self.execution.deadline()];
        let due = due.into_iter().flatten().min();
        let clock = &self.ports.clock;
        let timer = async {
            match due {
                Some(due) => clock.sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.ports.shutdown.cancelled() => {}
            incoming = self.inbox.recv() => return Ok(incoming),
            () = timer => return Ok(None),
        }
        if self.unsaved_since.is_some() {
            self.save().await?;
        }
        Err(End::ShutDown)
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        self.unsaved_since
            .is_some_and(|since| since + DEBOUNCE <= now)
    }

    /// A message as what happened; `None` if it comes too late to matter.
    fn accept(&mut self, incoming: Incoming) -> Option<Happening> {
        match incoming {
            Incoming::Happened(happening) => Some(happening),
            Incoming::RetainJobs(retain) => {
                self.settings.retain_jobs = retain;
                None
            }
            Incoming::Ended(id, result) => {
                let running = self.tasks.remove(&id)?;
                let fault = result.as_ref().err();
                let lasted = running.since.elapsed();
                self.ports.observer.task_ended(&running.task, fault, lasted);
                Some(Happening::Event(match result {
                    Ok(output) => Event::TaskSucceeded { task: id, output },
                    Err(fault) => Event::TaskFailed { task: id, fault },
                }))
            }
        }
    }

    async fn save(&mut self) -> Result<(), End> {
        self.writer.save(&mut self.execution).await?;
        self.unsaved_since = None;
        Ok(())
    }

    /// The outcome is decided and all is cancelled that was to be: the last writes.
    async fn finish(&mut self, outcome: &Outcome) -> Result<(), End> {
        self.tasks.clear();
        self.writer.release().await?;
        self.save().await?;
        let lasted = self
            .ports
            .clock
            .now()
            .duration_since(self.execution.started());
        let lasted = Duration::try_from(lasted).unwrap_or_default();
        let observer = &self.ports.observer;
        observer.execution_ended(&self.settings.key, outcome, lasted);
        Ok(())
    }

    fn resume_tasks(&mut self) {
        let running: Vec<_> = self.execution.running().cloned().collect();
        for request in running {
            self.start_task(request, true);
        }
        let cancelling: Vec<_> = self.execution.cancelling().cloned().collect();
        for request in cancelling {
            self.cancel_task(request);
        }
    }

    fn task(&self, request: TaskRequest, resumed: bool) -> Task {
        let role = request.credentials.clone().map(Identity::Role);
        Task {
            execution: self.settings.key.clone(),
            identity: role.unwrap_or_else(|| self.settings.identity.clone()),
            submitted: self.execution.is_submitted(request.task),
            request,
            resumed,
            retain_jobs: self.settings.retain_jobs,
        }
    }

    fn start_task(&mut self, request: TaskRequest, resumed: bool) {
        let id = request.task;
        let task = self.task(request, resumed);
        if !resumed {
            self.ports.observer.task_started(&task);
        }
        let runner = self.ports.runner.clone();
        let running = RunningTask::spawn(task, runner, self.sender.clone());
        self.tasks.insert(id, running);
    }

    /// Stops waiting for a task and has it cancelled, however often that takes.
    fn cancel_task(&mut self, request: TaskRequest) {
        let id = request.task;
        self.tasks.remove(&id);
        let task = self.task(request, true);
        let ports = self.ports.clone();
        let inbox = self.sender.clone();
        tokio::spawn(async move {
            if cancel(&ports, &task).await {
                let _ = inbox.send(Box::new(Incoming::Happened(Happening::Cancelled(id))));
            }
        });
    }
}

/// Cancels a task; false if the process is to stop before that could be done.
async fn cancel(ports: &Ports, task: &Task) -> bool {
    let mut backoff = Backoff::for_writes();
    loop {
        let error = tokio::select! {
            () = ports.shutdown.cancelled() => return false,
            result = ports.runner.cancel(task) => match result {
                Ok(()) => return true,
                Err(error) => error,
            },
        };
        let pause = backoff.failed(ports.entropy.next(), None);
        let key = &task.execution;
        let observer = &ports.observer;
        observer.retrying(key, "cancel task", &error.to_string(), pause);
        tokio::time::sleep(pause).await;
    }
}

async fn load_values(
    ports: &Ports,
    key: &ExecutionKey,
    record: &Record,
) -> Result<HashMap<u64, Value>, ResumeError> {
    let mut sealed = HashMap::new();
    for group in &record.values {
        let mut texts = Vec::new();
        for id in &group.pages {
            texts.push(ports.store.load_page(key, id).await?);
        }
        values::read_group(texts.iter().map(|text| &**text), &mut sealed)?;
    }
    Ok(sealed)
}

async fn load_checkpoint(
    ports: &Ports,
    key: &ExecutionKey,
    record: &Record,
) -> Result<Vec<u8>, ResumeError> {
    let parts = match &record.checkpoint {
        Checkpoint::None => return Err(ResumeError::Ended),
        Checkpoint::Inline(bytes) => return Ok(bytes.clone()),
        Checkpoint::Paged(parts) => parts,
    };
    let mut texts = Vec::new();
    for id in parts {
        texts.push(ports.store.load_page(key, id).await?);
    }
    Ok(record::join_pages(texts.iter().map(|text| &**text))?)
}
