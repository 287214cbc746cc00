//! Reading YAML 1.2 (core schema): `on` and `y` stay texts, anchors are shared and counted.
//!
//! Source: YAML 1.2.2, section 10.3 "Core Schema".

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::node::{Children, Member, Node};
use super::{MAX_DEPTH, Read, Step, duplicate, unreadable, written};
use crate::definition::diagnostic::Diagnostic;
use crate::value::{Key, Number, ObjectBuilder, Value};

/// The most values that a definition may unfold to: aliases make much out of little text.
const MAX_VALUES: usize = 1_000_000;

/// Reads YAML text.
pub(super) fn read(text: &str) -> Result<Read, Diagnostic> {
    let document = Loader::load(text)?;
    Ok(Read {
        value: document.value,
        problems: document.problems,
    })
}

/// Where the values of a YAML text stand.
pub(super) fn nodes(text: &str) -> Option<Node> {
    Loader::load(text).ok().map(|document| document.node)
}

struct Document {
    value: Value,
    node: Node,
    problems: Vec<Diagnostic>,
}

/// A finished value with its place and the number of values in it.
struct Part {
    value: Value,
    node: Node,
    count: usize,
}

/// A collection that is being read.
struct Open {
    anchor: usize,
    start: usize,
    count: usize,
    kind: OpenKind,
}

enum OpenKind {
    Sequence {
        items: Vec<Value>,
        nodes: Vec<Node>,
    },
    Mapping {
        builder: ObjectBuilder,
        names: Vec<Key>,
        members: Vec<Member>,
        name: Option<(Key, Range<usize>)>,
    },
}

struct Loader<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, (Value, usize)>,
    problems: Vec<Diagnostic>,
    root: Option<Part>,
}

impl<'t> Loader<'t> {
    fn load(text: &'t str) -> Result<Document, Diagnostic> {
        let mut loader = Self {
            text,
            open: Vec::new(),
            anchors: HashMap::new(),
            problems: Vec::new(),
            root: None,
        };
        for event in Parser::new_from_str(text) {
            let (event, span) = event.map_err(|error| {
                let offset = error.marker().byte_offset().unwrap_or_default();
                unreadable(text, &format!("Invalid YAML: {}", error.info()), offset)
            })?;
            loader.take(event, span)?;
        }
        let root = loader.root.unwrap_or(Part {
            value: Value::Null,
            node: Node {
                span: 0..text.len(),
                children: Children::None,
            },
            count: 1,
        });
        Ok(Document {
            value: root.value,
            node: root.node,
            problems: loader.problems,
        })
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        let range = span.byte_range().unwrap_or(0..0);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(self.refuse("expected one YAML document, but found another", range.start))
            }
            Event::Scalar(scalar, style, anchor, tag) => {
                if self.expects_name() {
                    self.name(&scalar, range);
                    return Ok(());
                }
                let quoted = style != ScalarStyle::Plain;
                let is_text = quoted || tag.is_some_and(|tag| tag.core_suffix() == Some("str"));
                let value = if is_text {
                    Value::from(&*scalar)
                } else {
                    plain(&scalar).ok_or_else(|| {
                        let message = format!("'{scalar}' has no place in JSON");
                        self.refuse(&message, range.start)
                    })?
                };
                let span = range;
                let children = Children::None;
                let node = Node { span, children };
                self.finish(
                    anchor,
                    Part {
                        value,
                        node,
                        count: 1,
                    },
                )
            }
            Event::Alias(anchor) => {
                let Some((value, count)) = self.anchors.get(&anchor).cloned() else {
                    return Err(self.refuse("an anchor cannot contain itself", range.start));
                };
                if self.expects_name() {
                    let name = value.as_str().map(ToOwned::to_owned);
                    let name = name.unwrap_or_else(|| value.to_string());
                    self.name(&name, range);
                    return Ok(());
                }
                let span = range;
                let children = Children::None;
                let node = Node { span, children };
                self.finish(0, Part { value, node, count })
            }
            Event::SequenceStart(_, anchor, _) => self.begin(
                anchor,
                range.start,
                OpenKind::Sequence {
                    items: Vec::new(),
                    nodes: Vec::new(),
                },
            ),
            Event::MappingStart(_, anchor, _) => self.begin(
                anchor,
                range.start,
                OpenKind::Mapping {
                    builder: ObjectBuilder::default(),
                    names: Vec::new(),
                    members: Vec::new(),
                    name: None,
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.end(range.end),
            _ => Ok(()),
        }
    }

    fn refuse(&self, message: &str, offset: usize) -> Diagnostic {
        unreadable(self.text, &format!("Invalid YAML: {message}"), offset)
    }

    fn expects_name(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                kind: OpenKind::Mapping { name: None, .. },
                ..
            })
        )
    }

    fn name(&mut self, text: &str, range: Range<usize>) {
        if let Some(Open {
            kind: OpenKind::Mapping { name, .. },
            ..
        }) = self.open.last_mut()
        {
            *name = Some((text.into(), range));
        }
    }

    fn begin(&mut self, anchor: usize, start: usize, kind: OpenKind) -> Result<(), Diagnostic> {
        if self.expects_name() {
            return Err(self.refuse("the name of a member must be a text", start));
        }
        if self.open.len() >= MAX_DEPTH {
            let message = format!("nested in more than {MAX_DEPTH} levels");
            return Err(self.refuse(&message, start));
        }
        self.open.push(Open {
            anchor,
            start,
            count: 1,
            kind,
        });
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let (value, children) = match open.kind {
            OpenKind::Sequence { items, nodes } => (Value::from(items), Children::Items(nodes)),
            OpenKind::Mapping {
                builder,
                names,
                members,
                ..
            } => {
                let object = builder.build();
                if object.len() < names.len() {
                    self.report_duplicates(&names);
                }
                (Value::Object(object), Children::Members(members))
            }
        };
        let span = open.start..end;
        let part = Part {
            value,
            node: Node { span, children },
            count: open.count,
        };
        self.finish(open.anchor, part)
    }

    /// Puts a finished value where it belongs.
    fn finish(&mut self, anchor: usize, part: Part) -> Result<(), Diagnostic> {
        if anchor > 0 {
            self.anchors
                .insert(anchor, (part.value.clone(), part.count));
        }
        let start = part.node.span.start;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(part);
            return Ok(());
        };
        open.count = open.count.saturating_add(part.count);
        if open.count > MAX_VALUES {
            let message = format!("aliases unfold to more than {MAX_VALUES} values");
            return Err(self.refuse(&message, start));
        }
        match &mut open.kind {
            OpenKind::Sequence { items, nodes } => {
                items.push(part.value);
                nodes.push(part.node);
            }
            OpenKind::Mapping {
                builder,
                names,
                members,
                name,
            } => {
                let (name, name_span) = name.take().unwrap_or_default();
                builder.set(name.clone(), part.value);
                members.push(Member {
                    name: name.to_string(),
                    name_span,
                    value: part.node,
                });
                names.push(name);
            }
        }
        Ok(())
    }

    fn report_duplicates(&mut self, names: &[Key]) {
        let steps: Vec<Step> = self.open.iter().map(Open::step).collect();
        let object = written(&steps);
        let mut seen = HashSet::new();
        let twice = names.iter().filter(|name| !seen.insert(Arc::clone(name)));
        let found: Vec<_> = twice.map(|name| duplicate(&object, name)).collect();
        self.problems.extend(found);
    }
}

impl Open {
    /// The step into the value that is being read.
    fn step(&self) -> Step {
        match &self.kind {
            OpenKind::Sequence { items, .. } => Step::Item(items.len()),
            OpenKind::Mapping { name, .. } => Step::Member(
                name.as_ref()
                    .map(|(name, _)| name.clone())
                    .unwrap_or_default(),
            ),
        }
    }
}

/// A plain scalar by the core schema; `None` for infinities and NaN, which JSON cannot write.
fn plain(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return None,
        _ => match number(text) {
            Some(number) => Value::Number(Number::from_f64(number.as_f64()).map(|_| number)?),
            None => Value::from(text),
        },
    })
}

fn number(text: &str) -> Option<Number> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Number::Int);
    if let Some(digits) = text.strip_prefix("0x") {
        return radix(digits, 16).filter(|_| !digits.starts_with(['+', '-']));
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return radix(digits, 8).filter(|_| !digits.starts_with(['+', '-']));
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(Number::Float(f64::INFINITY));
    }
    let is_number = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.contains(|character: char| character.is_ascii_digit());
    if !is_number {
        return None;
    }
    match text.parse::<i64>() {
        Ok(integer) => Some(Number::Int(integer)),
        Err(_) => text.parse::<f64>().ok().map(Number::Float),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;
    use rstest::rstest;

    #[rstest]
    #[case("on", r#""on""#)]
    #[case("y", r#""y""#)]
    #[case("NO", r#""NO""#)]
    #[case("true", "true")]
    #[case("~", "null")]
    #[case("", "null")]
    #[case("12", "12")]
    #[case("-3", "-3")]
    #[case("0x1F", "31")]
    #[case("0o17", "15")]
    #[case("017", "17")]
    #[case("1.50", "1.5")]
    #[case("2.", "2.0")]
    #[case("1e3", "1000.0")]
    #[case("1.2.3", r#""1.2.3""#)]
    #[case("1_000", r#""1_000""#)]
    #[case("12:30:45", r#""12:30:45""#)]
    #[case("2016-03-14", r#""2016-03-14""#)]
    #[case("-", r#""-""#)]
    #[case(".", r#"".""#)]
    #[case("$.a", r#""$.a""#)]
    fn plain_scalars_follow_the_core_schema(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(plain(text).unwrap().to_string(), expected);
    }

    #[rstest]
    #[case(".inf")]
    #[case("-.INF")]
    #[case(".NaN")]
    #[case("1e999")]
    fn numbers_that_json_cannot_write_are_refused(#[case] text: &str) {
        assert!(plain(text).is_none());
    }
}
