//! Following the steps of a path through a value.
//!
//! Source: States Language, "Paths", which takes the meaning of steps from Jayway JsonPath; there,
//! "Operators" and "What is Returned When?".

use std::borrow::Cow;

use super::budget::{Budget, Exhausted};
use super::filter::Filter;
use super::segment::{Segment, Selector, Slice, Steps};
use crate::value::{Key, ObjectBuilder, Value};

/// What the steps lead to from `start`: the value where they are definite (`None` where there is
/// none), else the list of values.
pub(super) fn resolve<'v>(
    steps: &Steps,
    start: &'v Value,
    root: &'v Value,
    budget: &mut Budget,
) -> Result<Option<Cow<'v, Value>>, Exhausted> {
    let found = if let Some(value) = follow(steps, start) {
        value.map(Cow::Borrowed)
    } else {
        select(steps, start, root, budget)?.map(Cow::Owned)
    };
    let (Some(function), Some(value)) = (steps.function, &found) else {
        return Ok(found);
    };
    budget.spend(function.cost(value))?;
    Ok(function.apply(value).map(Cow::Owned))
}

/// The value at a path of names and indexes alone, which most paths are. `None` where the path
/// has other steps.
#[inline]
pub(super) fn follow<'v>(steps: &Steps, start: &'v Value) -> Option<Option<&'v Value>> {
    if !steps.single {
        return None;
    }
    let mut value = start;
    for segment in &steps.segments {
        let next = match segment {
            Segment::Name(name) => value.get(name),
            Segment::Index(index) => item(value, *index),
            Segment::Children(_) | Segment::Descendants(_) => None,
        };
        match next {
            Some(next) => value = next,
            None => return Some(None),
        }
    }
    Some(Some(value))
}

fn item(value: &Value, index: i64) -> Option<&Value> {
    let items = value.as_array()?;
    items.get(absolute(index, items.len())?)
}

/// An index counted from the start, where a negative one counts from the end.
fn absolute(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?),
    }
}

fn select(
    steps: &Steps,
    start: &Value,
    root: &Value,
    budget: &mut Budget,
) -> Result<Option<Value>, Exhausted> {
    let (segments, names) = match steps.segments.split_last() {
        Some((Segment::Children(last), before)) if steps.ends_in_names => (before, Some(last)),
        _ => (&*steps.segments, None),
    };
    let mut values = vec![start];
    for segment in segments {
        let mut next = Vec::new();
        for value in values {
            expand(segment, value, root, &mut next, budget)?;
        }
        values = next;
    }
    let mut found = match names {
        Some(names) => members(&values, names, budget)?,
        None => values.into_iter().cloned().collect(),
    };
    Ok(if steps.definite {
        found.pop()
    } else {
        Some(found.into())
    })
}

/// Of each value that is an object, an object of the named members, those that it has.
fn members(
    values: &[&Value],
    names: &[Selector],
    budget: &mut Budget,
) -> Result<Vec<Value>, Exhausted> {
    let mut found = Vec::new();
    for object in values.iter().filter_map(|value| value.as_object()) {
        budget.spend(names.len())?;
        let mut builder = ObjectBuilder::with_capacity(names.len().min(object.len()));
        for selector in names {
            if let Selector::Name(name) = selector
                && let Some(value) = object.get(name)
            {
                builder.set(Key::clone(name), value.clone());
            }
        }
        found.push(builder.build().into());
    }
    Ok(found)
}

fn expand<'v>(
    segment: &Segment,
    value: &'v Value,
    root: &Value,
    found: &mut Vec<&'v Value>,
    budget: &mut Budget,
) -> Result<(), Exhausted> {
    budget.spend(1)?;
    match segment {
        Segment::Name(name) => found.extend(value.get(name)),
        Segment::Index(index) => found.extend(item(value, *index)),
        Segment::Children(selectors) => children(selectors, value, root, found, budget)?,
        Segment::Descendants(selectors) => {
            // An explicit stack: data may be nested as deep as its size allows.
            let mut pending = vec![value];
            while let Some(value) = pending.pop() {
                budget.spend(1)?;
                children(selectors, value, root, found, budget)?;
                match value {
                    Value::Array(array) => pending.extend(array.items().iter().rev()),
                    Value::Object(object) => {
                        pending.extend(object.members().iter().rev().map(|(_, value)| value));
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

fn children<'v>(
    selectors: &[Selector],
    value: &'v Value,
    root: &Value,
    found: &mut Vec<&'v Value>,
    budget: &mut Budget,
) -> Result<(), Exhausted> {
    for selector in selectors {
        let before = found.len();
        match selector {
            Selector::Name(name) => found.extend(value.get(name)),
            Selector::Index(index) => found.extend(item(value, *index)),
            Selector::Slice(slice) => sliced(*slice, value, found),
            Selector::Wildcard => match value {
                Value::Array(array) => found.extend(array.items()),
                Value::Object(object) => {
                    found.extend(object.members().iter().map(|(_, value)| value));
                }
                _ => {}
            },
            Selector::Filter(filter) => filtered(filter, value, root, found, budget)?,
        }
        // What finds nothing takes time too.
        budget.spend(1 + found.len() - before)?;
    }
    Ok(())
}

fn filtered<'v>(
    filter: &Filter,
    value: &'v Value,
    root: &Value,
    found: &mut Vec<&'v Value>,
    budget: &mut Budget,
) -> Result<(), Exhausted> {
    let candidates = match value {
        Value::Array(array) => array.items(),
        // In this dialect a filter on an object asks about the object itself.
        Value::Object(_) => std::slice::from_ref(value),
        _ => &[],
    };
    for candidate in candidates {
        if filter.accepts(candidate, root, budget)? {
            found.push(candidate);
        }
    }
    Ok(())
}

fn sliced<'v>(slice: Slice, value: &'v Value, found: &mut Vec<&'v Value>) {
    let Some(items) = value.as_array() else {
        return;
    };
    let Ok(length) = i64::try_from(items.len()) else {
        return;
    };
    let clamp = |at: i64, low: i64, high: i64| {
        let at = if at < 0 {
            at.saturating_add(length)
        } else {
            at
        };
        at.clamp(low, high)
    };
    let forwards = slice.step > 0;
    let (mut at, end) = if forwards {
        (
            slice.start.map_or(0, |start| clamp(start, 0, length)),
            slice.end.map_or(length, |end| clamp(end, 0, length)),
        )
    } else {
        (
            slice
                .start
                .map_or(length - 1, |start| clamp(start, -1, length - 1)),
            slice.end.map_or(-1, |end| clamp(end, -1, length - 1)),
        )
    };
    while slice.step != 0 && (if forwards { at < end } else { at > end }) {
        found.extend(usize::try_from(at).ok().and_then(|at| items.get(at)));
        at = at.saturating_add(slice.step);
    }
}
