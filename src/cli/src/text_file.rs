//! Text from a file or from standard input, within bounds.

use std::fs::File;
use std::io::Read;

use anyhow::{Context, bail};

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
                if let Ok(value) = serde_saphyr::from_str(text) {
                    return Ok(value);
                }
                return Err(error.into());
            }
            done => return Ok(done?),
        }
    }
    Ok(serde_saphyr::from_str(text)?)
}
