//! How many requests of one namespace are on their way at a time, so that one whose requests
//! take long, as watches and slow Services do, leaves others their turn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The part of all turns that one namespace has.
const PART: usize = 4;

/// The turns of each namespace.
pub(super) struct Shares {
    size: usize,
    taken: Mutex<HashMap<Arc<str>, Arc<Semaphore>>>,
}

impl Shares {
    /// The shares of so many turns.
    pub(super) fn of(turns: usize) -> Self {
        Self {
            size: (turns / PART).max(1),
            taken: Mutex::default(),
        }
    }

    /// Waits for a turn of the namespace, which ends when it is dropped.
    pub(super) async fn take(&self, namespace: &Arc<str>) -> Option<OwnedSemaphorePermit> {
        // The semaphore is never closed; were it, requests would go unlimited, not be lost.
        self.share(namespace).acquire_owned().await.ok()
    }

    fn share(&self, namespace: &Arc<str>) -> Arc<Semaphore> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has a turn, or waits for one, holds the share as well.
        taken.retain(|_, share| Arc::strong_count(share) > 1);
        let share = taken.entry(namespace.clone());
        let share = share.or_insert_with(|| Arc::new(Semaphore::new(self.size)));
        share.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::Shares;
    use futures::FutureExt;

    #[test]
    fn a_namespace_leaves_others_their_turn() {
        let shares = Shares::of(8);
        let take = |namespace: &str| shares.take(&namespace.into()).now_or_never().flatten();
        let first = take("a");
        let second = take("a");
        assert!(first.is_some() && second.is_some());
        assert!(take("a").is_none(), "two of eight turns are taken");
        assert!(take("b").is_some());
        drop(first);
        assert!(take("a").is_some());
    }

    #[test]
    fn a_namespace_without_requests_is_forgotten() {
        let shares = Shares::of(8);
        let first = shares.take(&"a".into()).now_or_never();
        drop(first);
        let second = shares.take(&"b".into()).now_or_never();
        assert_eq!(shares.taken.lock().unwrap().len(), 1);
        drop(second);
    }
}
