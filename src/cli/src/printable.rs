//! Text of others on a terminal: what would steer the terminal is written out.
//!
//! Names, errors and causes come from definitions and from the objects of a cluster, which not only
//! those write who read them here.

use std::borrow::Cow;

/// A text in one line.
pub fn in_one_line(text: &str) -> Cow<'_, str> {
    without(text, char::is_control)
}

/// A text that may have several lines.
pub fn printable(text: &str) -> Cow<'_, str> {
    without(text, |character| {
        character.is_control() && !matches!(character, '\n' | '\t')
    })
}

/// JSON text: the control characters beyond ASCII, which may stand in it as they are, as escapes.
pub fn json(text: &str) -> Cow<'_, str> {
    let steers = |character: char| character.is_control() && character != '\n';
    written_out(text, steers, |character, shown| {
        shown.push_str(&format!("\\u{:04x}", u32::from(character)));
    })
}

fn without(text: &str, steers: impl Fn(char) -> bool) -> Cow<'_, str> {
    written_out(text, steers, |character, shown| {
        shown.extend(character.escape_default());
    })
}

fn written_out(
    text: &str,
    steers: impl Fn(char) -> bool,
    write_out: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match steers(character) {
            true => write_out(character, &mut shown),
            false => shown.push(character),
        }
    }
    Cow::Owned(shown)
}

/// A text of as many bytes, so that places in it stay where they are. Its lines are kept.
pub fn of_same_length(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\r' | '\t' => character,
        other if !other.is_control() => other,
        other if other.len_utf8() == 1 => '?',
        _ => '¿',
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("größe", "größe")]
    #[case("a\u{1b}]0;title\u{7}b", r"a\u{1b}]0;title\u{7}b")]
    #[case("a\u{9b}2Jb", r"a\u{9b}2Jb")]
    #[case("a\nb\tc\r", r"a\nb\tc\r")]
    fn what_steers_a_terminal_is_written_out(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(in_one_line(text), expected);
    }

    #[test]
    fn lines_of_a_longer_text_are_kept() {
        assert_eq!(printable("a\n\tb\u{1b}[2J"), "a\n\tb\\u{1b}[2J");
    }

    #[test]
    fn json_is_the_same_value_without_what_steers_a_terminal() {
        let value = serde_json::json!({"a\u{9b}": ["\u{1b}\u{7f}ü"]});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let shown = json(&text);
        assert!(
            !shown.contains(|c: char| c.is_control() && c != '\n'),
            "{shown:?}"
        );
        let read: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn places_in_a_shown_text_are_those_in_the_text() {
        let text = "ä\u{1b}[2J\u{9b}\n|";
        let shown = of_same_length(text);
        assert_eq!(shown, "ä?[2J¿\n|");
        assert_eq!(shown.find('|'), text.find('|'));
    }
}
