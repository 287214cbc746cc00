//! `Label` of a distributed Map state, which becomes part of its Map Run's ARN.
//!
//! Source: Step Functions developer guide, "Distributed mode", `Label`.

use std::sync::Arc;

use super::compiler::Compiler;
use super::diagnostic::code;
use super::fields::Fields;

/// The longest label, in characters.
const MAX_CHARACTERS: usize = 40;

/// Why a text is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum LabelError {
    /// Nothing at all.
    #[error("Label cannot be empty")]
    Empty,
    /// Too long.
    #[error("Label cannot exceed {MAX_CHARACTERS} characters")]
    TooLong,
    /// A character that ARNs cannot hold.
    #[error("Label contains invalid character: '{}'", visible(*.0))]
    InvalidCharacter(char),
}

/// A character as it can be shown: control characters as `\x1f`.
fn visible(character: char) -> String {
    match character {
        '\t' | '\n' | '\r' | '\\' => character.escape_default().to_string(),
        '\0'..='\x1f' | '\x7f'..='\u{9f}' => format!("\\x{:02x}", u32::from(character)),
        other => other.to_string(),
    }
}

/// Checks a label's text.
pub(super) fn check(label: &str) -> Result<(), LabelError> {
    if label.is_empty() {
        return Err(LabelError::Empty);
    }
    if label.chars().count() > MAX_CHARACTERS {
        return Err(LabelError::TooLong);
    }
    label
        .chars()
        .find(|character| !is_allowed(*character))
        .map_or(Ok(()), |found| Err(LabelError::InvalidCharacter(found)))
}

fn is_allowed(character: char) -> bool {
    !character.is_whitespace()
        && !character.is_control()
        && !"?*<>{}[]\"#%\\^|~`$&,;:/".contains(character)
}

/// Compiles `Label`.
pub(super) fn compile(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Arc<str>> {
    let label = fields.string(compiler, "Label")?;
    let place = fields.place.member("Label");
    if let Err(error) = check(label) {
        compiler.error_with(code::INVALID_LABEL_NAME, &place, error.to_string());
    } else if !compiler.labels.insert(label.clone()) {
        compiler.error_with(
            code::DUPLICATE_LABEL_NAME,
            &place,
            format!("Duplicate Label: {label}"),
        );
    }
    Some(label.clone())
}

#[cfg(test)]
mod tests {
    use super::{LabelError, check};
    use rstest::rstest;

    #[rstest]
    #[case("label_1", Ok(()))]
    #[case("", Err(LabelError::Empty))]
    #[case("a b", Err(LabelError::InvalidCharacter(' ')))]
    #[case("a\u{7f}", Err(LabelError::InvalidCharacter('\u{7f}')))]
    #[case("a/b", Err(LabelError::InvalidCharacter('/')))]
    #[case("0123456789012345678901234567890123456789", Ok(()))]
    #[case("01234567890123456789012345678901234567890", Err(LabelError::TooLong))]
    fn a_label_fits_into_an_arn(#[case] label: &str, #[case] expected: Result<(), LabelError>) {
        assert_eq!(check(label), expected);
    }
}
