//! Operators as processes on this machine: started, killed, paused, and started again whenever
//! they end, as the kubelet does.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use e2e::definition::CLUSTER;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::plan::Blow;

/// The Lease of two operators, in the round's namespace.
pub const LEASE: &str = "operator";
/// How long an operator may take to end when it is asked to: what Kubernetes gives a pod.
const GRACE: Duration = Duration::from_secs(30);
/// The pause before one that ended by itself is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(300);

/// What all operators of a round have in common.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The binary `sfn`.
    pub program: PathBuf,
    /// The namespace they serve.
    pub namespace: String,
    /// Where the API server is, as they see it.
    pub server: SocketAddr,
    /// Their credentials.
    pub token: String,
    /// Where their logs go.
    pub folder: PathBuf,
    /// Whether they elect a leader.
    pub elect: bool,
}

/// An operator, whichever process it is at the moment.
pub struct Operator {
    name: String,
    orders: mpsc::Sender<(Blow, oneshot::Sender<()>)>,
    notes: Arc<Mutex<Vec<String>>>,
    log: PathBuf,
    keeper: JoinHandle<()>,
}

impl Operator {
    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started, or there is no place for its log.
    pub fn start(setting: &Setting, name: &str) -> Result<Self> {
        let kubeconfig = setting.folder.join("kubeconfig.json");
        std::fs::write(&kubeconfig, build_kubeconfig(setting))?;
        let log = setting.folder.join(format!("{name}.log"));
        let (orders, received) = mpsc::channel(1);
        let notes = Arc::default();
        let mut keeper = Keeper {
            setting: setting.clone(),
            name: name.to_owned(),
            generation: 0,
            kubeconfig,
            log: log.clone(),
            orders: received,
            notes: Arc::clone(&notes),
        };
        let first = keeper.spawn()?;
        Ok(Self {
            name: name.to_owned(),
            orders,
            notes,
            log,
            keeper: tokio::spawn(async move { keeper.keep(first).await }),
        })
    }

    /// Whether a Lease's holder is this one.
    pub fn is(&self, holder: &str) -> bool {
        holder.rsplit_once('.').map(|(name, _)| name) == Some(self.name.as_str())
    }

    /// Deals a blow to the process; returns once it runs again.
    pub async fn suffer(&self, blow: Blow) {
        let (done, finished) = oneshot::channel();
        if self.orders.send((blow, done)).await.is_ok() {
            let _ = finished.await;
        }
    }

    /// What is worth telling of its life: ends that nobody asked for.
    pub fn notes(&self) -> Vec<String> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.clone()
    }

    /// The lines of its log that no operator should ever write.
    pub fn panics(&self) -> Vec<String> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let panics = log.lines().filter(|line| line.contains("panicked at"));
        panics.map(str::to_owned).collect()
    }
}

impl Drop for Operator {
    fn drop(&mut self) {
        // its process is killed with it
        self.keeper.abort();
    }
}

/// Keeps one operator running.
struct Keeper {
    setting: Setting,
    name: String,
    generation: u32,
    kubeconfig: PathBuf,
    log: PathBuf,
    orders: mpsc::Receiver<(Blow, oneshot::Sender<()>)>,
    notes: Arc<Mutex<Vec<String>>>,
}

impl Keeper {
    async fn keep(&mut self, mut child: Child) {
        loop {
            let done = tokio::select! {
                ended = child.wait() => {
                    self.note(format!("{} ended by itself: {}", self.name, in_words(ended)));
                    sleep(RESTART_PAUSE).await;
                    None
                }
                order = self.orders.recv() => {
                    let Some((blow, done)) = order else { return };
                    self.strike(&mut child, blow).await;
                    Some(done)
                }
            };
            if child.id().is_none() {
                match self.spawn() {
                    Ok(started) => child = started,
                    Err(error) => return self.note(format!("{error:#}")),
                }
            }
            if let Some(done) = done {
                let _ = done.send(());
            }
        }
    }

    async fn strike(&mut self, child: &mut Child, blow: Blow) {
        match blow {
            Blow::Kill => kill(child).await,
            Blow::Lose => {
                kill(child).await;
                self.generation += 1;
            }
            Blow::Terminate => {
                signal(child, Signal::TERM);
                if timeout(GRACE, child.wait()).await.is_err() {
                    self.note(format!(
                        "{} had not ended {GRACE:?} after SIGTERM",
                        self.name
                    ));
                    kill(child).await;
                }
            }
            Blow::Pause(time) => {
                signal(child, Signal::STOP);
                sleep(time).await;
                signal(child, Signal::CONT);
            }
            Blow::Restart(_) => {}
        }
    }

    fn spawn(&self) -> Result<Child> {
        let Setting {
            program,
            namespace,
            elect,
            ..
        } = &self.setting;
        let lease = if *elect { LEASE } else { "" };
        let identity = format!("{}.{}", self.name, self.generation);
        Command::new(program)
            .arg("controller")
            .args(["--cluster-name", CLUSTER])
            .args(["--watch-namespace", namespace])
            .args(["--lease-name", lease, "--lease-namespace", namespace])
            .args(["--identity", &identity])
            .args(["--listen", "127.0.0.1:0"])
            .args(["--log-level", "info,tasks=debug"])
            .env("KUBECONFIG", &self.kubeconfig)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(append(&self.log)?)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))
    }

    fn note(&self, what: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        notes.push(what);
    }
}

async fn kill(child: &mut Child) {
    // it may have ended a moment ago
    let _ = child.kill().await;
}

fn signal(child: &Child, signal: Signal) {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = id.and_then(Pid::from_raw) {
        let _ = kill_process(pid, signal);
    }
}

fn in_words(ended: std::io::Result<ExitStatus>) -> String {
    match ended {
        Ok(status) => status.to_string(),
        Err(error) => error.to_string(),
    }
}

fn append(log: &Path) -> Result<File> {
    let opened = OpenOptions::new().create(true).append(true).open(log);
    opened.with_context(|| format!("cannot write {}", log.display()))
}

fn build_kubeconfig(setting: &Setting) -> String {
    let (server, token) = (format!("http://{}", setting.server), &setting.token);
    serde_json::json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "proxy", "cluster": {"server": server}}],
        "users": [{"name": "operator", "user": {"token": token}}],
        "contexts": [{"name": "chaos", "context": {"cluster": "proxy", "user": "operator"}}],
        "current-context": "chaos",
    })
    .to_string()
}
