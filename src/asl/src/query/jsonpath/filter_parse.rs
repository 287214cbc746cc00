//! Compiling the text of a filter.

use super::cursor::Cursor;
use super::filter::{Comparison, Filter, Operand};
use super::parse::{Place, steps};
use super::pattern::Pattern;
use crate::query::SyntaxError;
use crate::value::{self, Value};

/// Longer operators stand before those that they begin with.
const SYMBOLS: [(&str, Comparison); 8] = [
    ("===", Comparison::Equal),
    ("!==", Comparison::NotEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

const WORDS: [(&str, Comparison); 8] = [
    ("in", Comparison::In),
    ("nin", Comparison::NotIn),
    ("subsetof", Comparison::SubsetOf),
    ("anyof", Comparison::AnyOf),
    ("noneof", Comparison::NoneOf),
    ("contains", Comparison::Contains),
    ("size", Comparison::Size),
    ("empty", Comparison::Empty),
];

/// The condition after `?`, with or without parentheses around it.
pub(super) fn filter(cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
    let mut filters = vec![all(cursor)?];
    cursor.skip_spaces();
    while cursor.take("||") {
        filters.push(all(cursor)?);
        cursor.skip_spaces();
    }
    Ok(one_or(filters, Filter::Or))
}

fn all(cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
    let mut filters = vec![condition(cursor)?];
    cursor.skip_spaces();
    while cursor.take("&&") {
        filters.push(condition(cursor)?);
        cursor.skip_spaces();
    }
    Ok(one_or(filters, Filter::And))
}

fn one_or(mut filters: Vec<Filter>, several: fn(Vec<Filter>) -> Filter) -> Filter {
    match filters.pop() {
        Some(only) if filters.is_empty() => only,
        last => {
            filters.extend(last);
            several(filters)
        }
    }
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
    cursor.enter()?;
    cursor.skip_spaces();
    let filter = if cursor.take("!") {
        Filter::Not(Box::new(condition(cursor)?))
    } else if cursor.take("(") {
        let inner = filter(cursor)?;
        cursor.skip_spaces();
        cursor.expect(")")?;
        inner
    } else {
        comparison(cursor)?
    };
    cursor.leave();
    Ok(filter)
}

fn comparison(cursor: &mut Cursor<'_>) -> Result<Filter, SyntaxError> {
    let left = operand(cursor)?;
    cursor.skip_spaces();
    if cursor.take("=~") {
        cursor.skip_spaces();
        return Ok(Filter::Matches(left, pattern(cursor)?));
    }
    let Some(comparison) = operator(cursor) else {
        return Ok(Filter::Exists(left));
    };
    cursor.skip_spaces();
    Ok(Filter::Compare(left, comparison, operand(cursor)?))
}

fn operator(cursor: &mut Cursor<'_>) -> Option<Comparison> {
    for (symbol, comparison) in SYMBOLS {
        if cursor.take(symbol) {
            return Some(comparison);
        }
    }
    let mut ahead = cursor.clone();
    let word = ahead.take_while(|c| c.is_ascii_alphabetic());
    let (_, comparison) = WORDS
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(word))?;
    *cursor = ahead;
    Some(*comparison)
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, SyntaxError> {
    if cursor.take("@") {
        return Ok(Operand::Candidate(steps(cursor, Place::Filter)?));
    }
    if cursor.take("$") {
        return Ok(Operand::Root(steps(cursor, Place::Filter)?));
    }
    Ok(Operand::Literal(literal(cursor)?))
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    match cursor.peek() {
        Some('\'' | '"') => Ok(cursor.quoted()?.into()),
        Some('[') => list(cursor),
        Some(_) => word(cursor),
        None => Err(cursor.expected("a path or a value")),
    }
}

fn list(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    cursor.enter()?;
    cursor.expect("[")?;
    let mut items = Vec::new();
    cursor.skip_spaces();
    while !cursor.take("]") {
        items.push(literal(cursor)?);
        cursor.skip_spaces();
        if !cursor.take(",") && cursor.peek() != Some(']') {
            return Err(cursor.expected("',' or ']'"));
        }
        cursor.skip_spaces();
    }
    cursor.leave();
    Ok(items.into())
}

/// A number, `true`, `false` or `null`.
fn word(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    let mut ahead = cursor.clone();
    let word = ahead.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
    let parsed = value::parse(word).map_err(|_| cursor.expected("a path or a value"))?;
    *cursor = ahead;
    Ok(parsed)
}

/// `/pattern/flags`
fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, SyntaxError> {
    let start = cursor.offset();
    cursor.expect("/")?;
    let mut pattern = String::new();
    loop {
        match cursor.next() {
            Some('/') => break,
            Some('\\') if cursor.peek() == Some('/') => {
                cursor.next();
                pattern.push('/');
            }
            Some('\\') => {
                pattern.push('\\');
                pattern.extend(cursor.next());
            }
            Some(other) => pattern.push(other),
            None => return Err(cursor.expected("'/', which ends the regular expression")),
        }
    }
    let flags = cursor.take_while(|c| c.is_ascii_alphabetic());
    Pattern::compile(&pattern, flags).map_err(|error| SyntaxError {
        message: format!("the regular expression is not valid: {error}"),
        offset: start,
    })
}
