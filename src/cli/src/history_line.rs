//! An event of a history on one line, for people.

use engine::history::KeptEvent;
use jiff::Timestamp;
use serde_json::Value;

use crate::printable::in_one_line;

/// Its number, the seconds since `started`, its type, and what it is about.
pub fn history_line(event: &KeptEvent, started: Timestamp) -> String {
    let seconds = event.timestamp.duration_since(started).as_secs_f64();
    let about = about(event);
    let line = format!(
        "{:>5} {seconds:>9.3}s  {:<24} {about}",
        event.id, event.event_type
    );
    in_one_line(line.trim_end()).into_owned()
}

/// What of an event's details fits on a line.
fn about(event: &KeptEvent) -> String {
    let text = |name: &str| event.detail(name);
    let number = |name: &str| event.details()?.get(name).and_then(Value::as_u64);
    let resource = text("resourceType").zip(text("resource"));
    let parts = [
        text("name").map(str::to_owned),
        number("index").map(|index| format!("[{index}]")),
        resource.map(|(kind, resource)| format!("{kind}:{resource}")),
        text("error").map(str::to_owned),
        text("cause").map(shortened),
        text("output").map(shortened),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_an_event_steers_the_terminal() {
        let event = serde_json::json!({
            "timestamp": "2026-01-01T00:00:01Z", "type": "TaskFailed", "id": 5, "previousEventId": 4,
            "taskFailedEventDetails": {
                "error": "\u{1b}]0;owned\u{7}", "cause": "a\nb\u{9b}2J",
            },
        });
        let event: KeptEvent = serde_json::from_value(event).unwrap();
        let started = "2026-01-01T00:00:00Z".parse().unwrap();
        let line = history_line(&event, started);
        assert!(!line.contains(char::is_control), "{line:?}");
        assert!(
            line.ends_with(r"\u{1b}]0;owned\u{7}  a\nb\u{9b}2J"),
            "{line}"
        );
    }
}
