//! Events as they are read back from a history.

use asl::history::EventId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An event that was read back: what all have in common, and its details as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptEvent {
    /// When it happened.
    pub timestamp: Timestamp,
    /// Such as `TaskStateEntered`.
    #[serde(rename = "type")]
    pub event_type: String,
    /// Its number.
    pub id: EventId,
    /// The event that led to it; 0 for the first.
    #[serde(rename = "previousEventId")]
    pub previous: EventId,
    /// `…EventDetails`, where the type has any.
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl KeptEvent {
    /// Its details.
    #[must_use]
    pub fn details(&self) -> Option<&Value> {
        let mut more = self.more.iter();
        more.find(|(name, _)| name.ends_with("EventDetails"))
            .map(|(_, details)| details)
    }

    /// A detail that is text.
    #[must_use]
    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details()?.get(name)?.as_str()
    }
}
