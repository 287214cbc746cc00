//! The documents of a YAML or JSON text, as trees whose nodes know where they stand.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use anyhow::anyhow;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{DefaultMessageFormatter, Error, Location, MessageFormatter as _, Spanned};

/// The deepest nesting: that of the language, in the spec of a StateMachine in a List.
const MAX_DEPTH: usize = 128 + 4;
/// The most values: more than manifests of the longest file that is read have.
const MAX_VALUES: usize = 10_000_000;
/// The most bytes of all scalars: what the longest file has, and what aliases repeat.
const MAX_SCALAR_BYTES: usize = 128 * 1024 * 1024;

/// A value, and where it stands.
pub struct Node {
    /// For an alias, where that stands.
    place: Piece,
    /// For an alias, where what it stands for is.
    written: Piece,
    /// The value.
    pub content: Content,
}

/// A value.
pub enum Content {
    /// The members in their order, those of the same name too: the last counts.
    Mapping(Vec<(Key, Node)>),
    /// The items.
    Sequence(Vec<Node>),
    /// A text.
    Text(String),
    /// A number that JSON knows.
    Number(Number),
    /// `.nan`, `.inf` or `-.inf`.
    NonFinite,
    /// A boolean, as YAML 1.1 and the API server write them: `NO` too.
    Bool(bool),
    /// Null, or nothing at all.
    Null,
}

/// The name of a member.
pub struct Key {
    /// The name.
    pub name: String,
    place: Piece,
}

/// Bytes of a text. There may be millions of them in memory.
#[derive(Clone, Copy, Default)]
struct Piece {
    start: u32,
    end: u32,
}

/// Reads all documents of a text but those that are null.
///
/// # Errors
/// The text is not YAML, or exceeds the limits.
pub fn read(text: &str) -> anyhow::Result<Vec<Node>> {
    let read = serde_saphyr::from_multiple_with_options(text, options());
    read.map_err(|error| {
        let what = message(&error);
        match error.location() {
            Some(place) => {
                let (line, column) = (place.line(), place.column());
                anyhow!("invalid YAML: {what} (line {line}, column {column})")
            }
            None => anyhow!("invalid YAML: {what}"),
        }
    })
}

fn options() -> serde_saphyr::Options {
    let budget = serde_saphyr::budget! {
        max_depth: MAX_DEPTH,
        max_documents: MAX_VALUES,
        max_nodes: MAX_VALUES,
        max_events: 4 * MAX_VALUES,
        max_anchors: MAX_VALUES,
        max_aliases: MAX_VALUES,
        max_merge_keys: MAX_VALUES,
        max_total_scalar_bytes: MAX_SCALAR_BYTES,
        // Bombs are stopped by what they unfold to.
        enforce_alias_anchor_ratio: false,
    };
    serde_saphyr::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
        with_snippet: false,
    }
}

fn message(error: &Error) -> Cow<'_, str> {
    match error {
        Error::AliasError { error, .. } => message(error),
        Error::AliasReplayLimitExceeded { .. } => "aliases repeat too many values".into(),
        Error::Budget { breach, .. } => limit(breach).into(),
        other => DefaultMessageFormatter.format_message(other),
    }
}

fn limit(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => format!("nested in more than {MAX_DEPTH} levels"),
        BudgetBreach::Nodes { .. } => format!("more than {MAX_VALUES} values"),
        BudgetBreach::ScalarBytes { .. } => {
            format!("more than {MAX_SCALAR_BYTES} bytes of text, with what aliases repeat")
        }
        _ => "more anchors and aliases than can be followed".to_owned(),
    }
}

impl Node {
    /// Where it stands, in bytes of the text; an alias where it is used.
    pub fn range(&self) -> Range<usize> {
        self.place.range()
    }

    /// The member of that name that counts.
    pub fn member(&self, name: &str) -> Option<(&Key, &Node)> {
        let Content::Mapping(members) = &self.content else {
            return None;
        };
        let mut members = members.iter().rev();
        let (key, node) = members.find(|(key, _)| key.name == name)?;
        Some((key, node))
    }

    /// The value of the member of that name, where there is one that is not null.
    pub fn get(&self, name: &str) -> Option<&Node> {
        let (_, node) = self.member(name)?;
        (!node.is_null()).then_some(node)
    }

    /// Takes the member of that name that counts out of it.
    pub fn take(&mut self, name: &str) -> Option<(Key, Node)> {
        let Content::Mapping(members) = &mut self.content else {
            return None;
        };
        let at = members.iter().rposition(|(key, _)| key.name == name)?;
        Some(members.swap_remove(at))
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    /// The text of a scalar, whatever else that could be, in the text that it was read from.
    pub fn text<'a>(&'a self, source: &'a str) -> Option<&'a str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Number(_) | Content::NonFinite | Content::Bool(_) => {
                source.get(self.written.range())
            }
            Content::Mapping(_) | Content::Sequence(_) | Content::Null => None,
        }
    }

    /// As JSON; none where a number is not finite.
    pub fn to_json(&self) -> Option<Value> {
        Some(match &self.content {
            Content::Mapping(members) => {
                let members = members.iter();
                let members = members.map(|(key, node)| Some((key.name.clone(), node.to_json()?)));
                Value::Object(members.collect::<Option<_>>()?)
            }
            Content::Sequence(items) => {
                Value::Array(items.iter().map(Self::to_json).collect::<Option<_>>()?)
            }
            Content::Text(text) => Value::from(text.as_str()),
            Content::Number(number) => Value::Number(number.clone()),
            Content::NonFinite => return None,
            Content::Bool(value) => Value::Bool(*value),
            Content::Null => Value::Null,
        })
    }

    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self.content {
            Content::Mapping(_) => "a mapping",
            Content::Sequence(_) => "a list",
            Content::Text(_) => "a text",
            Content::Number(_) | Content::NonFinite => "a number",
            Content::Bool(_) => "a boolean",
            Content::Null => "null",
        }
    }

    /// The first name that a mapping in it has twice: its path, and the key where it stands again.
    pub fn duplicate(&self) -> Option<(String, &Key)> {
        match &self.content {
            Content::Mapping(members) => {
                let mut names = HashSet::new();
                members.iter().find_map(|(key, node)| {
                    if !names.insert(key.name.as_str()) {
                        return Some((format!("/{}", key.name), key));
                    }
                    let (path, again) = node.duplicate()?;
                    Some((format!("/{}{path}", key.name), again))
                })
            }
            Content::Sequence(items) => items.iter().enumerate().find_map(|(index, item)| {
                let (path, again) = item.duplicate()?;
                Some((format!("[{index}]{path}"), again))
            }),
            _ => None,
        }
    }
}

impl Key {
    /// Where it stands, in bytes of the text.
    pub fn range(&self) -> Range<usize> {
        self.place.range()
    }
}

impl Piece {
    fn of(location: &Location) -> Self {
        let span = location.span();
        let place = || {
            let start = u32::try_from(span.byte_offset()?).ok()?;
            let length = u32::try_from(span.byte_len()?).ok()?;
            let end = start.checked_add(length)?;
            Some(Self { start, end })
        };
        place().unwrap_or_default()
    }

    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Line and column of a byte, both counted from 1, the column in characters.
pub fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (line, column)
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let content = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self {
            place: Piece::of(&content.referenced),
            written: Piece::of(&content.defined),
            content: content.value,
        })
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = Spanned::<String>::deserialize(deserializer)?;
        Ok(Self {
            place: Piece::of(&name.referenced),
            name: name.value,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML node")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Content, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Content::Mapping(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Content, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Content::Sequence(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        Ok(Number::from_f64(value).map_or(Content::NonFinite, Content::Number))
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }
}

#[cfg(test)]
mod tests;
