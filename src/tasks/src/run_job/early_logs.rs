//! Logs that are read as soon as a container ends: its pod may be gone before the Job ends, as
//! with `ttlSecondsAfterFinished: 0` or when a failed Job's pods are removed.

use std::collections::HashMap;
use std::time::Duration;

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;

use super::log_options::LogOptions;
use super::log_reader::{LogReader, LogSource, Reservation};
use super::result::LogRead;
use super::view::PodView;

/// How long reads that are under way are waited for when the Job has ended.
const LAST_READS: Duration = Duration::from_secs(10);

/// The logs of one task's containers that have ended.
pub(crate) struct EarlyLogs {
    reader: LogReader,
    options: LogOptions,
    namespace: String,
    limit: usize,
    /// With which restart count a container's log was last asked for.
    asked: HashMap<LogSource, i32>,
    reads: FuturesUnordered<BoxFuture<'static, Read>>,
    logs: HashMap<LogSource, EarlyLog>,
    newest: Option<LogSource>,
}

/// A read that has ended.
struct Read {
    source: LogSource,
    restarts: i32,
    log: LogRead,
    reservation: Reservation,
}

/// A log that was read.
struct EarlyLog {
    /// The container's restart count when the log was asked for.
    restarts: i32,
    text: String,
    /// What the text takes, for as long as it is kept.
    _reservation: Reservation,
}

impl EarlyLogs {
    /// Reads logs of up to `limit` bytes each, and as much of all together.
    pub(crate) fn new(
        reader: LogReader,
        options: LogOptions,
        namespace: String,
        limit: usize,
    ) -> Self {
        Self {
            reader,
            options,
            namespace,
            limit,
            asked: HashMap::new(),
            reads: FuturesUnordered::new(),
            logs: HashMap::new(),
            newest: None,
        }
    }

    /// Begins to read the logs of containers that have ended since.
    pub(crate) fn start(&mut self, pods: &[PodView]) {
        if !self.options.retrieve {
            return;
        }
        for pod in pods {
            for container in pod.containers.iter().filter(|container| container.ended) {
                let source = LogSource {
                    namespace: self.namespace.clone(),
                    pod: pod.name.clone(),
                    container: container.name.clone(),
                };
                if self.asked.get(&source) != Some(&container.restarts) {
                    self.start_read(source, container.restarts);
                }
            }
        }
    }

    fn start_read(&mut self, source: LogSource, restarts: i32) {
        let held: usize = self.logs.values().map(|log| log.text.len()).sum();
        if held > self.limit {
            return;
        }
        let Some(reservation) = self.reader.reserve(self.limit) else {
            return;
        };
        self.asked.insert(source.clone(), restarts);
        let (reader, options, limit) = (self.reader.clone(), self.options.clone(), self.limit);
        self.reads.push(Box::pin(async move {
            let log = reader.read(&source, &options, limit).await;
            Read {
                source,
                restarts,
                log,
                reservation,
            }
        }));
    }

    /// Returns when a log was read; never when none is being read.
    pub(crate) async fn next(&mut self) {
        match self.reads.next().await {
            Some(read) => self.keep(read),
            None => std::future::pending().await,
        }
    }

    /// Waits for the reads that are under way, though not forever. What is not read by then is
    /// read again, or told of as missing.
    pub(crate) async fn finish(&mut self) {
        let all = async {
            while let Some(read) = self.reads.next().await {
                self.keep(read);
            }
        };
        let _ = tokio::time::timeout(LAST_READS, all).await;
    }

    /// A failure is not kept: the log is read again when the Job has ended. Nor is what an
    /// earlier start of the container wrote, when a later one's log is there.
    fn keep(&mut self, read: Read) {
        let Read {
            source,
            restarts,
            log,
            mut reservation,
        } = read;
        let known = self.logs.get(&source);
        let outdated = known.is_some_and(|known| known.restarts > restarts);
        let Some(text) = log.ok().filter(|_| !outdated) else {
            return;
        };
        reservation.shrink(text.len());
        self.newest = Some(source.clone());
        let log = EarlyLog {
            restarts,
            text,
            _reservation: reservation,
        };
        self.logs.insert(source, log);
    }

    /// The log that was read last.
    pub(crate) fn newest(&self) -> Option<&str> {
        Some(&self.logs.get(self.newest.as_ref()?)?.text)
    }

    /// A container's log, if it was read when it had been restarted so often.
    pub(crate) fn take(&mut self, source: &LogSource, restarts: Option<i32>) -> Option<String> {
        let known = self.logs.get(source)?;
        if restarts.is_some_and(|restarts| known.restarts != restarts) {
            return None;
        }
        self.logs.remove(source).map(|log| log.text)
    }
}

#[cfg(test)]
#[path = "early_logs_tests.rs"]
mod tests;
