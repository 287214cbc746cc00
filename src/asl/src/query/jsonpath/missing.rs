//! Saying why a definite path finds nothing, in the words Step Functions uses.

use std::fmt::Write;

use super::segment::{Segment, Selector, Steps};
use crate::value::Value;

/// Such as `Missing property in path $['a']`, for a path that finds nothing under `root`.
pub(super) fn explain(steps: &Steps, root: &Value) -> String {
    let mut value = root;
    let mut place = String::from("$");
    let last = steps.segments.len().saturating_sub(1);
    for (position, segment) in steps.segments.iter().enumerate() {
        let fragment = fragment(segment);
        let next = match segment {
            Segment::Name(name) if value.as_object().is_some() => value.get(name),
            Segment::Index(index) if value.as_array().is_some() => indexed(value, *index),
            Segment::Index(_) => {
                return format!(
                    "Filter: {fragment} can only be applied to arrays. Current context is: {value}"
                );
            }
            _ => {
                return format!(
                    "Expected to find an object with property {fragment} in path {place} but found '{}'",
                    value.kind()
                );
            }
        };
        place.push_str(&fragment);
        match next {
            Some(next) => value = next,
            None if position == last || matches!(segment, Segment::Index(_)) => {
                return format!("No results for path: {}", whole(steps));
            }
            None => return format!("Missing property in path {place}"),
        }
    }
    format!("No results for path: {}", whole(steps))
}

fn indexed(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    match usize::try_from(index) {
        Ok(index) => items.get(index),
        Err(_) => {
            let back = usize::try_from(index.unsigned_abs()).ok()?;
            items.get(items.len().checked_sub(back)?)
        }
    }
}

fn whole(steps: &Steps) -> String {
    let mut text = String::from("$");
    for segment in &steps.segments {
        text.push_str(&fragment(segment));
    }
    text
}

fn fragment(segment: &Segment) -> String {
    match segment {
        Segment::Name(name) => format!("['{name}']"),
        Segment::Index(index) => format!("[{index}]"),
        Segment::Children(selectors) | Segment::Descendants(selectors) => {
            let mut text = String::from("[");
            for (position, selector) in selectors.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                match selector {
                    Selector::Name(name) => {
                        // Writing to a String does not fail.
                        let _ = write!(text, "'{name}'");
                    }
                    _ => text.push('?'),
                }
            }
            text.push(']');
            text
        }
    }
}
