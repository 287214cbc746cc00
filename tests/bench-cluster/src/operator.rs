//! The operator under test: the release binary, as a process on this machine.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use kube::{Client, Config};

use crate::bench::Place;
use crate::process::{Process, Usage};
use crate::scrape::Scrape;

/// How often its metrics are looked at while something is waited for.
const LOOK: Duration = Duration::from_millis(20);
/// How long it may take to be ready.
const READY: Duration = Duration::from_mins(3);

/// A running operator; ends with this value.
pub struct Operator {
    process: Process,
    served: Client,
    /// When it was started.
    pub since: Instant,
}

impl Operator {
    /// Starts it as the chart does, but for one namespace, and waits until it leads.
    pub async fn start(
        program: &Path,
        logs: &Path,
        kubeconfig: &Path,
        place: &Place,
    ) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(program);
        command
            .env("KUBECONFIG", kubeconfig)
            .args(["controller", "--log-format", "json"])
            // Its leader is not contested here, and a busy machine must not unseat it.
            .args(["--lease-name", ""])
            .args(["--watch-namespace", &place.name])
            .args(["--listen", &address.to_string()]);
        let log = logs.join(format!("operator-{}.log", place.name));
        let since = Instant::now();
        let process = Process::start("the operator", &mut command, &log)?;
        let server = format!("http://{address}").parse()?;
        let mut operator = Self {
            process,
            served: Client::try_from(Config::new(server))?,
            since,
        };
        operator.until(READY, "leader", &[], 1.0).await?;
        Ok(operator)
    }

    /// Its metrics.
    pub async fn metrics(&self) -> Result<Scrape> {
        let request = http::Request::get("/metrics").body(Vec::new())?;
        Ok(Scrape::new(self.served.request_text(request).await?))
    }

    /// Waits until one of its metrics, without the prefix `sfn_`, is at least this.
    pub async fn until(
        &mut self,
        limit: Duration,
        metric: &str,
        labels: &[&str],
        value: f64,
    ) -> Result<()> {
        let since = Instant::now();
        let name = format!("sfn_{metric}");
        let mut found = 0.0;
        while since.elapsed() < limit {
            self.process.expect_alive()?;
            if let Ok(metrics) = self.metrics().await {
                found = metrics.sum(&name, labels);
            }
            if found >= value {
                return Ok(());
            }
            tokio::time::sleep(LOOK).await;
        }
        bail!("{name} is {found} after {limit:?}, expected {value}");
    }

    /// Waits until so many executions ended, all of them well.
    pub async fn until_succeeded(&mut self, limit: Duration, count: usize) -> Result<()> {
        self.until(limit, "executions_ended_total", &[], count as f64)
            .await?;
        let metrics = self.metrics().await?;
        let succeeded = metrics.sum("sfn_executions_ended_total", &["status=\"SUCCEEDED\""]);
        if succeeded != count as f64 {
            bail!("{succeeded} executions succeeded, expected {count}");
        }
        Ok(())
    }

    /// What it has taken so far.
    pub fn usage(&self) -> Result<Usage> {
        self.process.usage()
    }

    /// Ends it as Kubernetes does.
    pub async fn stop(self) -> Result<()> {
        self.process.terminate().await
    }
}

/// A port of this machine that nobody has now.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port is free")?;
    Ok(listener.local_addr()?)
}
