//! An event of a history on one line, for people.

use engine::history::KeptEvent;
use jiff::Timestamp;
use serde_json::Value;

/// Its number, the seconds since `started`, its type, and what it is about.
pub fn history_line(event: &KeptEvent, started: Timestamp) -> String {
    let seconds = event.timestamp.duration_since(started).as_secs_f64();
    let about = about(event);
    let line = format!(
        "{:>5} {seconds:>9.3}s  {:<24} {about}",
        event.id, event.event_type
    );
    line.trim_end().to_owned()
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
