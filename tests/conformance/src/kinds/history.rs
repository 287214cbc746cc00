//! Compares histories event by event.

use asl::Value;
use asl::value::ObjectBuilder;

use crate::matching::{Difference, Matcher, difference};
use crate::{Case, json};

/// The recorder sorted a Parallel state's events, lost their ids, and dropped the event that ends
/// them.
const SORTED: &str = "parallel_events_sorted_and_renumbered";
const DROPPED_BY_SORTING: [&str; 2] = ["ParallelStateSucceeded", "ParallelStateFailed"];

/// From this month on AWS lets the `MapStateExited` of a distributed Map refer to
/// `MapRunStarted`; before it referred to `MapRunSucceeded`.
const MAP_RUN_CHANGE: (u16, u8) = (2024, 11);

/// The differences between a recorded history and the one that came out.
pub(super) fn compare(
    case: &Case,
    matcher: &mut Matcher<'_>,
    recorded: &Value,
    own: &Value,
) -> Vec<Difference> {
    let mut recorded = recorded.as_array().unwrap_or_default().to_vec();
    let own = own.as_array().unwrap_or_default();
    if case
        .recorded_month()
        .is_some_and(|month| month < MAP_RUN_CHANGE)
    {
        update_map_run_references(&mut recorded);
    }
    let is_sorted = json::items(&case.data, "history_flags")
        .iter()
        .any(|flag| flag.as_str() == Some(SORTED));
    if is_sorted {
        compare_sorted(matcher, &recorded, own)
    } else {
        compare_in_order(
            matcher,
            &in_canonical_order(&recorded),
            &in_canonical_order(own),
        )
    }
}

fn compare_in_order(
    matcher: &mut Matcher<'_>,
    recorded: &[Value],
    own: &[Value],
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for index in 0..recorded.len().max(own.len()) {
        let place = format!("/history/{}", index + 1);
        match (recorded.get(index), own.get(index)) {
            (Some(expected), Some(got)) => {
                differences.extend(matcher.compare(&place, expected, got));
            }
            (expected, got) => differences.push(difference(&place, expected, got)),
        }
    }
    differences
}

/// Among events of one type that follow each other AWS's order is arbitrary: tasks that time out
/// in the same instant, for example. They are put in the order of the events that led to them,
/// and all are numbered anew.
fn in_canonical_order(events: &[Value]) -> Vec<Value> {
    let mut ordered: Vec<(usize, &Value)> = events.iter().enumerate().collect();
    for run in ordered.chunk_by_mut(|(_, a), (_, b)| event_type(a) == event_type(b)) {
        run.sort_by_key(|(_, event)| number(event, "previousEventId"));
    }
    let mut new_ids = vec![0; events.len() + 1];
    for (place, (old, _)) in ordered.iter().enumerate() {
        if let Some(id) = new_ids.get_mut(old + 1) {
            *id = place + 1;
        }
    }
    let renumbered = |event: &Value, name| {
        let old = number(event, name).and_then(|id| usize::try_from(id).ok());
        let new = old.and_then(|old| new_ids.get(old)).copied();
        new.and_then(|new| i64::try_from(new).ok())
    };
    ordered
        .into_iter()
        .map(|(_, event)| {
            let mut event_builder =
                ObjectBuilder::from(event.as_object().cloned().unwrap_or_default());
            for name in ["id", "previousEventId"] {
                if let Some(id) = renumbered(event, name) {
                    event_builder.set(name.into(), Value::from(id));
                }
            }
            Value::Object(event_builder.build())
        })
        .collect()
}

/// Events with an id stand at their place; the others are a set. Those with an id come first:
/// they settle which of several alike a numbered placeholder means.
fn compare_sorted(matcher: &mut Matcher<'_>, recorded: &[Value], own: &[Value]) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut unplaced: Vec<Option<&Value>> = own.iter().map(Some).collect();
    let (placed, set): (Vec<&Value>, Vec<&Value>) = recorded
        .iter()
        .partition(|event| number(event, "id").is_some());
    for event in placed {
        let id = number(event, "id").unwrap_or_default();
        let index = usize::try_from(id - 1).unwrap_or(usize::MAX);
        let place = format!("/history/{id}");
        match unplaced.get_mut(index).and_then(Option::take) {
            Some(got) => differences.extend(matcher.compare(&place, event, got)),
            None => differences.push(difference(&place, Some(event), None)),
        }
    }
    let rest: Vec<&Value> = unplaced.into_iter().flatten().collect();
    differences.extend(compare_sets(matcher, set, rest));
    differences
}

fn compare_sets(
    matcher: &mut Matcher<'_>,
    recorded: Vec<&Value>,
    mut own: Vec<&Value>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for expected in recorded {
        let found = own.iter().position(|got| {
            let mut attempt = matcher.clone();
            let same = attempt
                .compare("", &without_ids(expected), &without_ids(got))
                .is_empty();
            if same {
                *matcher = attempt;
            }
            same
        });
        match found {
            Some(index) => {
                own.remove(index);
            }
            None => differences.push(difference("/history/*", Some(expected), None)),
        }
    }
    let left = own
        .into_iter()
        .filter(|event| !DROPPED_BY_SORTING.contains(&event_type(event)))
        .map(|got| difference("/history/*", None, Some(got)));
    differences.extend(left);
    differences
}

fn update_map_run_references(recorded: &mut [Value]) {
    let runs: Vec<i64> = recorded
        .iter()
        .filter(|event| event_type(event) == "MapRunSucceeded")
        .filter_map(|event| number(event, "id"))
        .collect();
    for event in recorded.iter_mut() {
        let Some(previous) = number(event, "previousEventId") else {
            continue;
        };
        if event_type(event) == "MapStateExited"
            && runs.contains(&previous)
            && let Value::Object(object) = event
        {
            *event = Value::Object(object.with("previousEventId", Value::from(previous - 1)));
        }
    }
}

fn without_ids(event: &Value) -> Value {
    let mut event = ObjectBuilder::from(event.as_object().cloned().unwrap_or_default());
    event.remove("id");
    event.remove("previousEventId");
    Value::Object(event.build())
}

fn event_type(event: &Value) -> &str {
    json::text(event, "type").unwrap_or_default()
}

fn number(event: &Value, name: &str) -> Option<i64> {
    event.get(name).and_then(Value::as_i64)
}
