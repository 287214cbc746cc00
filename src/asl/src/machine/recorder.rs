//! Writing the history.

use jiff::Timestamp;

use crate::history::{EventId, EventKind, HistoryEvent};

/// Numbers events and keeps those that were not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    last: EventId,
    events: Vec<HistoryEvent>,
}

impl Recorder {
    /// Continues after the event `last`.
    pub fn after(last: EventId) -> Self {
        Self {
            last,
            events: Vec::new(),
        }
    }

    /// Appends an event and gives its id.
    pub fn record(&mut self, previous: EventId, timestamp: Timestamp, kind: EventKind) -> EventId {
        self.last += 1;
        self.events.push(HistoryEvent {
            id: self.last,
            previous,
            timestamp,
            kind,
        });
        self.last
    }

    /// The last event's id.
    pub fn last(&self) -> EventId {
        self.last
    }

    /// The events since the last call.
    pub fn take(&mut self) -> Vec<HistoryEvent> {
        std::mem::take(&mut self.events)
    }
}
