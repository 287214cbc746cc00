//! Compiling the text of a path.
//!
//! Source: States Language, "Paths", which takes the syntax of Jayway JsonPath; there, "Operators".

use super::cursor::Cursor;
use super::filter_parse::filter;
use super::function::Function;
use super::segment::{Root, Segment, Selector, Slice, Steps};
use crate::query::SyntaxError;

/// Where a path stands, which decides what ends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Place {
    /// Alone, or among the arguments of an intrinsic function.
    Field,
    /// In a filter, where operators end it.
    Filter,
}

/// Whether a character can stand in a name after a dot.
fn is_name(character: char, place: Place) -> bool {
    match character {
        '.' | '[' | ']' | '(' | ')' | ',' | '\'' | '"' | '*' | '?' => false,
        '=' | '!' | '<' | '>' | '&' | '|' | '~' => place == Place::Field,
        other => !other.is_whitespace(),
    }
}

/// The root: `$`, `$$` or `$name`. Names are Unicode identifiers; what one begins with is checked
/// where it is assigned.
pub(super) fn root(cursor: &mut Cursor<'_>) -> Result<Root, SyntaxError> {
    if !cursor.take("$") {
        return Err(cursor.expected("'$', with which a path begins"));
    }
    if cursor.take("$") {
        return Ok(Root::Context);
    }
    let name = cursor.take_while(unicode_ident::is_xid_continue);
    Ok(match name {
        "" => Root::Input,
        name => Root::Variable(name.into()),
    })
}

/// All steps up to the end of the path.
pub(super) fn steps(cursor: &mut Cursor<'_>, place: Place) -> Result<Steps, SyntaxError> {
    let mut segments = Vec::new();
    loop {
        if cursor.take("..") {
            segments.push(descendants(cursor, place)?);
        } else if cursor.take(".") {
            if let Some(function) = function(cursor)? {
                return Ok(Steps::new(segments, Some(function)));
            }
            segments.push(member(cursor, place)?);
        } else if cursor.rest().starts_with('[') {
            segments.push(simplified(brackets(cursor)?));
        } else {
            return Ok(Steps::new(segments, None));
        }
    }
}

fn descendants(cursor: &mut Cursor<'_>, place: Place) -> Result<Segment, SyntaxError> {
    if cursor.rest().starts_with('[') {
        return Ok(Segment::Descendants(brackets(cursor)?));
    }
    Ok(Segment::Descendants(vec![match member(cursor, place)? {
        Segment::Name(name) => Selector::Name(name),
        _ => Selector::Wildcard,
    }]))
}

/// `name` or `*` after a dot.
fn member(cursor: &mut Cursor<'_>, place: Place) -> Result<Segment, SyntaxError> {
    if cursor.take("*") {
        return Ok(Segment::Children(vec![Selector::Wildcard]));
    }
    match cursor.take_while(|c| is_name(c, place)) {
        "" => Err(cursor.expected("a name or '*' after the dot")),
        name => Ok(Segment::Name(name.into())),
    }
}

/// `length()` and the like, which end a path.
fn function(cursor: &mut Cursor<'_>) -> Result<Option<Function>, SyntaxError> {
    let mut ahead = cursor.clone();
    let name = ahead.take_while(|c| c.is_ascii_alphanumeric() || c == '_');
    if name.is_empty() || !ahead.take("(") {
        return Ok(None);
    }
    let Some(function) = Function::named(name) else {
        return Err(cursor.error(format!("'{name}' is no function of paths")));
    };
    ahead.skip_spaces();
    ahead.expect(")")?;
    *cursor = ahead;
    Ok(Some(function))
}

/// A single name or index is by far the most frequent, and cheaper to follow.
fn simplified(mut selectors: Vec<Selector>) -> Segment {
    match selectors.pop() {
        Some(Selector::Name(name)) if selectors.is_empty() => Segment::Name(name),
        Some(Selector::Index(index)) if selectors.is_empty() => Segment::Index(index),
        last => {
            selectors.extend(last);
            Segment::Children(selectors)
        }
    }
}

fn brackets(cursor: &mut Cursor<'_>) -> Result<Vec<Selector>, SyntaxError> {
    cursor.expect("[")?;
    cursor.enter()?;
    let mut selectors = Vec::new();
    loop {
        cursor.skip_spaces();
        selectors.push(selector(cursor)?);
        cursor.skip_spaces();
        if cursor.take("]") {
            break;
        }
        if !cursor.take(",") {
            return Err(cursor.expected("',' or ']'"));
        }
    }
    cursor.leave();
    Ok(selectors)
}

fn selector(cursor: &mut Cursor<'_>) -> Result<Selector, SyntaxError> {
    match cursor.peek() {
        Some('*') => {
            cursor.next();
            Ok(Selector::Wildcard)
        }
        Some('?') => {
            cursor.next();
            Ok(Selector::Filter(filter(cursor)?))
        }
        Some('\'' | '"') => Ok(Selector::Name(cursor.quoted()?.into())),
        Some(':' | '-' | '0'..='9') => index_or_slice(cursor),
        _ => Err(cursor.expected("a quoted name, an index, a slice, '*' or '?(…)'")),
    }
}

fn index_or_slice(cursor: &mut Cursor<'_>) -> Result<Selector, SyntaxError> {
    let start = cursor.integer()?;
    cursor.skip_spaces();
    if !cursor.take(":") {
        return match start {
            Some(index) => Ok(Selector::Index(index)),
            None => Err(cursor.expected("an index")),
        };
    }
    cursor.skip_spaces();
    let end = cursor.integer()?;
    cursor.skip_spaces();
    let step = if cursor.take(":") {
        cursor.skip_spaces();
        cursor.integer()?
    } else {
        None
    };
    Ok(Selector::Slice(Slice {
        start,
        end,
        step: step.unwrap_or(1),
    }))
}
