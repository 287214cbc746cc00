//! One execution on this machine, kept in memory.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use asl::Value;
use asl::definition::{MachineType, StateMachine};
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Limits, Outcome};
use engine::clock::{RuntimeClock, SystemClock};
use engine::driver::{Driver, End, Handle, Known, Ports, Settings};
use engine::entropy::{RandomEntropy, SeededEntropy};
use engine::history::Forward;
use engine::memory::{Kept, MemoryStore};
use engine::ports::{
    Entropy as _, ExecutionKey, Identity, Observer, PageId, Store as _, Task, TaskRunner,
    Unobserved,
};
use engine::record;
use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::history_line::history_line;
use crate::printable::{in_one_line, printable};
use crate::stderr;

/// What is run, and how.
pub struct LocalRun {
    /// The definition.
    pub definition: Arc<StateMachine>,
    /// The StateMachine's name, where there is one.
    pub state_machine_name: Option<String>,
    /// The state machine's type.
    pub machine_type: MachineType,
    /// The execution's name.
    pub name: String,
    /// The input.
    pub input: Value,
    /// Whether time passes at once where nothing else happens.
    pub no_wait: bool,
    /// When it starts, if not now.
    pub start_time: Option<Timestamp>,
    /// Where the random numbers begin, if they are to be the same each time.
    pub seed: Option<u64>,
    /// Whether nothing is printed meanwhile.
    pub quiet: bool,
}

/// What came out.
pub struct Finished {
    /// How it ended.
    pub outcome: Outcome,
    info: ExecutionInfo,
    stopped: Option<Timestamp>,
    /// One JSON text an event.
    history: Vec<String>,
}

impl LocalRun {
    /// Runs it to its end; Ctrl-C and SIGTERM stop it as StopExecution does.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn carry(
        self,
        runner: impl AsyncFnOnce() -> anyhow::Result<Arc<dyn TaskRunner>>,
    ) -> anyhow::Result<Finished> {
        self.runtime()?
            .block_on(async { self.drive(runner().await?).await })
    }

    fn runtime(&self) -> std::io::Result<Runtime> {
        let mut builder = if self.no_wait {
            let mut builder = Builder::new_current_thread();
            builder.start_paused(true);
            builder
        } else {
            Builder::new_multi_thread()
        };
        builder.enable_all().build()
    }

    async fn drive(self, runner: Arc<dyn TaskRunner>) -> anyhow::Result<Finished> {
        let signals = Signals::open()?;
        let store = Arc::new(MemoryStore::default());
        let key = self.key();
        let ports = self.ports(store.clone(), runner);
        let info = self.info(ports.clock.now());
        let known = Known {
            revision: store.create(key.clone()),
            protected: false,
        };
        let settings = Settings {
            key: key.clone(),
            identity: Identity::None,
            retain_jobs: false,
            limits: Limits::default(),
        };
        let (driver, handle) = Driver::start(ports, settings, self.definition, info.clone(), known);
        let stopper = tokio::spawn(signals.stop(handle));
        let end = driver.run().await;
        stopper.abort();
        let End::Finished(outcome) = end else {
            bail!("the execution was lost: {end:?}");
        };
        let kept = store.kept(&key).context("the execution was not kept")?;
        Ok(Finished {
            outcome,
            info,
            stopped: kept
                .snapshot
                .as_ref()
                .and_then(|last| last.progress.stopped),
            history: history_of(&store, &key, &kept).await?,
        })
    }

    fn ports(&self, store: Arc<MemoryStore>, runner: Arc<dyn TaskRunner>) -> Ports {
        let epoch = self.start_time.unwrap_or_else(Timestamp::now);
        Ports {
            store,
            runner,
            clock: match self.no_wait {
                true => Arc::new(RuntimeClock::starting_at(epoch)),
                false => Arc::new(SystemClock),
            },
            entropy: match self.seed {
                Some(seed) => Arc::new(SeededEntropy::new(seed)),
                None => Arc::new(RandomEntropy),
            },
            observer: match self.quiet {
                true => Arc::new(Unobserved),
                false => Arc::new(Narrator),
            },
            shutdown: CancellationToken::new(),
        }
    }

    fn key(&self) -> ExecutionKey {
        ExecutionKey {
            namespace: "default".into(),
            name: self.name.as_str().into(),
            // It marks what the run makes in a cluster, so that no other run takes it for its own.
            uid: format!("local-{:016x}", RandomEntropy.next()).into(),
        }
    }

    fn info(&self, now: Timestamp) -> ExecutionInfo {
        let machine = self.state_machine_name.as_deref().unwrap_or("local");
        let name = &self.name;
        let id = match self.machine_type {
            MachineType::Standard => format!("execution:{machine}:{name}"),
            MachineType::Express => format!("express:{machine}:{name}:local"),
        };
        ExecutionInfo {
            id: format!("arn:aws:states:us-east-1:000000000000:{id}").into(),
            name: name.as_str().into(),
            role_arn: "".into(),
            start_time: now,
            input: self.input.clone(),
            state_machine_id: format!(
                "arn:aws:states:us-east-1:000000000000:stateMachine:{machine}"
            )
            .into(),
            state_machine_name: machine.into(),
            region: "us-east-1".into(),
        }
    }
}

/// The signals that end a run: those of people and of supervisors. SIGHUP is left as it was found,
/// for nohup.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn open() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Stops the execution at the first signal, and ends this process at the second.
    async fn stop(mut self, handle: Handle) {
        let (name, _) = self.next().await;
        stderr::write_line("stopping; the next Ctrl-C or SIGTERM leaves at once");
        handle.stop(Fault::new("Interrupted", format!("stopped by {name}")));
        let (_, status) = self.next().await;
        std::process::exit(status);
    }

    /// The next signal's name, and the exit status of who ends by it.
    async fn next(&mut self) -> (&'static str, i32) {
        tokio::select! {
            _ = self.interrupt.recv() => ("Ctrl-C", 130),
            _ = self.terminate.recv() => ("SIGTERM", 143),
        }
    }
}

/// The events in order.
async fn history_of(
    store: &MemoryStore,
    key: &ExecutionKey,
    kept: &Kept,
) -> anyhow::Result<Vec<String>> {
    let Some(snapshot) = &kept.snapshot else {
        return Ok(Vec::new());
    };
    let tail = record::decode(&snapshot.record)?.tail;
    let load = async |id: &PageId| store.load_page(key, id).await;
    let mut reader = Forward::open(&tail, 0, load).await?;
    let mut lines = Vec::new();
    while let Some(line) = reader.next().await? {
        lines.push(line.text);
    }
    Ok(lines)
}

impl Finished {
    /// As DescribeExecution answers, but for the output: a value instead of text.
    pub fn json(&self, with_history: bool) -> serde_json::Value {
        let mut json = serde_json::json!({
            "executionArn": &*self.info.id,
            "stateMachineArn": &*self.info.state_machine_id,
            "name": &*self.info.name,
            "status": self.outcome.status(),
            "startDate": self.info.start_time.to_string(),
            "input": serde_json::Value::from(&self.info.input),
        });
        let mut set = |name: &str, value: serde_json::Value| {
            if let Some(object) = json.as_object_mut() {
                object.insert(name.to_owned(), value);
            }
        };
        if let Some(stopped) = self.stopped {
            set("stopDate", stopped.to_string().into());
        }
        match &self.outcome {
            Outcome::Succeeded(output) => set("output", output.into()),
            Outcome::Failed(fault) | Outcome::TimedOut(fault) | Outcome::Aborted(fault) => {
                if let Some(error) = &fault.error {
                    set("error", (&**error).into());
                }
                if let Some(cause) = &fault.cause {
                    set("cause", (&**cause).into());
                }
            }
        }
        if with_history {
            let events = self
                .history
                .iter()
                .filter_map(|line| serde_json::from_str(line).ok());
            set("events", events.collect::<Vec<serde_json::Value>>().into());
        }
        json
    }

    /// One line an event, for people.
    pub fn history_lines(&self) -> impl Iterator<Item = String> {
        self.history.iter().map(|line| {
            serde_json::from_str(line).map_or_else(
                |_| line.clone(),
                |event| history_line(&event, self.info.start_time),
            )
        })
    }

    /// How it did not succeed, in words.
    pub fn failure(&self, outcome: &Outcome) -> String {
        let status = outcome.status();
        let fault = match outcome {
            Outcome::Failed(fault) | Outcome::TimedOut(fault) | Outcome::Aborted(fault) => fault,
            Outcome::Succeeded(_) => return status.to_owned(),
        };
        let error = fault.error.as_deref().unwrap_or("no error name");
        let failure = match fault.cause.as_deref().filter(|cause| !cause.is_empty()) {
            Some(cause) => format!("{status}: {error}: {cause}"),
            None => format!("{status}: {error}"),
        };
        printable(&failure).into_owned()
    }
}

/// Tells on standard error what goes on.
struct Narrator;

impl Observer for Narrator {
    fn task_started(&self, task: &Task) {
        let request = &task.request;
        narrate(&format!("{}: {} started", request.state, request.resource));
    }

    fn task_ended(&self, task: &Task, fault: Option<&Fault>, lasted: Duration) {
        let state = &task.request.state;
        let seconds = lasted.as_secs_f64();
        narrate(&match fault {
            None => format!("{state}: succeeded after {seconds:.1} s"),
            Some(fault) => format!("{state}: failed after {seconds:.1} s: {}", fault.name()),
        });
    }

    fn retrying(&self, _: &ExecutionKey, what: &'static str, why: &str, pause: Duration) {
        let seconds = pause.as_secs_f64();
        narrate(&format!(
            "{what} did not succeed, again in {seconds:.1} s: {why}"
        ));
    }
}

fn narrate(line: &str) {
    stderr::write_line(in_one_line(line));
}
