//! A child process: what it takes, and its end.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The kernel counts CPU time in hundredths of a second, whatever its own clock (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;
/// How long a process may take to end when it is asked to.
const END: Duration = Duration::from_secs(30);

/// A process that ends with this value.
pub struct Process {
    child: Child,
    name: &'static str,
}

/// What a process has taken so far.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Bytes of memory that are resident now.
    pub resident_bytes: f64,
    /// Seconds of CPU time, of all its threads.
    pub cpu_seconds: f64,
}

impl Process {
    /// Starts a process whose output goes into a file.
    pub fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let shown = || format!("cannot write {}", log.display());
        let output = File::options().create(true).append(true).open(log);
        let output = output.with_context(shown)?;
        let errors = output.try_clone().with_context(shown)?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .with_context(|| format!("cannot start {:?}", command.get_program()))?;
        Ok(Self { child, name })
    }

    /// Fails if the process has ended.
    pub fn expect_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} has ended: {status}", self.name),
            None => Ok(()),
        }
    }

    /// What it has taken so far.
    pub fn usage(&self) -> Result<Usage> {
        let read = |file: &str| {
            let path = format!("/proc/{}/{file}", self.child.id());
            fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
        };
        let usage = parse_usage(&read("status")?, &read("stat")?);
        usage.with_context(|| format!("the kernel tells nothing of {}", self.name))
    }

    /// Ends it as Kubernetes does, and waits until it has ended.
    pub async fn terminate(mut self) -> Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
        let since = Instant::now();
        while self.child.try_wait()?.is_none() {
            if since.elapsed() > END {
                bail!("{} does not end within {END:?} of SIGTERM", self.name);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn parse_usage(status: &str, stat: &str) -> Option<Usage> {
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = resident.trim().strip_suffix("kB")?.trim().parse().ok()?;
    // The program's name, in parentheses, may hold spaces. utime and stime are fields 14 and 15.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: f64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|field| field.parse::<f64>().ok())
        .sum::<Option<f64>>()?;
    Some(Usage {
        resident_bytes: kilobytes * 1024.0,
        cpu_seconds: ticks / TICKS_PER_SECOND,
    })
}

#[cfg(test)]
mod tests {
    use super::parse_usage;

    #[test]
    fn memory_and_time_are_read() {
        let status = "Name:\tsfn\nVmRSS:\t   2048 kB\nThreads:\t3\n";
        let stat = "42 (a (b) c) S 1 42 42 0 -1 4194560 900 0 5 0 150 50 0 0 20 0 3 0 12345";
        let usage = parse_usage(status, stat).unwrap();
        assert_eq!(usage.resident_bytes, 2.0 * 1024.0 * 1024.0);
        assert_eq!(usage.cpu_seconds, 2.0);
    }
}
