//! The way to the API server, which all proxies share: it is shut while the control plane restarts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Result, bail};
use tokio::process::Command;
use tokio::sync::Mutex;

/// Whether requests get through, as at a load balancer: an API server that has just started answers
/// before it knows all roles, and is sent nothing until it is ready.
pub struct Gate {
    closed: AtomicBool,
    /// The command that restarts the cluster's components; held while it runs.
    cluster: Mutex<PathBuf>,
}

impl Gate {
    /// An open gate, and the command of the local cluster behind it.
    pub fn new(cluster: PathBuf) -> Self {
        Self {
            closed: AtomicBool::new(false),
            cluster: Mutex::new(cluster),
        }
    }

    /// Whether nothing gets through.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Kills components and starts them again, behind the closed gate: it befalls all rounds under
    /// way. One restart waits for another.
    ///
    /// # Errors
    /// They do not come back.
    pub async fn restart(&self, components: &[&str]) -> Result<()> {
        let cluster = self.cluster.lock().await;
        let mut command = Command::new(&*cluster);
        self.closed.store(true, Ordering::Relaxed);
        let output = command.arg("restart").args(components).output().await;
        self.closed.store(false, Ordering::Relaxed);
        let output = output?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(())
    }
}
