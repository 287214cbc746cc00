//! From a diagnostic to the bytes of the text that it is about.

use std::ops::Range;

use super::node::{Children, Member, Node};
use super::{is_json, json_nodes, yaml};
use crate::definition::diagnostic::Diagnostic;

/// Line and column of a byte, both counted from 1, the column in characters.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = text.get(..offset).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// The bytes of a definition's text (JSON or YAML) that a diagnostic is about: a field's name
/// where its value is large, else its value, or the place inside of it.
///
/// `None` for what is missing from the text, and for text that cannot be read.
#[must_use]
pub fn locate(text: &str, diagnostic: &Diagnostic) -> Option<Range<usize>> {
    if diagnostic.location.is_empty() {
        let start = diagnostic.offset?.min(text.len());
        return Some(start..(start + 1).min(text.len()).max(start));
    }
    let root = if is_json(text) {
        json_nodes::nodes(text)
    } else {
        yaml::nodes(text)
    }?;
    let found = find(&root, None, &diagnostic.location)?;
    Some(span(text, &found, diagnostic.offset))
}

struct Found<'n> {
    node: &'n Node,
    name: Option<&'n Member>,
}

/// Walks down the location. Names of states may contain slashes and brackets, so each member
/// whose name begins the rest of the location is tried.
fn find<'n>(node: &'n Node, name: Option<&'n Member>, location: &str) -> Option<Found<'n>> {
    if location.is_empty() || location == "/" {
        return Some(Found { node, name });
    }
    match &node.children {
        Children::None => None,
        Children::Items(items) => {
            let (index, rest) = item(location)?;
            find(items.get(index)?, None, rest)
        }
        Children::Members(members) => {
            let location = location.strip_prefix('/')?;
            // The last of those with the same name counts.
            members.iter().rev().find_map(|member| {
                let rest = location.strip_prefix(member.name.as_str())?;
                let ends = rest.is_empty() || rest.starts_with(['/', '[']);
                ends.then(|| find(&member.value, Some(member), rest))
                    .flatten()
            })
        }
    }
}

/// `[2]…`, or `/2…` inside of templates.
fn item(location: &str) -> Option<(usize, &str)> {
    if let Some(rest) = location.strip_prefix('[') {
        let (index, rest) = rest.split_once(']')?;
        return Some((index.parse().ok()?, rest));
    }
    let rest = location.strip_prefix('/')?;
    let end = rest.find(['/', '[']).unwrap_or(rest.len());
    Some((rest.get(..end)?.parse().ok()?, rest.get(end..)?))
}

fn span(text: &str, found: &Found<'_>, offset: Option<usize>) -> Range<usize> {
    let value = found.node.span.clone();
    if !matches!(found.node.children, Children::None) {
        return match found.name {
            Some(member) => member.name_span.clone(),
            None => value.start..(value.start + 1).min(value.end),
        };
    }
    let raw = text.get(value.clone()).unwrap_or_default();
    match offset.and_then(|offset| offset_in_source(raw, offset)) {
        Some(offset) => {
            let start = (value.start + offset).min(value.end.saturating_sub(1));
            start..(start + 1)
        }
        None => value,
    }
}

/// Where the byte `offset` of a scalar's text stands in its source, quotes and escapes counted.
fn offset_in_source(raw: &str, offset: usize) -> Option<usize> {
    let Some(inner) = raw.strip_prefix('"') else {
        // Single quotes are doubled inside; block scalars are indented: there the start must do.
        return match raw.as_bytes().first()? {
            b'\'' if !raw.get(1..=offset).unwrap_or_default().contains('\'') => Some(offset + 1),
            b'\'' | b'|' | b'>' => None,
            _ => raw.is_char_boundary(offset).then_some(offset),
        };
    };
    let mut written = 0;
    let mut characters = inner.char_indices();
    while let Some((at, character)) = characters.next() {
        if written >= offset {
            return Some(at + 1);
        }
        if character != '\\' {
            written += character.len_utf8();
            continue;
        }
        let (_, escape) = characters.next()?;
        if escape == 'u' {
            let code = inner.get(at + 2..at + 6)?;
            let code = u32::from_str_radix(code, 16).ok()?;
            written += char::from_u32(code).map_or(2, char::len_utf8);
            characters.nth(3);
        } else {
            written += 1;
        }
    }
    None
}
