//! `definitionSubstitutions`: CloudFormation's `${Name}` in a definition.
//!
//! Source: CloudFormation template reference, `AWS::StepFunctions::StateMachine`,
//! "DefinitionSubstitutions".

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// The largest definition after substitution, in bytes, as Step Functions has it for the text.
pub const MAX_DEFINITION_BYTES: usize = 1_048_576;

/// A definition is larger than [`MAX_DEFINITION_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefinitionTooLargeError {
    /// How many bytes were found; with substitutions, until it was too much.
    pub found: usize,
}

impl fmt::Display for DefinitionTooLargeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found;
        write!(
            f,
            "the definition has {found} bytes: at most {MAX_DEFINITION_BYTES} are allowed"
        )
    }
}

impl std::error::Error for DefinitionTooLargeError {}

/// Replaces each `${Name}` whose name is a key by that key's value; others stay. What a value
/// brings in is not looked at again.
///
/// # Errors
/// The result is too large.
pub fn substitute(
    text: &str,
    values: &BTreeMap<String, String>,
) -> Result<String, DefinitionTooLargeError> {
    Substitutions::new(values).replace(text)
}

/// The same in every text of a structured definition; gives its JSON text.
///
/// # Errors
/// The result is too large.
pub fn substitute_in(
    mut definition: Value,
    values: &BTreeMap<String, String>,
) -> Result<String, DefinitionTooLargeError> {
    if !values.is_empty() {
        Substitutions::new(values).replace_texts(&mut definition, &mut 0)?;
    }
    let text = definition.to_string();
    check_size(text.len())?;
    Ok(text)
}

struct Substitutions<'v> {
    values: &'v BTreeMap<String, String>,
    /// The bytes of the longest name: no further is looked for its end.
    longest: usize,
}

impl<'v> Substitutions<'v> {
    fn new(values: &'v BTreeMap<String, String>) -> Self {
        Self {
            values,
            longest: values.keys().map(String::len).max().unwrap_or_default(),
        }
    }

    fn replace(&self, text: &str) -> Result<String, DefinitionTooLargeError> {
        let mut result = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            result.push_str(before);
            match self.take_known(after) {
                Some((value, after)) => {
                    result.push_str(value);
                    rest = after;
                }
                None => {
                    result.push_str("${");
                    rest = after;
                }
            }
            check_size(result.len())?;
        }
        result.push_str(rest);
        check_size(result.len())?;
        Ok(result)
    }

    /// The value of the name that a text begins with, and what follows the name.
    fn take_known<'t>(&self, text: &'t str) -> Option<(&'v str, &'t str)> {
        let mut begin = text.bytes().take(self.longest + 1);
        let end = begin.position(|byte| byte == b'}')?;
        let value = self.values.get(text.get(..end)?)?;
        Some((value, text.get(end + 1..)?))
    }

    /// `size` counts the bytes of all texts, so that many of them cannot take more than one could.
    fn replace_texts(
        &self,
        value: &mut Value,
        size: &mut usize,
    ) -> Result<(), DefinitionTooLargeError> {
        match value {
            Value::String(text) => {
                *text = self.replace(text)?;
                *size += text.len();
                check_size(*size)
            }
            Value::Array(items) => items
                .iter_mut()
                .try_for_each(|item| self.replace_texts(item, size)),
            Value::Object(members) => members
                .values_mut()
                .try_for_each(|member| self.replace_texts(member, size)),
            _ => Ok(()),
        }
    }
}

fn check_size(found: usize) -> Result<(), DefinitionTooLargeError> {
    if found <= MAX_DEFINITION_BYTES {
        return Ok(());
    }
    Err(DefinitionTooLargeError { found })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{MAX_DEFINITION_BYTES, substitute, substitute_in};
    use rstest::rstest;
    use serde_json::{Value, json};

    fn values() -> BTreeMap<String, String> {
        [("A", "1"), ("B", "${A}"), ("Äö", "ü\""), ("", "empty")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[rstest]
    #[case("${A} and ${A}", "1 and 1")]
    #[case("${B}", "${A}")]
    #[case("${C} $A {A} ${A", "${C} $A {A} ${A")]
    #[case("${${A}}", "${1}")]
    #[case("x${Äö}y", "xü\"y")]
    #[case("${}$", "empty$")]
    #[case::a_name_as_long_as_the_longest("${Äöx}${Äöxy}", "${Äöx}${Äöxy}")]
    #[case::an_end_within_a_letter("${Aäää", "${Aäää")]
    fn known_names_are_replaced_once_and_others_stay(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(substitute(text, &values()).unwrap(), expected);
    }

    #[test]
    fn every_text_of_a_structure_is_looked_at() {
        let structure = json!({"${A}": ["${A}", {"x": "${Äö}"}, 7]});
        let text = substitute_in(structure, &values()).unwrap();
        let object: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object, json!({"${A}": ["1", {"x": "ü\""}, 7]}));
    }

    #[test]
    fn names_that_do_not_end_are_looked_at_briefly() {
        let text = "${".repeat(MAX_DEFINITION_BYTES / 2);
        assert_eq!(substitute(&text, &values()).unwrap(), text);
    }

    #[test]
    fn substitutions_cannot_blow_a_definition_up() {
        let values = [("A".to_owned(), "x".repeat(100_000))].into();
        let error = substitute(&"${A}".repeat(10_000), &values).unwrap_err();
        assert!(error.found > MAX_DEFINITION_BYTES && error.found < 2 * MAX_DEFINITION_BYTES);
        let many = Value::from(vec!["${A}"; 10_000]);
        let error = substitute_in(many, &values).unwrap_err();
        assert!(error.found < 2 * MAX_DEFINITION_BYTES, "{error}");
    }
}
