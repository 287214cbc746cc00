//! Reference paths: paths that name exactly one place, to write to.
//!
//! Source: States Language, "Reference Paths".

use std::fmt;
use std::sync::Arc;

use super::segment::{Root, Segment};
use super::{Path, Place, parse};
use crate::errors;
use crate::query::jsonpath::Cursor;
use crate::query::{QueryError, SyntaxError};
use crate::value::{Key, ObjectBuilder, Value};

/// A path that names exactly one place: `$.a.b[2]`.
#[derive(Clone)]
pub struct ReferencePath(Arc<Compiled>);

struct Compiled {
    text: Arc<str>,
    steps: Vec<Step>,
}

enum Step {
    Name(Key),
    Index(usize),
}

impl fmt::Debug for ReferencePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReferencePath").field(&self.0.text).finish()
    }
}

impl ReferencePath {
    /// Compiles a reference path.
    ///
    /// # Errors
    /// The text is no path, or one that may select several places, or one into the context
    /// object or a variable.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Path::parse(text)?;
        let mut cursor = Cursor::new(text);
        if parse::root(&mut cursor)? != Root::Input {
            return Err(SyntaxError {
                message: "a reference path begins with '$.' or is '$'".into(),
                offset: 0,
            });
        }
        let start = cursor.offset();
        let compiled = parse::steps(&mut cursor, Place::Field)?;
        let steps = compiled
            .segments
            .into_iter()
            .map(step)
            .collect::<Option<Vec<_>>>();
        match steps {
            Some(steps) if compiled.function.is_none() => Ok(Self(Arc::new(Compiled {
                text: text.into(),
                steps,
            }))),
            _ => Err(SyntaxError {
                message: "a reference path names one place: only names and indexes can follow '$'"
                    .into(),
                offset: start,
            }),
        }
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// A copy of `root` with `value` put at this place; missing objects on the way are made.
    /// What is not on the way is shared with `root`.
    ///
    /// # Errors
    /// `States.ResultPathMatchFailure` where the place cannot be made: a step by name meets
    /// something that is no object, or a step by index an array without that item.
    pub fn set(&self, root: &Value, value: Value) -> Result<Value, QueryError> {
        put(&self.0.steps, Some(root), value).ok_or_else(|| {
            QueryError::new(
                errors::RESULT_PATH_MATCH_FAILURE,
                format!(
                    "Unable to apply ReferencePath {} to input {root}",
                    self.text()
                ),
            )
        })
    }
}

fn step(segment: Segment) -> Option<Step> {
    match segment {
        Segment::Name(name) => Some(Step::Name(name)),
        Segment::Index(index) => usize::try_from(index).ok().map(Step::Index),
        Segment::Children(_) | Segment::Descendants(_) => None,
    }
}

/// The parser bounds the length of a definition, not the number of steps: so this does not
/// recurse, but walks down and builds up again.
fn put(steps: &[Step], root: Option<&Value>, value: Value) -> Option<Value> {
    let mut parents = Vec::with_capacity(steps.len());
    let mut current = root;
    for step in steps {
        parents.push(current);
        current = match (step, current) {
            (Step::Name(name), Some(Value::Object(object))) => object.get(name),
            (Step::Name(_), None) => None,
            (Step::Index(index), Some(Value::Array(array))) => Some(array.items().get(*index)?),
            _ => return None,
        };
    }
    let mut value = value;
    for (step, parent) in steps.iter().zip(parents).rev() {
        value = match (step, parent) {
            (Step::Name(name), Some(Value::Object(object))) => {
                let mut builder = ObjectBuilder::from(object.clone());
                builder.set(name.clone(), value);
                builder.build().into()
            }
            (Step::Name(name), _) => {
                let mut builder = ObjectBuilder::with_capacity(1);
                builder.set(name.clone(), value);
                builder.build().into()
            }
            (Step::Index(index), parent) => {
                let mut items = parent?.as_array()?.to_vec();
                *items.get_mut(*index)? = value;
                items.into()
            }
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::ReferencePath;
    use crate::errors;
    use crate::value::parse;

    #[rstest]
    #[case("$", r#"{"a":1}"#, "7")]
    #[case("$.a", r#"{"a":1,"b":2}"#, r#"{"a":7,"b":2}"#)]
    #[case("$.c", r#"{"a":1}"#, r#"{"a":1,"c":7}"#)]
    #[case("$.c.d.e", r#"{"a":1}"#, r#"{"a":1,"c":{"d":{"e":7}}}"#)]
    #[case("$.a.b", r#"{"a":{"c":1}}"#, r#"{"a":{"c":1,"b":7}}"#)]
    #[case("$['a b']", "{}", r#"{"a b":7}"#)]
    #[case("$.a[1]", r#"{"a":[1,2]}"#, r#"{"a":[1,7]}"#)]
    #[case("$.a[0].b", r#"{"a":[{}]}"#, r#"{"a":[{"b":7}]}"#)]
    fn a_value_is_put_at_its_place(#[case] path: &str, #[case] root: &str, #[case] expected: &str) {
        let path = ReferencePath::parse(path).unwrap();
        let result = path.set(&parse(root).unwrap(), 7i64.into()).unwrap();
        assert_eq!(result.to_string(), expected);
    }

    #[rstest]
    #[case("$.a.b", r#"{"a":1}"#)]
    #[case("$.a", "[1]")]
    #[case("$.a[3]", r#"{"a":[1]}"#)]
    #[case("$.a[0]", r#"{"a":{}}"#)]
    #[case("$.a", "null")]
    fn a_place_that_cannot_be_made_is_a_match_failure(#[case] path: &str, #[case] root: &str) {
        let path = ReferencePath::parse(path).unwrap();
        let error = path.set(&parse(root).unwrap(), 7i64.into()).unwrap_err();
        assert_eq!(error.name, errors::RESULT_PATH_MATCH_FAILURE);
        assert_eq!(
            error.message,
            format!(
                "Unable to apply ReferencePath {} to input {root}",
                path.text()
            )
        );
    }

    #[rstest]
    #[case("$.a[*]", 1)]
    #[case("$..a", 1)]
    #[case("$.a[0,1]", 1)]
    #[case("$.a[-1]", 1)]
    #[case("$.a.length()", 1)]
    #[case("$$.a", 0)]
    #[case("$x.a", 0)]
    #[case("a", 0)]
    #[case("$.a b", 3)]
    fn what_names_several_places_is_no_reference_path(#[case] path: &str, #[case] offset: usize) {
        assert_eq!(ReferencePath::parse(path).unwrap_err().offset, offset);
    }

    #[test]
    fn what_is_not_on_the_way_stays_shared() {
        let root = parse(r#"{"a":{},"big":[1,2,3]}"#).unwrap();
        let result = ReferencePath::parse("$.a.x")
            .unwrap()
            .set(&root, 7i64.into())
            .unwrap();
        let address = |value: &crate::Value| match value.get("big") {
            Some(crate::Value::Array(array)) => array.address(),
            _ => 0,
        };
        assert_eq!(address(&root), address(&result));
    }
}
