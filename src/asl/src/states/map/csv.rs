//! Text with separated fields, record by record.
//!
//! Source: Step Functions developer guide, "How Step Functions parses input CSV files". Its
//! backslashes and its doubled quotes count outside of quotes, too.

use std::iter::Peekable;
use std::str::Chars;

/// The records of a text. Empty lines are none.
pub(super) struct Records<'t> {
    rest: Peekable<Chars<'t>>,
    separator: char,
}

impl<'t> Records<'t> {
    pub(super) fn of(text: &'t str, separator: char) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            rest: text.chars().peekable(),
            separator,
        }
    }

    /// A field, and whether another one follows in its record.
    fn field(&mut self) -> (String, bool) {
        let mut field = String::new();
        let mut quoted = self.rest.next_if_eq(&'"').is_some();
        while let Some(next) = self.rest.next() {
            match next {
                '\\' => field.extend(self.escaped()),
                '"' if self.rest.next_if_eq(&'"').is_some() => field.push('"'),
                '"' if quoted => quoted = false,
                separator if separator == self.separator && !quoted => return (field, true),
                '\r' | '\n' if !quoted => return (field, false),
                other => field.push(other),
            }
        }
        (field, false)
    }

    /// What a backslash stands for together with what follows it; it is dropped before all else.
    fn escaped(&mut self) -> Option<char> {
        let separator = self.separator;
        self.rest
            .next_if(|next| matches!(next, '\\' | '"') || *next == separator)
    }
}

impl Iterator for Records<'_> {
    type Item = Vec<String>;

    fn next(&mut self) -> Option<Self::Item> {
        while self
            .rest
            .next_if(|next| matches!(next, '\r' | '\n'))
            .is_some()
        {}
        self.rest.peek()?;
        let mut record = Vec::new();
        loop {
            let (field, more) = self.field();
            record.push(field);
            if !more {
                return Some(record);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Records;
    use rstest::rstest;

    #[rstest]
    #[case::plain("a,b\nc,d\n", vec![vec!["a", "b"], vec!["c", "d"]])]
    #[case::without_a_last_newline("a,b\nc,d", vec![vec!["a", "b"], vec!["c", "d"]])]
    #[case::lines_of_windows("a\r\nb\r\n", vec![vec!["a"], vec!["b"]])]
    #[case::empty_lines("\n\na\n\n\nb\n\n", vec![vec!["a"], vec!["b"]])]
    #[case::nothing("", vec![])]
    #[case::a_byte_order_mark("\u{feff}a", vec![vec!["a"]])]
    #[case::empty_fields("a,,\n,\n\"\"\n", vec![vec!["a", "", ""], vec!["", ""], vec![""]])]
    #[case::quotes(r#""a,b","c""#, vec![vec!["a,b", "c"]])]
    #[case::a_newline_within_quotes("\"a\nb\",c", vec![vec!["a\nb", "c"]])]
    #[case::doubled_quotes(r#""a""b","""c""""#, vec![vec![r#"a"b"#, r#""c""#]])]
    #[case::doubled_quotes_without_quotes(r#"{""a"":""b""}"#, vec![vec![r#"{"a":"b"}"#]])]
    #[case::a_quote_within(r#"a"b,c"#, vec![vec![r#"a"b"#, "c"]])]
    #[case::text_after_quotes(r#""a"b,c"#, vec![vec!["ab", "c"]])]
    #[case::quotes_that_do_not_end("\"a,b\nc", vec![vec!["a,b\nc"]])]
    #[case::backslashes(r"C:\\Program Files\\MyApp.exe,6534512", vec![vec![r"C:\Program Files\MyApp.exe", "6534512"]])]
    #[case::a_separator_with_a_backslash(r"a\,b,c", vec![vec!["a,b", "c"]])]
    #[case::quotes_with_a_backslash(r#"\"a\",b"#, vec![vec![r#""a""#, "b"]])]
    #[case::quotes_with_a_backslash_within_quotes(r#""a\"b,",c"#, vec![vec![r#"a"b,"#, "c"]])]
    #[case::a_backslash_within_quotes(r#""a\\",b"#, vec![vec![r"a\", "b"]])]
    #[case::a_backslash_before_anything_else("a\\n,\\\nb\\", vec![vec!["an", ""], vec!["b"]])]
    fn records_are_read_by_the_rules_of_aws(#[case] text: &str, #[case] expected: Vec<Vec<&str>>) {
        let records: Vec<Vec<String>> = Records::of(text, ',').collect();
        assert_eq!(records, expected);
    }

    #[test]
    fn a_backslash_keeps_the_separator_that_is_set_and_no_other() {
        let records: Vec<Vec<String>> = Records::of(r"a\|b|c\,d", '|').collect();
        assert_eq!(records, [["a|b", "c,d"]]);
    }
}
