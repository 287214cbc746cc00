//! `ItemsPointer`: where in a JSON text the items are.
//!
//! Source: Step Functions developer guide, "ItemReader (Map)"; RFC 6901, "JSON Pointer".

use std::sync::Arc;

use crate::value::Value;

/// A JSON Pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer(Vec<Arc<str>>);

impl Pointer {
    /// Reads a pointer such as `/data/items`; `None` if it is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let Some(parts) = text.strip_prefix('/') else {
            return text.is_empty().then(|| Self(Vec::new()));
        };
        let parts = parts.split('/');
        let parts = parts.map(|part| part.replace("~1", "/").replace("~0", "~").into());
        Some(Self(parts.collect()))
    }

    /// What it points to.
    pub(super) fn find<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.0.iter().try_fold(value, |value, part| match value {
            Value::Array(array) => array.items().get(part.parse::<usize>().ok()?),
            value => value.get(part),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Pointer;
    use crate::value::parse;
    use rstest::rstest;

    #[rstest]
    #[case("", Some(r#"{"a":{"b/c":[1,{"~":2}]},"":3}"#))]
    #[case("/a/b~1c", Some(r#"[1,{"~":2}]"#))]
    #[case("/a/b~1c/1/~0", Some("2"))]
    #[case("/", Some("3"))]
    #[case("/a/b~1c/2", None)]
    #[case("/x/y", None)]
    fn a_pointer_finds_a_value(#[case] pointer: &str, #[case] expected: Option<&str>) {
        let value = parse(r#"{"a":{"b/c":[1,{"~":2}]},"":3}"#).unwrap();
        let pointer = Pointer::parse(pointer).unwrap();
        let found = pointer.find(&value).map(ToString::to_string);
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_pointer_begins_with_a_slash() {
        assert_eq!(Pointer::parse("a/b"), None);
    }
}
