//! Whether this process may act: only while its lease holds.
//!
//! A process that slept, or that cannot reach the API server, learns late that another one leads.
//! Until then its own clock tells that the lease has run out.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

/// Known to the election, and asked before each request.
#[derive(Debug, Clone)]
pub struct Leadership(Option<Arc<Mutex<Instant>>>);

impl Leadership {
    /// Of a process that need not be elected: it always leads.
    #[must_use]
    pub fn unelected() -> Self {
        Self(None)
    }

    /// Of a process that does not lead before it is elected; to be called within a tokio runtime.
    #[must_use]
    pub fn elected() -> Self {
        Self(Some(Arc::new(Mutex::new(Instant::now()))))
    }

    /// The lease holds until this instant.
    pub(crate) fn hold_until(&self, until: Instant) {
        if let Some(held) = &self.0 {
            *held.lock().unwrap_or_else(PoisonError::into_inner) = until;
        }
    }

    /// Whether this process leads, as far as its own clock can tell.
    #[must_use]
    pub fn is_held(&self) -> bool {
        let Some(held) = &self.0 else {
            return true;
        };
        let until = *held.lock().unwrap_or_else(PoisonError::into_inner);
        Instant::now() < until
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_elected_process_leads_while_its_lease_holds() {
        let leadership = Leadership::elected();
        assert!(!leadership.is_held());
        leadership.hold_until(Instant::now() + Duration::from_secs(15));
        tokio::time::advance(Duration::from_secs(14)).await;
        assert!(leadership.is_held());
        tokio::time::advance(Duration::from_secs(1)).await;
        assert!(!leadership.is_held());
    }

    #[tokio::test]
    async fn a_process_that_need_not_be_elected_leads() {
        assert!(Leadership::unelected().is_held());
    }
}
