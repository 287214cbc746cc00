//! The name of an execution, as StartExecution takes it.
//!
//! Source: Step Functions API reference, "StartExecution", parameter `name`.

/// The longest name, in characters.
const MAX_CHARACTERS: usize = 80;

/// Takes a name.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if !(1..=MAX_CHARACTERS).contains(&length) {
        return Err(format!(
            "it has {length} characters, but 1 to {MAX_CHARACTERS} are expected"
        ));
    }
    match text.chars().find(|character| is_refused(*character)) {
        Some(refused) => Err(format!(
            "it has {refused:?}, but neither white space nor control characters nor any of \
             < > {{ }} [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : / are allowed"
        )),
        None => Ok(text.to_owned()),
    }
}

fn is_refused(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(character)
        || matches!(character, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::parse;

    #[rstest]
    #[case::short("a")]
    #[case::long(&"ä".repeat(80))]
    #[case::special("run-1_(b).@+='!")]
    fn a_name_is_taken_as_start_execution_takes_it(#[case] name: &str) {
        assert_eq!(parse(name).as_deref(), Ok(name));
    }

    #[rstest]
    #[case::empty("", "it has 0 characters, but 1 to 80 are expected")]
    #[case::too_long(&"ä".repeat(81), "it has 81 characters, but 1 to 80 are expected")]
    #[case::space("a b", "it has ' ', but neither white space")]
    #[case::slash("a/b", "it has '/', but neither white space")]
    #[case::control("a\u{85}", "it has '\\u{85}', but neither white space")]
    #[case::noncharacter("a\u{fffe}", "it has '\\u{fffe}', but neither white space")]
    fn a_name_that_start_execution_refuses_is_refused(#[case] name: &str, #[case] expected: &str) {
        let error = parse(name).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
}
