//! How long a request is tried again, and with which pauses.

use std::time::Duration;

use engine::backoff::Backoff;
use engine::entropy::RandomEntropy;
use engine::ports::Entropy;
use tokio::time::Instant;

/// For how long an API server may be away without that being counted.
const OUTAGE: Duration = Duration::from_mins(10);

/// The patience with one request: pauses grow, and end when the time is up.
pub(crate) struct Patience {
    backoff: Backoff,
    until: Instant,
    /// How much time in which nobody answers is not counted.
    outage: Duration,
}

impl Patience {
    /// Patience for `time` from now on.
    pub(crate) fn new(time: Duration) -> Self {
        Self {
            backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(15)),
            until: Instant::now() + time,
            outage: Duration::ZERO,
        }
    }

    /// The same, but the time in which the API server cannot be reached is not counted: the request
    /// has no part in it, and nothing else gets on meanwhile.
    pub(crate) fn beyond_outages(time: Duration) -> Self {
        Self {
            outage: OUTAGE,
            ..Self::new(time)
        }
    }

    /// Pauses after a failure that time will mend, however long it takes.
    pub(crate) async fn pause(&mut self, asked_for: Option<Duration>) {
        tokio::time::sleep(self.next(asked_for)).await;
    }

    /// Pauses after a failure. Gives false at once when the time is up.
    pub(crate) async fn try_pause(&mut self, asked_for: Option<Duration>) -> bool {
        let pause = self.next(asked_for);
        self.sleep_in_time(pause).await
    }

    /// Pauses after an attempt, begun then, that did not reach the API server. Gives false at once
    /// when the time is up.
    pub(crate) async fn try_pause_unreached(&mut self, begun: Instant) -> bool {
        let pause = self.next(None);
        let lost = (begun.elapsed() + pause).min(self.outage);
        self.outage -= lost;
        self.until += lost;
        self.sleep_in_time(pause).await
    }

    async fn sleep_in_time(&self, pause: Duration) -> bool {
        let in_time = Instant::now() + pause <= self.until;
        if in_time {
            tokio::time::sleep(pause).await;
        }
        in_time
    }

    fn next(&mut self, asked_for: Option<Duration>) -> Duration {
        self.backoff.failed(RandomEntropy.next(), asked_for)
    }
}

#[cfg(test)]
mod tests {
    use super::Patience;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn patience_ends_with_its_time() {
        let mut patience = Patience::new(Duration::from_secs(5));
        let mut tries = 0;
        while patience.try_pause(None).await {
            tries += 1;
        }
        assert!((4..=12).contains(&tries), "{tries}");
    }

    #[tokio::test(start_paused = true)]
    async fn time_in_which_nobody_answers_is_counted_once_it_is_more_than_an_outage() {
        let start = tokio::time::Instant::now();
        let mut patience = Patience::beyond_outages(Duration::from_secs(5));
        while patience
            .try_pause_unreached(tokio::time::Instant::now())
            .await
        {}
        let minutes = start.elapsed().as_secs() / 60;
        assert!((9..=10).contains(&minutes), "{minutes}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_api_server_asks_for_is_made() {
        let start = tokio::time::Instant::now();
        let mut patience = Patience::new(Duration::from_secs(100));
        assert!(patience.try_pause(Some(Duration::from_secs(7))).await);
        assert!(start.elapsed() >= Duration::from_secs(7));
    }
}
