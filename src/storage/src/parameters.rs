//! The parameters of requests, as a reader or writer gives them.

use asl::Value;
use asl::errors::{Fault, RUNTIME};
use asl::value::Object;
use object_store::path::Path;

/// Parameters that cannot be used. The state makes its own error name of it.
pub(crate) fn invalid(cause: String) -> Fault {
    Fault::new(RUNTIME, cause)
}

/// Refuses parameters that would be without effect.
///
/// # Errors
/// There is one besides `known`.
pub(crate) fn check(parameters: &Value, known: &[&str]) -> Result<(), Fault> {
    let members = parameters.as_object().map(Object::members);
    let mut members = members.unwrap_or_default().iter();
    match members.find(|(name, _)| !known.contains(&&**name)) {
        Some((name, _)) => Err(invalid(format!(
            "The parameter '{name}' is not supported. Supported are: {}",
            known.join(", ")
        ))),
        None => Ok(()),
    }
}

/// A text that must be there.
///
/// # Errors
/// It is not there, or empty, or no text.
pub(crate) fn text<'a>(parameters: &'a Value, name: &str) -> Result<&'a str, Fault> {
    match optional_text(parameters, name)? {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(invalid(format!("The parameter '{name}' is missing"))),
    }
}

/// A text that may be there.
///
/// # Errors
/// It is no text.
pub(crate) fn optional_text<'a>(
    parameters: &'a Value,
    name: &str,
) -> Result<Option<&'a str>, Fault> {
    match parameters.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(invalid(format!(
            "The parameter '{name}' must be a string, but is of type {}",
            other.kind()
        ))),
    }
}

/// An object's key. S3 allows keys that are no paths; they cannot be told apart from others here
/// and are refused: those with empty parts (`a//b`, `/a`, `a/`) or with parts `.` and `..`.
///
/// # Errors
/// It is such a key.
pub(crate) fn key(key: &str) -> Result<Path, Fault> {
    match Path::parse(key) {
        Ok(path) if path.as_ref() == key => Ok(path),
        _ => Err(invalid(format!(
            "The key '{key}' is not supported: a key's parts between '/' must not be empty, '.' \
             or '..', nor have control characters"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::key;
    use rstest::rstest;

    #[rstest]
    #[case("a", true)]
    #[case("a/b c/ä#?%20.csv", true)]
    #[case("..a/b..", true)]
    #[case("../a", false)]
    #[case("a/../b", false)]
    #[case("a/./b", false)]
    #[case("/a", false)]
    #[case("a/", false)]
    #[case("a//b", false)]
    #[case("a\nb", false)]
    fn a_key_stays_in_its_bucket(#[case] text: &str, #[case] expected: bool) {
        let path = key(text).ok();
        assert_eq!(path.is_some(), expected);
        assert!(path.is_none_or(|path| path.as_ref() == text));
    }
}
