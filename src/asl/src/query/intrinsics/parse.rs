//! Compiling the text of a call.
//!
//! Source: States Language, "Intrinsic Functions".

use super::Call;
use super::argument::Argument;
use super::function::Function;
use crate::query::jsonpath::Cursor;
use crate::query::{Path, SyntaxError};
use crate::value::{self, Value};

/// `States.Name(argument, …)`
pub(super) fn call(cursor: &mut Cursor<'_>) -> Result<Call, SyntaxError> {
    cursor.enter()?;
    let start = cursor.offset();
    let function = function(cursor)?;
    let arguments = arguments(cursor, function)?;
    let arity = function.arity();
    if !arity.contains(&arguments.len()) {
        let (least, most) = (arity.start(), arity.end());
        let expected = match (*least, *most) {
            (least, usize::MAX) => format!("at least {least}"),
            (least, most) if least == most => least.to_string(),
            (least, most) => format!("{least} to {most}"),
        };
        return Err(SyntaxError {
            message: format!(
                "the function takes {expected} arguments, found {}",
                arguments.len()
            ),
            offset: start,
        });
    }
    cursor.leave();
    Ok(Call {
        text: cursor.since(start).into(),
        function,
        arguments,
    })
}

fn function(cursor: &mut Cursor<'_>) -> Result<Function, SyntaxError> {
    if !cursor.take("States.") {
        return Err(cursor.expected("an intrinsic function such as States.Format(…)"));
    }
    let mut ahead = cursor.clone();
    let name = ahead.take_while(|c| c.is_ascii_alphanumeric());
    let function = Function::named(name)
        .ok_or_else(|| cursor.error(format!("'States.{name}' is no intrinsic function")))?;
    *cursor = ahead;
    Ok(function)
}

fn arguments(cursor: &mut Cursor<'_>, function: Function) -> Result<Vec<Argument>, SyntaxError> {
    cursor.skip_spaces();
    cursor.expect("(")?;
    cursor.skip_spaces();
    let mut arguments = Vec::new();
    if cursor.take(")") {
        return Ok(arguments);
    }
    loop {
        cursor.skip_spaces();
        // The template of Format keeps its escapes: it is read again for its placeholders.
        let is_template = function == Function::Format && arguments.is_empty();
        arguments.push(argument(cursor, is_template)?);
        cursor.skip_spaces();
        if cursor.take(")") {
            return Ok(arguments);
        }
        if !cursor.take(",") {
            return Err(cursor.expected("',' or ')'"));
        }
    }
}

fn argument(cursor: &mut Cursor<'_>, is_template: bool) -> Result<Argument, SyntaxError> {
    match cursor.peek() {
        Some('\'') => Ok(Argument::Constant(text(cursor, is_template)?.into())),
        Some('$') => Ok(Argument::Path(Path::parse_prefix(cursor)?)),
        Some('S') => Ok(Argument::Call(Box::new(call(cursor)?))),
        _ => Ok(Argument::Constant(literal(cursor)?)),
    }
}

/// A text between single quotes.
fn text(cursor: &mut Cursor<'_>, is_template: bool) -> Result<String, SyntaxError> {
    let start = cursor.offset();
    cursor.expect("'")?;
    let mut text = String::new();
    loop {
        match cursor.next() {
            Some('\'') => return Ok(text),
            Some('\\') => {
                let escaped = escaped(cursor)?;
                if is_template && escaped != '\'' {
                    text.push('\\');
                }
                text.push(escaped);
            }
            Some(other) => text.push(other),
            None => {
                return Err(SyntaxError {
                    message: "the text that ' opens is not closed".into(),
                    offset: start,
                });
            }
        }
    }
}

/// The character after a backslash, one that would mean something else without. With any other
/// the States Language fails the call; AWS already refuses the definition (LocalStack's recorded
/// `test_illegal_escapes`).
fn escaped(cursor: &mut Cursor<'_>) -> Result<char, SyntaxError> {
    match cursor.peek() {
        Some(escaped @ ('\'' | '{' | '}' | '\\')) => {
            cursor.next();
            Ok(escaped)
        }
        _ => Err(cursor.expected("one of ' { } \\ after a backslash")),
    }
}

/// A number, `true`, `false` or `null`.
fn literal(cursor: &mut Cursor<'_>) -> Result<Value, SyntaxError> {
    let mut ahead = cursor.clone();
    let word = ahead.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+'));
    let value = value::parse(word).map_err(|_| {
        cursor.expected("a path, a call, a number, true, false, null or a text in single quotes")
    })?;
    *cursor = ahead;
    Ok(value)
}
