//! From a diagnostic's field, such as `/States/Choose/Choices[0]/Next`, to its place in the text.

use std::ops::Range;

use crate::document::{Content, Key, Node};

/// A place in a text, in bytes.
pub type Target = Range<usize>;

/// Finds a field of `node`, which `key` led to, in the text that it was read from. Of a field that
/// is not there the nearest one around it is found, of none nothing. `offset` counts bytes of the
/// field's value.
pub fn find(
    text: &str,
    key: Option<&Key>,
    node: &Node,
    location: &str,
    offset: Option<usize>,
) -> Option<Target> {
    if location.is_empty() {
        return None;
    }
    let found = descend(Here { key, node }, location);
    let whole = found.range(text)?;
    let inside = offset.and_then(|offset| found.inside(text, &whole, offset));
    Some(inside.unwrap_or(whole))
}

/// The character at an offset of a text.
pub fn character(text: &str, offset: usize) -> Target {
    let at = text.floor_char_boundary(offset);
    at..text.ceil_char_boundary((at + 1).min(text.len()))
}

/// A node on the way down, and the key that led to it.
#[derive(Clone, Copy)]
struct Here<'a> {
    key: Option<&'a Key>,
    node: &'a Node,
}

impl Here<'_> {
    /// A scalar is shown itself, of anything larger its key.
    fn range(self, text: &str) -> Option<Target> {
        let value = self.node.range();
        let range = match (&self.node.content, self.key) {
            (Content::Mapping(_) | Content::Sequence(_), Some(key)) => key.range(),
            (Content::Mapping(_) | Content::Sequence(_), None) => character(text, value.start),
            _ => value,
        };
        let range = range.start..range.end.min(text.len());
        text.get(range.clone()).map(|_| range)
    }

    /// A place within a scalar, where its text stands in the file as it is.
    fn inside(self, text: &str, whole: &Target, offset: usize) -> Option<Target> {
        let Content::Text(value) = &self.node.content else {
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
    match &here.node.content {
        Content::Mapping(members) => members
            .iter()
            .filter(|(key, _)| leads_to(rest, &key.name))
            .map(|(key, node)| {
                let next = Here {
                    key: Some(key),
                    node,
                };
                reached(next, key.name.len() + 1)
            })
            // Of the same name the last.
            .max_by_key(|(_, taken)| *taken),
        Content::Sequence(items) => {
            let (index, _) = rest.strip_prefix('[')?.split_once(']')?;
            let node = items.get(index.parse::<usize>().ok()?)?;
            Some(reached(Here { key: None, node }, index.len() + 2))
        }
        _ => None,
    }
}

fn leads_to(rest: &str, name: &str) -> bool {
    rest.strip_prefix('/')
        .and_then(|rest| rest.strip_prefix(name))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '[']))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::find;
    use crate::document;

    fn found(text: &str, location: &str, offset: Option<usize>) -> super::Target {
        let documents = document::read(text).unwrap();
        find(text, None, &documents[0], location, offset).unwrap()
    }

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
        let target = found(JSON, location, offset);
        assert_eq!(&JSON[target.clone()], expected, "{target:?}");
    }

    #[test]
    fn a_name_that_stands_twice_takes_no_place_from_others() {
        let text = "a: {b: 1}\na: {b: 2}\nc: 3\n";
        assert_eq!(&text[found(text, "/c", None)], "3");
        assert_eq!(&text[found(text, "/a/b", None)], "2");
    }
}
