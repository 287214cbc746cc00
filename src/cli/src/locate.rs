//! From a diagnostic's field, such as `/States/Choose/Choices[0]/Next`, to its place in the text.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

/// A place in a text, in bytes.
pub type Target = Range<usize>;

/// A YAML or JSON text whose fields know where they are.
pub struct Fields(Vec<Spanned<Node>>);

impl Fields {
    /// Reads a text; none where it is neither YAML nor JSON.
    pub fn of(text: &str) -> Option<Self> {
        serde_saphyr::from_multiple(text).ok().map(Self)
    }

    /// Finds a field of the document `index`, below `path`. Of a field that is not there the
    /// nearest one around it is found. `offset` counts bytes of the field's value.
    pub fn find(
        &self,
        text: &str,
        index: usize,
        path: &[&str],
        location: &str,
        offset: Option<usize>,
    ) -> Option<Target> {
        let mut here = Here {
            key: None,
            node: self.0.get(index)?,
        };
        for name in path {
            here = here.member(name)?;
        }
        let found = descend(here, location);
        let whole = found.range(text)?;
        let inside = offset.and_then(|offset| found.inside(text, &whole, offset));
        Some(inside.unwrap_or(whole))
    }
}

/// The character at an offset of a text.
pub fn character(text: &str, offset: usize) -> Target {
    let at = text.floor_char_boundary(offset);
    at..text.ceil_char_boundary((at + 1).min(text.len()))
}

/// The bytes that a location stands for.
pub fn byte_range(text: &str, location: &Location) -> Option<Target> {
    let span = location.span();
    let start = usize::try_from(span.byte_offset()?).ok()?;
    let length = usize::try_from(span.byte_len()?).ok()?;
    let end = (start + length).min(text.len());
    text.get(start..end).map(|_| start..end)
}

/// A node on the way down, and the key that led to it.
#[derive(Clone, Copy)]
struct Here<'a> {
    key: Option<&'a Location>,
    node: &'a Spanned<Node>,
}

impl<'a> Here<'a> {
    fn member(self, name: &str) -> Option<Self> {
        let Node::Mapping(members) = &self.node.value else {
            return None;
        };
        let (key, node) = members.iter().find(|(key, _)| key.value == name)?;
        Some(Self {
            key: Some(&key.referenced),
            node,
        })
    }

    /// A scalar is shown itself, of anything larger its key.
    fn range(self, text: &str) -> Option<Target> {
        let value = &self.node.referenced;
        match (&self.node.value, self.key) {
            (Node::Mapping(_) | Node::Sequence(_), Some(key)) => byte_range(text, key),
            (Node::Mapping(_) | Node::Sequence(_), None) => {
                Some(character(text, byte_range(text, value)?.start))
            }
            (Node::Scalar(_), _) => byte_range(text, value),
        }
    }

    /// A place within a scalar, where its text stands in the file as it is.
    fn inside(self, text: &str, whole: &Target, offset: usize) -> Option<Target> {
        let Node::Scalar(value) = &self.node.value else {
            return None;
        };
        let before = value.get(..offset)?;
        let start = whole.start + text.get(whole.clone())?.find(before)? + offset;
        let length = text.get(start..)?.chars().next()?.len_utf8();
        (start + length <= whole.end).then_some(start..start + length)
    }
}

/// Goes down as far as the location leads. Names are not escaped in it, so a name may hold `/`.
fn descend<'a>(here: Here<'a>, location: &str) -> Here<'a> {
    try_descend(here, location, 0).map_or(here, |(reached, _)| reached)
}

/// The node reached, and how many bytes of the location that took: more is better.
fn try_descend<'a>(here: Here<'a>, rest: &str, taken: usize) -> Option<(Here<'a>, usize)> {
    let reached = |next: Here<'a>, length: usize| {
        rest.get(length..)
            .and_then(|rest| try_descend(next, rest, taken + length))
            .unwrap_or((next, taken + length))
    };
    match &here.node.value {
        Node::Mapping(members) => members
            .iter()
            .filter(|(key, _)| leads_to(rest, &key.value))
            .map(|(key, node)| {
                let key_location = Some(&key.referenced);
                reached(
                    Here {
                        key: key_location,
                        node,
                    },
                    key.value.len() + 1,
                )
            })
            .max_by_key(|(_, taken)| *taken),
        Node::Sequence(items) => {
            let (index, _) = rest.strip_prefix('[')?.split_once(']')?;
            let node = items.get(index.parse::<usize>().ok()?)?;
            Some(reached(Here { key: None, node }, index.len() + 2))
        }
        Node::Scalar(_) => None,
    }
}

fn leads_to(rest: &str, name: &str) -> bool {
    rest.strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

/// A YAML node that knows where its parts are.
enum Node {
    Mapping(Vec<(Spanned<String>, Spanned<Node>)>),
    Sequence(Vec<Spanned<Node>>),
    Scalar(String),
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML node")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Node::Mapping(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::Sequence(items))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Scalar(text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(String::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;
    use rstest::rstest;

    const JSON: &str = r#"{
  "StartAt": "a/b",
  "States": {
    "a": {"Type": "Pass", "b": 1},
    "a/b": {"Type": "Choice", "Choices": [{"Variable": "$.x[", "IsNull": true}]},
    "Ünï": {"Type": "Wait", "Seconds": 7}
  }
}"#;

    #[rstest]
    #[case::a_scalar("/StartAt", None, "\"a/b\"")]
    #[case::a_name_with_a_slash("/States/a/b/Type", None, "\"Choice\"")]
    #[case::an_item("/States/a/b/Choices[0]/IsNull", None, "true")]
    #[case::a_number("/States/Ünï/Seconds", None, "7")]
    #[case::an_object_by_its_key("/States/Ünï", None, "\"Ünï\"")]
    #[case::a_missing_field_by_what_is_around_it("/States/Ünï/Next", None, "\"Ünï\"")]
    #[case::inside_a_text("/States/a/b/Choices[0]/Variable", Some(3), "[")]
    #[case::the_whole("/", None, "{")]
    fn a_field_is_found(
        #[case] location: &str,
        #[case] offset: Option<usize>,
        #[case] expected: &str,
    ) {
        let fields = Fields::of(JSON).unwrap();
        let target = fields.find(JSON, 0, &[], location, offset).unwrap();
        assert_eq!(&JSON[target.clone()], expected, "{target:?}");
    }
}
