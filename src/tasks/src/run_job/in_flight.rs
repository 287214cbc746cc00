//! Requests to create a Job that are on their way. They go on when their task is dropped, as the
//! API server might carry them out anyway; who cancels the task waits for them first.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::api_server::SendError;

/// The requests on their way: how many, by task. A task that is run again, in this very process,
/// has two.
#[derive(Clone, Default)]
pub(crate) struct InFlight {
    requests: Arc<Mutex<HashMap<String, watch::Sender<usize>>>>,
}

/// A request on its way, until it is dropped.
struct Counted {
    in_flight: InFlight,
    task: String,
}

impl InFlight {
    /// Sends a task's request, to its end whatever becomes of the caller.
    pub(crate) async fn carry<T: Send + 'static>(
        &self,
        task: String,
        request: impl Future<Output = Result<T, SendError>> + Send + 'static,
    ) -> Result<T, SendError> {
        let counted = self.count(task);
        let carried = tokio::spawn(async move {
            let answer = request.await;
            drop(counted);
            answer
        });
        let lost = |error: tokio::task::JoinError| SendError::Unreachable(error.to_string());
        carried.await.map_err(lost)?
    }

    /// Returns when no request of the task is on its way.
    pub(crate) async fn settled(&self, task: &str) {
        let count = self.lock().get(task).map(watch::Sender::subscribe);
        if let Some(mut count) = count {
            // A count that is gone is as good as zero.
            let _ = count.wait_for(|count| *count == 0).await;
        }
    }

    fn count(&self, task: String) -> Counted {
        let mut requests = self.lock();
        let count = requests.entry(task.clone()).or_default();
        count.send_modify(|count| *count += 1);
        Counted {
            in_flight: self.clone(),
            task,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<usize>>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut requests = self.in_flight.lock();
        let Some(count) = requests.get(&self.task) else {
            return;
        };
        count.send_modify(|count| *count -= 1);
        if *count.borrow() == 0 {
            requests.remove(&self.task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::InFlight;
    use futures::FutureExt;
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

    #[tokio::test(start_paused = true)]
    async fn of_two_requests_of_a_task_both_are_waited_for() {
        let in_flight = InFlight::default();
        let start = Instant::now();
        let carry = |seconds| {
            in_flight.carry("t".into(), async move {
                sleep(Duration::from_secs(seconds)).await;
                Ok(())
            })
        };
        let (first, second) = tokio::join!(
            timeout(Duration::from_secs(1), carry(3)),
            timeout(Duration::from_secs(1), carry(5)),
        );
        assert!(first.is_err() && second.is_err());
        in_flight.settled("t").await;
        assert_eq!(start.elapsed(), Duration::from_secs(5));
        assert!(in_flight.lock().is_empty());
    }

    #[test]
    fn a_task_without_request_is_settled() {
        let settled = InFlight::default().settled("t").now_or_never();
        assert_eq!(settled, Some(()));
    }
}
