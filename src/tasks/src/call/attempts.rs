//! What the attempts at one request have come to so far, and whether there is to be another.

use std::time::Duration;

use crate::api_server::{Answer, Patience};

/// How often a request is sent again that the API server had no time for (429). Then the
/// workflow is told, and its own Retriers decide.
const BUSY_RETRIES: usize = 5;
/// How long a request is sent again that the API server could not serve (500, 503, 504), as while
/// etcd elects a leader. Afterwards nobody but this task knows whether it was carried out.
const TROUBLE_TIME: Duration = Duration::from_secs(15);

/// The attempts at one request. Each question pauses before it is answered with yes.
pub(super) struct Attempts {
    /// The request may have been carried out before.
    pub(super) uncertain: bool,
    busy: usize,
    retry_time: Duration,
    patience: Patience,
    trouble: Option<Patience>,
}

impl Attempts {
    /// The attempts of a task that may have sent the request before, if it is `resumed`.
    pub(super) fn new(resumed: bool, retry_time: Duration) -> Self {
        Self {
            uncertain: resumed,
            busy: 0,
            retry_time,
            patience: Patience::new(retry_time),
            trouble: None,
        }
    }

    /// Another one after the API server had no time?
    pub(super) async fn after_busy(&mut self, answer: &Answer) -> bool {
        self.busy += 1;
        let enough = self.busy > BUSY_RETRIES && !self.uncertain;
        !enough && self.patience.try_pause(answer.retry_after()).await
    }

    /// Another one after the API server could not serve the request?
    pub(super) async fn after_trouble(&mut self, answer: &Answer) -> bool {
        self.uncertain = true;
        let time = TROUBLE_TIME.min(self.retry_time);
        let trouble = self.trouble.get_or_insert_with(|| Patience::new(time));
        trouble.try_pause(answer.retry_after()).await
    }

    /// Another one after there was no answer?
    pub(super) async fn after_silence(&mut self) -> bool {
        self.uncertain = true;
        self.patience.try_pause(None).await
    }
}
