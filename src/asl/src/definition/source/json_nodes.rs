//! Where the values of a JSON text stand. The text was read before, so that it is well-formed;
//! what is not ends the walk.

use std::ops::Range;

use super::MAX_DEPTH;
use super::node::{Children, Member, Node};

/// Where the values of a JSON text stand.
pub(super) fn nodes(text: &str) -> Option<Node> {
    let mut walk = Walk { text, at: 0 };
    if text.starts_with('\u{feff}') {
        walk.at = '\u{feff}'.len_utf8();
    }
    walk.value(0)
}

struct Walk<'t> {
    text: &'t str,
    at: usize,
}

impl Walk<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Whether `byte` comes next; if so it is passed.
    fn passes(&mut self, byte: u8) -> bool {
        self.skip_whitespace();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        self.skip_whitespace();
        let start = self.at;
        let children = match self.peek()? {
            _ if depth > MAX_DEPTH => return None,
            b'{' => Children::Members(self.members(depth)?),
            b'[' => Children::Items(self.items(depth)?),
            b'"' => {
                self.string()?;
                Children::None
            }
            _ => {
                while !matches!(
                    self.peek(),
                    None | Some(b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r')
                ) {
                    self.at += 1;
                }
                Children::None
            }
        };
        Some(Node {
            span: start..self.at,
            children,
        })
    }

    fn members(&mut self, depth: usize) -> Option<Vec<Member>> {
        let mut members = Vec::new();
        self.passes(b'{');
        while !self.passes(b'}') {
            self.skip_whitespace();
            let name_span = self.string()?;
            let name = serde_json::from_str(self.text.get(name_span.clone())?).ok()?;
            if !self.passes(b':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            members.push(Member {
                name,
                name_span,
                value,
            });
            self.passes(b',');
        }
        Some(members)
    }

    fn items(&mut self, depth: usize) -> Option<Vec<Node>> {
        let mut items = Vec::new();
        self.passes(b'[');
        while !self.passes(b']') {
            items.push(self.value(depth + 1)?);
            self.passes(b',');
        }
        Some(items)
    }

    /// Passes a string; its span has the quotes.
    fn string(&mut self) -> Option<Range<usize>> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return None;
        }
        self.at += 1;
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Some(start..self.at)
    }
}
