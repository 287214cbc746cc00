//! Reads the logs of pods, by the operator's own rights: a workflow may be allowed Jobs only.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::log_options::LogOptions;
use super::result::{LogFailure, LogRead};
use crate::api_server::{ApiServer, Outgoing, Patience, SendError};
use crate::paths;
use crate::settings::TaskLimits;

/// How long one log is tried to be read.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads logs, a few at a time.
#[derive(Clone)]
pub(crate) struct LogReader {
    api: ApiServer,
    turns: Arc<Semaphore>,
    early_bytes: Arc<AtomicUsize>,
    limits: TaskLimits,
}

/// Whose log.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LogSource {
    pub(crate) namespace: String,
    pub(crate) pod: String,
    pub(crate) container: String,
}

impl LogReader {
    pub(crate) fn new(api: ApiServer, limits: TaskLimits) -> Self {
        Self {
            api,
            turns: Arc::new(Semaphore::new(limits.log_reads_at_once.max(1))),
            early_bytes: Arc::default(),
            limits,
        }
    }

    /// Reads a log of at most `limit` bytes.
    pub(crate) async fn read(
        &self,
        source: &LogSource,
        options: &LogOptions,
        limit: usize,
    ) -> LogRead {
        let Some(target) = build_target(source, options, limit) else {
            let cause = format!("'{}' is no name of a pod", source.pod);
            return Err(LogFailure::new("EKS.404", cause));
        };
        // The semaphore is never closed; were it, logs would be read unlimited, not be lost.
        let _turn = self.turns.acquire().await.ok();
        let request = Outgoing {
            answer_bytes: limit,
            ..Outgoing::get(target)
        };
        let patience = Patience::beyond_outages(PATIENCE);
        match self.api.send_patiently(&request, patience).await {
            Ok(answer) if answer.is_success() => Ok(answer.text()),
            Ok(answer) => {
                let error = format!("EKS.{}", answer.status.as_u16());
                Err(LogFailure::new(error, answer.message()))
            }
            Err(SendError::TooLarge(_)) => {
                let (pod, container) = (&source.pod, &source.container);
                Err(LogFailure::too_large(pod, container, limit))
            }
            Err(error) => Err(LogFailure::new("EKS.503", error.to_string())),
        }
    }

    /// Reserves room for a log that is read while its Job still runs; none when there is no
    /// more room. The room is given back when the reservation is dropped.
    pub(crate) fn reserve(&self, bytes: usize) -> Option<Reservation> {
        let limit = self.limits.early_log_bytes;
        let reserve = |held: usize| Some(held + bytes).filter(|held| *held <= limit);
        self.early_bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, reserve)
            .ok()?;
        Some(Reservation {
            bytes,
            held: self.early_bytes.clone(),
        })
    }
}

/// Room that is taken.
pub(crate) struct Reservation {
    bytes: usize,
    held: Arc<AtomicUsize>,
}

impl Reservation {
    /// Gives back what is not needed.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let needless = self.bytes.saturating_sub(bytes);
        self.bytes -= needless;
        self.held.fetch_sub(needless, Ordering::Relaxed);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Without `limitBytes` of the user's the API server is told to send no more than can be used:
/// one byte more, so that a log that is too large is told from one that just fits.
fn build_target(source: &LogSource, options: &LogOptions, limit: usize) -> Option<String> {
    let mut target = paths::log(&source.namespace, &source.pod)?;
    paths::add_query(&mut target, "container", &source.container);
    for (key, value) in &options.query {
        paths::add_query(&mut target, key, value);
    }
    if !options.query.iter().any(|(key, _)| key == "limitBytes") {
        paths::add_query(&mut target, "limitBytes", &(limit + 1).to_string());
    }
    Some(target)
}

#[cfg(test)]
mod tests {
    use super::{LogSource, build_target};
    use crate::run_job::log_options::LogOptions;
    use rstest::rstest;

    #[rstest]
    #[case(&[], "container=c&limitBytes=11")]
    #[case(&[("tailLines", "6")], "container=c&tailLines=6&limitBytes=11")]
    #[case(&[("limitBytes", "5")], "container=c&limitBytes=5")]
    fn no_more_is_asked_for_than_fits(#[case] query: &[(&str, &str)], #[case] expected: &str) {
        let source = LogSource {
            namespace: "ns".into(),
            pod: "p".into(),
            container: "c".into(),
        };
        let options = LogOptions {
            query: query.iter().map(|&(k, v)| (k.into(), v.into())).collect(),
            ..LogOptions::default()
        };
        let target = build_target(&source, &options, 10).unwrap();
        assert_eq!(
            target,
            format!("/api/v1/namespaces/ns/pods/p/log?{expected}")
        );
    }
}
