//! The actor that carries one execution: collect, decide, store, act.

mod resume;
mod running_task;
mod tasks;
mod writes;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{Event, ExecutionInfo, Limits, Outcome, TaskId};
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::execution::{Decision, Execution, Happening, Urgency};
use crate::ports::{Clock, Entropy, ExecutionKey, Identity, Observer, Revision, Store, TaskRunner};
pub use resume::ResumeError;
use running_task::RunningTask;
use writes::Writer;

/// How long something that people may want to see waits for another reason to write, at first.
/// While nothing but that is written it waits twice as long each time: a Job that talks for hours
/// costs a write a minute.
const DEBOUNCE: Duration = Duration::from_secs(2);
/// The longest that it waits.
const LONGEST_DEBOUNCE: Duration = Duration::from_mins(1);
/// How many happenings are collected to be decided on together at most.
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
type Message = Box<Incoming>;

/// What reaches a driver.
#[derive(Debug)]
enum Incoming {
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
    /// The execution does not exist any more, or is about to vanish with its namespace.
    Gone,
    /// The process is to stop; the execution goes on elsewhere, or later.
    ShutDown,
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
    /// What happened and is not decided on.
    happenings: VecDeque<Happening>,
    unsaved_since: Option<Timestamp>,
    debounce: Duration,
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
            happenings: first.into(),
            unsaved_since: None,
            debounce: DEBOUNCE,
            yielded: false,
        };
        (driver, handle)
    }

    /// Carries the execution until it ends, here or elsewhere.
    pub async fn run(mut self) -> End {
        match self.carry().await {
            Ok(outcome) => End::Finished(outcome),
            Err(End::Gone) => self.give_up().await,
            Err(end) => end,
        }
    }

    /// The execution is gone, or cannot be written any more: what its tasks made is removed, and
    /// then nothing holds it.
    async fn give_up(&mut self) -> End {
        if !self.cancel_all().await {
            return End::ShutDown;
        }
        let end = self.writer.release().await.err().unwrap_or(End::Gone);
        if end == End::Gone
            && let Some(outcome) = self.execution.decided()
        {
            self.tell_end(outcome);
        }
        end
    }

    async fn carry(&mut self) -> Result<Outcome, End> {
        self.resume_tasks();
        loop {
            let now = self.ports.clock.now();
            let entropy = &*self.ports.entropy;
            let decision = self.execution.decide(&mut self.happenings, now, entropy);
            // Thousands of executions wait, and none is to keep room for what may happen.
            self.happenings.shrink_to_fit();
            self.carry_out(decision, now).await?;
            if let Some(outcome) = self.execution.outcome().cloned() {
                self.finish(&outcome).await?;
                return Ok(outcome);
            }
            self.collect().await?;
        }
    }

    /// Stores a decision as soon as it has to be, then acts on it.
    async fn carry_out(&mut self, decision: Decision, now: Timestamp) -> Result<(), End> {
        self.yielded = decision.yielded;
        self.ports.observer.states_entered(decision.states_entered);
        if decision.urgency > Urgency::Never {
            self.unsaved_since.get_or_insert(now);
        }
        let runner = &self.ports.runner;
        let mut start = decision.start.iter();
        if start.any(|request| runner.leaves_something(&request.resource)) {
            self.writer.protect().await?;
        }
        let ended = self.execution.outcome().is_some();
        if decision.urgency == Urgency::Now && !ended {
            self.save().await?;
            self.debounce = DEBOUNCE;
        }
        for request in decision.cancel {
            self.cancel_task(request);
        }
        self.start_tasks(decision.start, false);
        Ok(())
    }

    /// Waits for something to happen, unless there is more to decide, and takes all of it.
    async fn collect(&mut self) -> Result<(), End> {
        if self.yielded {
            if self.ports.shutdown.is_cancelled() {
                return Err(self.shut_down().await);
            }
            self.writer.seal(&mut self.execution).await?;
            tokio::task::yield_now().await;
            // What is left goes on with whatever is handled next.
            if self.happenings.is_empty() && self.execution.is_ready() {
                self.look_at_time();
            }
        } else if let Some(incoming) = self.wait().await? {
            self.accept(*incoming);
        }
        while self.happenings.len() < BATCH
            && let Ok(incoming) = self.inbox.try_recv()
        {
            self.accept(*incoming);
        }
        let now = self.ports.clock.now();
        if self.execution.deadline().is_some_and(|due| due <= now) {
            self.look_at_time();
        }
        if self.is_stale(now) {
            self.save().await?;
            self.debounce = LONGEST_DEBOUNCE.min(self.debounce * 2);
        }
        Ok(())
    }

    /// Time is looked at after what happened before, and once.
    fn look_at_time(&mut self) {
        let is_time =
            |happening: &Happening| matches!(happening, Happening::Event(Event::TimePassed));
        if !self.happenings.iter().any(is_time) {
            self.happenings
                .push_back(Happening::Event(Event::TimePassed));
        }
    }

    /// The next message; `None` when it is time for something else.
    async fn wait(&mut self) -> Result<Option<Message>, End> {
        let flush = self.unsaved_since.map(|since| since + self.patience());
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
        Err(self.shut_down().await)
    }

    /// The last write of a process that is to stop.
    async fn shut_down(&mut self) -> End {
        if self.unsaved_since.is_some()
            && let Err(end) = self.save().await
        {
            return end;
        }
        End::ShutDown
    }

    fn is_stale(&self, now: Timestamp) -> bool {
        self.unsaved_since
            .is_some_and(|since| since + self.patience() <= now)
    }

    /// How long something that people may want to see waits now.
    fn patience(&self) -> Duration {
        self.debounce
            .max(self.writer.courtesy())
            .min(LONGEST_DEBOUNCE)
    }

    /// Takes a message in, unless it comes too late to matter.
    fn accept(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Happened(happening) => self.happenings.push_back(happening),
            Incoming::RetainJobs(retain) => self.settings.retain_jobs = retain,
            Incoming::Ended(id, result) => {
                let Some(running) = self.tasks.remove(&id) else {
                    return;
                };
                let fault = result.as_ref().err();
                let lasted = running.since.elapsed();
                self.ports.observer.task_ended(&running.task, fault, lasted);
                let ended = match result {
                    Ok(output) => Event::TaskSucceeded { task: id, output },
                    Err(fault) => Event::TaskFailed { task: id, fault },
                };
                self.happenings.push_back(Happening::Event(ended));
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
        self.tell_end(outcome);
        Ok(())
    }

    fn tell_end(&self, outcome: &Outcome) {
        let (now, started) = (self.ports.clock.now(), self.execution.started());
        let lasted = Duration::try_from(now.duration_since(started)).unwrap_or_default();
        let observer = &self.ports.observer;
        observer.execution_ended(&self.settings.key, outcome, lasted);
    }
}

#[cfg(test)]
mod tests;
