//! Text from a file or from standard input, within bounds.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, anyhow, bail};

/// The longest text that is read, in bytes: above it nothing is a definition, an input or a list
/// of mocks any more.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Reads a file; `-` is standard input.
///
/// # Errors
/// It cannot be read, is not UTF-8, or is longer than 64 MiB.
pub fn read(path: &str) -> anyhow::Result<String> {
    let bytes = match path {
        "-" => read_within_bounds(std::io::stdin().lock()),
        path => File::open(path)
            .map_err(anyhow::Error::from)
            .and_then(read_within_bounds),
    };
    let name = name(path);
    let bytes = bytes.with_context(|| format!("cannot read {name}"))?;
    String::from_utf8(bytes).with_context(|| format!("{name} is not UTF-8 text"))
}

/// How messages name a file.
pub fn name(path: &str) -> &str {
    if path == "-" { "standard input" } else { path }
}

fn read_within_bounds(reader: impl Read) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        bail!("it is longer than {MAX_BYTES} bytes");
    }
    Ok(bytes)
}

/// Reads a JSON or YAML value from a file.
///
/// # Errors
/// As [`read`], or the text is no JSON or YAML value of the wanted shape.
pub fn read_value<T: serde::de::DeserializeOwned>(path: &str) -> anyhow::Result<T> {
    let text = read(path)?;
    parse_value(&text).with_context(|| format!("cannot read {}", name(path)))
}

/// Reads a JSON or YAML value from a text.
///
/// # Errors
/// The text is no JSON or YAML value of the wanted shape.
pub fn parse_value<T: serde::de::DeserializeOwned>(text: &str) -> anyhow::Result<T> {
    // JSON goes through a JSON parser: its errors are to the point, and it knows no surprises.
    if text.trim_start().starts_with(['{', '[', '"']) {
        match serde_json::from_str(text) {
            Err(error) if error.is_syntax() || error.is_eof() => {
                return serde_saphyr::from_str(text).map_err(|yaml| {
                    let yaml = yaml.without_snippet();
                    anyhow!("it is neither JSON ({error}) nor YAML ({yaml})")
                });
            }
            done => return Ok(done?),
        }
    }
    Ok(serde_saphyr::from_str(text)?)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::parse_value;

    #[rstest]
    #[case::json("{\"a\": [1]}")]
    #[case::flow("{a: [1]}")]
    #[case::block("a:\n- 1\n")]
    fn a_value_is_json_or_yaml(#[case] text: &str) {
        assert_eq!(parse_value::<Value>(text).unwrap(), json!({"a": [1]}));
    }

    #[rstest]
    #[case::flow(
        "{a: [1}",
        "it is neither JSON (key must be a string at line 1 column 2) nor YAML (mismatched bracket \
         '[' closed by '}' at line 1, column 5)"
    )]
    #[case::json(
        "{\"a\": 1,}}",
        "it is neither JSON (trailing comma at line 1 column 9) nor YAML (misplaced bracket at \
         line 1, column 10)"
    )]
    fn a_value_that_is_neither_says_why_for_both(#[case] text: &str, #[case] expected: &str) {
        let error = parse_value::<Value>(text).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}
