//! `States.Format(template, value…)`: a text with `{}` replaced by the values, in order.
//!
//! Source: Step Functions developer guide, "Intrinsic for generic operations".

use std::fmt::Write;

use super::argument::Arguments;
use super::function::Answer;
use crate::value::Value;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let template = arguments.string(0)?;
    let mut values = arguments.all().iter().skip(1);
    let mut text = String::with_capacity(template.len());
    let mut placeholders = 0_usize;
    let mut rest = template;
    while let Some(at) = rest.find(['\\', '{']) {
        let (before, from) = rest.split_at(at);
        text.push_str(before);
        if let Some(after) = from.strip_prefix("{}") {
            placeholders += 1;
            if let Some(value) = values.next() {
                display(value, &mut text);
            }
            rest = after;
        } else {
            let escaped = from
                .strip_prefix('\\')
                .filter(|after| after.starts_with(['{', '}', '\\', '\'']));
            let shown = escaped.unwrap_or(from);
            let end = shown.chars().next().map_or(0, char::len_utf8);
            let (one, after) = shown.split_at(end);
            text.push_str(one);
            rest = after;
        }
    }
    text.push_str(rest);
    let given = arguments.all().len() - 1;
    if placeholders != given {
        return Err(format!(
            "the number of arguments does not match the number of placeholders: {given} arguments, {placeholders} placeholders"
        ));
    }
    Ok(text.into())
}

/// A value's text within another. Step Functions writes arrays and objects as Java prints its
/// lists and maps: `{a=1, b=[x, y]}`.
fn display(value: &Value, text: &mut String) {
    match value {
        Value::String(string) => text.push_str(string),
        Value::Array(array) => {
            text.push('[');
            for (position, item) in array.items().iter().enumerate() {
                text.push_str(if position > 0 { ", " } else { "" });
                display(item, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            text.push('{');
            for (position, (name, value)) in object.members().iter().enumerate() {
                text.push_str(if position > 0 { ", " } else { "" });
                text.push_str(name);
                text.push('=');
                display(value, text);
            }
            text.push('}');
        }
        scalar => {
            // Writing to a String does not fail.
            let _ = write!(text, "{scalar}");
        }
    }
}
