//! Which state an event is about. Only the events that a state is entered or left with name it;
//! the others are traced back to one of these.

use std::collections::HashMap;
use std::sync::Arc;

use asl::history::EventId;

use super::KeptEvent;

/// A state in progress, and the Parallel or Map state around it.
#[derive(Debug)]
struct Scope {
    state: Arc<str>,
    is_container: bool,
    outer: Option<Arc<Scope>>,
}

/// Follows a history from its first event on. It remembers a few bytes of each event.
#[derive(Debug, Default)]
pub struct StateTrace {
    /// Where what follows an event happens.
    after: HashMap<EventId, Arc<Scope>>,
}

impl StateTrace {
    /// The name of the state that the event is about. None for events of the execution as a whole,
    /// and for states that were cut off because another one failed: their events follow that one's.
    pub fn state_of(&mut self, event: &KeptEvent) -> Option<Arc<str>> {
        let around = self.after.get(&event.previous).cloned();
        let kind = event.event_type.as_str();
        if kind.starts_with("Execution") {
            return None;
        }
        let named = event.detail("name").or_else(|| event.detail("state"));
        let (state, after) = if kind.ends_with("StateEntered") {
            let state: Arc<str> = named.unwrap_or_default().into();
            let scope = Scope {
                state: state.clone(),
                is_container: is_container(kind),
                outer: around,
            };
            (Some(state), Some(Arc::new(scope)))
        } else if kind.ends_with("StateExited") {
            let left = find(around, |scope| Some(&*scope.state) == named);
            let outer = left.and_then(|scope| scope.outer.clone());
            (named.map(Into::into), outer)
        } else if kind.ends_with("StateAborted") {
            (None, around)
        } else if is_container(kind) {
            let container = find(around, |scope| scope.is_container);
            (
                container.as_ref().map(|scope| scope.state.clone()),
                container,
            )
        } else {
            let state = around.as_ref().map(|scope| scope.state.clone());
            (named.map(Into::into).or(state), around)
        };
        if let Some(after) = after {
            self.after.insert(event.id, after);
        }
        state
    }
}

/// Whether events of this type are about a Parallel or Map state.
fn is_container(event_type: &str) -> bool {
    event_type.starts_with("Parallel") || event_type.starts_with("Map")
}

/// The innermost scope of which this holds.
fn find(scope: Option<Arc<Scope>>, holds: impl Fn(&Scope) -> bool) -> Option<Arc<Scope>> {
    let mut next = scope;
    while let Some(scope) = next {
        if holds(&scope) {
            return Some(scope);
        }
        next = scope.outer.clone();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events as `id previous type name`, and the states that they are about.
    fn trace(events: &[&str]) -> Vec<Option<String>> {
        let mut trace = StateTrace::default();
        let read = |line: &&str| {
            let words: Vec<&str> = line.split(' ').collect();
            let event = serde_json::json!({
                "id": words[0].parse::<u64>().unwrap(),
                "previousEventId": words[1].parse::<u64>().unwrap(),
                "type": words[2],
                "timestamp": "2026-01-01T00:00:00Z",
                "someEventDetails": {"name": words.get(3)},
            });
            serde_json::from_value(event).unwrap()
        };
        let events = events.iter().map(read);
        events
            .map(|event| trace.state_of(&event).map(|state| state.to_string()))
            .collect()
    }

    fn expected(states: &str) -> Vec<Option<String>> {
        let states = states.split(' ');
        states
            .map(|state| (state != "-").then(|| state.to_owned()))
            .collect()
    }

    #[test]
    fn what_happens_in_a_state_is_about_it() {
        let events = [
            "1 0 ExecutionStarted",
            "2 0 TaskStateEntered A",
            "3 2 TaskScheduled",
            "4 3 TaskSucceeded",
            "5 4 TaskStateExited A",
            "6 5 WaitStateEntered B",
            "7 6 WaitStateExited B",
            "8 7 ExecutionSucceeded",
        ];
        assert_eq!(trace(&events), expected("- A A A A B B -"));
    }

    #[test]
    fn branches_are_told_from_the_state_around_them() {
        let events = [
            "1 0 ParallelStateEntered P",
            "2 1 ParallelStateStarted",
            "3 2 PassStateEntered A",
            "4 3 PassStateExited A",
            "5 2 TaskStateEntered B",
            "6 5 TaskScheduled",
            "7 6 TaskSucceeded",
            "8 7 TaskStateExited B",
            "9 8 ParallelStateSucceeded",
            "10 8 ParallelStateExited P",
            "11 10 TaskStateEntered C",
            "12 11 TaskFailed",
        ];
        assert_eq!(trace(&events), expected("P P A A B B B B P P C C"));
    }

    #[test]
    fn a_failure_in_an_iteration_is_the_innermost_states() {
        let events = [
            "1 0 MapStateEntered M",
            "2 1 MapStateStarted",
            "3 2 MapIterationStarted M",
            "4 3 TaskStateEntered A",
            "5 4 TaskFailed",
            "6 5 MapIterationFailed M",
            "7 5 TaskStateAborted",
            "8 5 MapStateFailed",
            "9 8 ExecutionFailed",
        ];
        assert_eq!(trace(&events), expected("M M M A A M - M -"));
    }
}
