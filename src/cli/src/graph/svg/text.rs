//! Texts in an image: how wide they are, how much of them is shown, what they may not hold.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};

use unicode_width::UnicodeWidthChar;

/// How many columns of a text are shown at most.
const MAX_COLUMNS: usize = 44;
/// How wide a column is at most, in parts of the font's size: the viewer's font is not known.
const COLUMN: f64 = 0.6;

/// A text as far as it is shown.
pub fn shown(text: &str) -> Cow<'_, str> {
    let mut columns = 0;
    for (at, character) in text.char_indices() {
        columns += width_of(character);
        if columns > MAX_COLUMNS {
            let kept = text.get(..at).unwrap_or_default();
            return Cow::Owned(format!("{}…", kept.trim_end()));
        }
    }
    Cow::Borrowed(text)
}

/// How wide the shown part of a text is at most, in pixels.
pub fn width(text: &str, font_size: f64) -> f64 {
    let columns: usize = shown(text).chars().map(width_of).sum();
    let columns = columns as f64;
    columns * font_size * COLUMN
}

/// In columns: 2 for Chinese characters. What cannot be shown is replaced by something that can.
fn width_of(character: char) -> usize {
    character.width().unwrap_or(1)
}

/// A text in XML, with no character that has a meaning there or may not occur.
///
/// Source: Extensible Markup Language 1.0, 2.2 "Characters" and 2.4 "Character Data and Markup".
pub struct Escaped<'a>(pub &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\t' | '\n' | '\r' => f.write_char(' ')?,
                '\u{fffe}' | '\u{ffff}' => f.write_char(char::REPLACEMENT_CHARACTER)?,
                other if other.is_control() => f.write_char(char::REPLACEMENT_CHARACTER)?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Escaped, shown, width};
    use rstest::rstest;

    #[rstest]
    #[case("</text><script>", "&lt;/text&gt;&lt;script&gt;")]
    #[case("\"&'", "&quot;&amp;&#39;")]
    #[case("a\u{0}\u{1b}\u{ffff}b\nc", "a\u{fffd}\u{fffd}\u{fffd}b c")]
    #[case("中 é", "中 é")]
    fn a_text_is_only_ever_text(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(Escaped(text).to_string(), expected);
    }

    #[test]
    fn long_texts_end_with_an_ellipsis() {
        assert_eq!(shown(&"a".repeat(44)), "a".repeat(44));
        assert_eq!(shown(&"a".repeat(45)), format!("{}…", "a".repeat(44)));
        assert_eq!(shown(&"中".repeat(45)), format!("{}…", "中".repeat(22)));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(width("中", 10.0), 12.0);
        assert_eq!(width("ab", 10.0), 12.0);
    }
}
