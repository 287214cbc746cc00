//! `definitionSubstitutions`: CloudFormation's `${Name}` in a definition's text.
//!
//! Source: CloudFormation template reference, `AWS::StepFunctions::StateMachine`,
//! "DefinitionSubstitutions".

use std::borrow::Cow;
use std::collections::BTreeMap;

/// Replaces each `${Name}` whose name is a key by that key's value; others stay. What a value
/// brings in is not looked at again.
#[must_use]
pub fn substitute<'a>(text: &'a str, substitutions: &BTreeMap<String, String>) -> Cow<'a, str> {
    if substitutions.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        done.push_str(before);
        let known = after
            .split_once('}')
            .and_then(|(name, after)| Some((substitutions.get(name)?, after)));
        match known {
            Some((value, after)) => {
                done.push_str(value);
                rest = after;
            }
            None => {
                done.push_str("${");
                rest = after;
            }
        }
    }
    done.push_str(rest);
    Cow::Owned(done)
}

#[cfg(test)]
mod tests {
    use super::substitute;

    #[test]
    fn known_names_are_replaced_once_and_others_stay() {
        let map = [("A", "${B}"), ("B", "b"), ("", "empty")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into();
        for (text, expected) in [
            ("x ${A} ${B} y", "x ${B} b y"),
            ("${C} ${B", "${C} ${B"),
            ("${${B}", "${b"),
            ("${}$", "empty$"),
            ("no", "no"),
        ] {
            assert_eq!(substitute(text, &map), expected);
        }
    }
}
