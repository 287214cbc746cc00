//! Reading the text of a path or intrinsic function character by character.

use crate::query::SyntaxError;

/// The nesting (of filters, parentheses, calls) that is read; beyond it the text is refused, so
/// that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 64;

/// A place in a text.
#[derive(Debug, Clone)]
pub(in crate::query) struct Cursor<'t> {
    text: &'t str,
    offset: usize,
    depth: usize,
}

impl<'t> Cursor<'t> {
    pub(in crate::query) fn new(text: &'t str) -> Self {
        Self {
            text,
            offset: 0,
            depth: 0,
        }
    }

    /// What is left to read.
    pub(in crate::query) fn rest(&self) -> &'t str {
        self.text.get(self.offset..).unwrap_or_default()
    }

    pub(in crate::query) fn offset(&self) -> usize {
        self.offset
    }

    /// The text from `start` up to here.
    pub(in crate::query) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.offset).unwrap_or_default()
    }

    pub(in crate::query) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(in crate::query) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.offset += character.len_utf8();
        Some(character)
    }

    pub(in crate::query) fn at_end(&self) -> bool {
        self.rest().is_empty()
    }

    /// Steps over `expected` if it stands here.
    pub(in crate::query) fn take(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.offset += expected.len();
        }
        found
    }

    /// Steps over `expected`, which must stand here.
    pub(in crate::query) fn expect(&mut self, expected: &str) -> Result<(), SyntaxError> {
        if self.take(expected) {
            return Ok(());
        }
        Err(self.expected(&format!("'{expected}'")))
    }

    /// Steps over the characters for which `accept` holds.
    pub(in crate::query) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.offset += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(in crate::query) fn skip_spaces(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// Goes one level deeper into the text's nesting.
    pub(in crate::query) fn enter(&mut self) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.error(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        Ok(())
    }

    pub(in crate::query) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// An error at this place.
    pub(in crate::query) fn error(&self, message: impl Into<String>) -> SyntaxError {
        SyntaxError {
            message: message.into(),
            offset: self.offset,
        }
    }

    /// An error that says what stands here instead of what should.
    pub(in crate::query) fn expected(&self, expected: &str) -> SyntaxError {
        match self.peek() {
            Some(found) => self.error(format!("expected {expected}, found '{found}'")),
            None => self.error(format!("expected {expected}, found the end")),
        }
    }

    /// An integer such as `-12`; `None` where none stands.
    pub(in crate::query) fn integer(&mut self) -> Result<Option<i64>, SyntaxError> {
        let start = self.offset;
        self.take("-");
        self.take_while(|c| c.is_ascii_digit());
        match self.since(start) {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| SyntaxError {
                message: format!("'{digits}' is no integer of 64 bits"),
                offset: start,
            }),
        }
    }

    /// A quoted text, its opening quote being next. `\` before a quote of the same kind or
    /// before another `\` stands for that character; before anything else it stands for itself,
    /// as in Step Functions.
    pub(in crate::query) fn quoted(&mut self) -> Result<String, SyntaxError> {
        let start = self.offset;
        let Some(quote @ ('\'' | '"')) = self.next() else {
            return Err(self.expected("a quoted text"));
        };
        let mut text = String::new();
        loop {
            match self.next() {
                Some(c) if c == quote => return Ok(text),
                Some('\\') => match self.peek() {
                    Some(c) if c == quote || c == '\\' => {
                        text.push(c);
                        self.next();
                    }
                    _ => text.push('\\'),
                },
                Some(c) => text.push(c),
                None => {
                    return Err(SyntaxError {
                        message: format!("the text that {quote} opens is not closed"),
                        offset: start,
                    });
                }
            }
        }
    }
}
