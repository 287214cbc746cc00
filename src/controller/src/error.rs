//! What can go wrong in a reconcile, by what has to be done about it.

use std::time::Duration;

use crate::backoff;

/// A reconcile did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// A request to the Kubernetes API failed.
    #[error("{what}: {source}")]
    Request {
        /// What was tried.
        what: &'static str,
        /// How it failed.
        source: Box<kube::Error>,
    },
    /// The object lacks what every object has.
    #[error("the object has no {0}")]
    Incomplete(&'static str),
    /// A revision of a state machine that executions need cannot be used.
    #[error("the revision {name} cannot be used: {why}")]
    Revision {
        /// The ControllerRevision.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// An execution cannot be continued, now or later.
    #[error("the execution cannot be continued: {0}")]
    Lost(String),
    /// An execution cannot be continued now.
    #[error("the execution cannot be continued now: {0}")]
    Resume(String),
}

impl ReconcileError {
    /// Names the request that fails.
    pub(crate) fn request(what: &'static str) -> impl FnOnce(kube::Error) -> Self {
        move |source| Self::Request {
            what,
            source: Box::new(source),
        }
    }

    /// Whether trying again is of no use: what an execution needs is gone, or cannot be read by
    /// this version.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Revision { .. })
    }

    /// A word for metrics: few and fixed.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Request { source, .. } => request_label(source),
            Self::Incomplete(_) => "incomplete",
            Self::Revision { .. } => "revision",
            Self::Lost(_) => "lost",
            Self::Resume(_) => "resume",
        }
    }

    /// How long the server asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Request { source, .. } => retry_after(source),
            _ => None,
        }
    }

    /// What to wait for before the next attempt.
    #[must_use]
    pub fn pace(&self) -> backoff::Pace {
        match self {
            Self::Request { source, .. } if is_conflict(source) => backoff::Pace::Fast,
            Self::Request { .. } => backoff::Pace::Steady,
            _ => backoff::Pace::Slow,
        }
    }
}

/// The HTTP status of a failed request, where there was an answer.
#[must_use]
pub fn code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// Whether the object is not there.
#[must_use]
pub fn is_not_found(error: &kube::Error) -> bool {
    code(error) == Some(404)
}

/// Whether the object was changed since it was read, or exists already.
#[must_use]
pub fn is_conflict(error: &kube::Error) -> bool {
    code(error) == Some(409)
}

/// How long the server asks to be left alone.
#[must_use]
pub fn retry_after(error: &kube::Error) -> Option<Duration> {
    let kube::Error::Api(status) = error else {
        return None;
    };
    let seconds = status.details.as_ref()?.retry_after_seconds;
    (seconds > 0).then(|| Duration::from_secs(seconds.into()))
}

fn request_label(error: &kube::Error) -> &'static str {
    match code(error) {
        Some(409) => "conflict",
        Some(403) => "forbidden",
        Some(404) => "not_found",
        Some(429) => "throttled",
        Some(400..=499) => "refused",
        Some(_) => "server",
        None => "unreachable",
    }
}
