//! Requests to create a Job that are on their way. They go on when their task is dropped, as the
//! API server might carry them out anyway; who cancels the task waits for them first.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::api_server::SendError;

/// The requests on their way, by task.
#[derive(Clone, Default)]
pub(crate) struct InFlight {
    requests: Arc<Mutex<HashMap<String, watch::Receiver<()>>>>,
}

impl InFlight {
    /// Sends a task's request, to its end whatever becomes of the caller.
    pub(crate) async fn carry<T: Send + 'static>(
        &self,
        task: String,
        request: impl Future<Output = Result<T, SendError>> + Send + 'static,
    ) -> Result<T, SendError> {
        let (done, waiting) = watch::channel(());
        self.lock().insert(task.clone(), waiting);
        let requests = self.clone();
        let carried = tokio::spawn(async move {
            let answer = request.await;
            requests.lock().remove(&task);
            drop(done);
            answer
        });
        let lost = |error: tokio::task::JoinError| SendError::Unreachable(error.to_string());
        carried.await.map_err(lost)?
    }

    /// Returns when no request of the task is on its way.
    pub(crate) async fn settled(&self, task: &str) {
        let waiting = self.lock().get(task).cloned();
        if let Some(mut waiting) = waiting {
            // Nothing is ever sent: the channel closes when the request has ended.
            while waiting.changed().await.is_ok() {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<()>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;
    use std::time::Duration;
    use tokio::time::{Instant, sleep, timeout};

    #[tokio::test(start_paused = true)]
    async fn a_request_goes_on_when_its_task_is_dropped_and_is_waited_for() {
        let in_flight = InFlight::default();
        let start = Instant::now();
        let request = in_flight.carry("t".into(), async {
            sleep(Duration::from_secs(5)).await;
            Ok(())
        });
        assert!(timeout(Duration::from_secs(1), request).await.is_err());
        in_flight.settled("t").await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert!(in_flight.lock().is_empty());
    }

    #[tokio::test]
    async fn a_task_without_request_is_settled() {
        InFlight::default().settled("t").await;
    }
}
