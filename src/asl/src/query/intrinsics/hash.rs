//! `States.Hash(text, algorithm)`: a digest in lower-case hexadecimal digits. JSONata's `$hash`
//! is the same function.
//!
//! Source: Step Functions developer guide, "Intrinsic for hash calculation".

use std::fmt::Write;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::argument::Arguments;
use super::function::Answer;

pub(super) fn call(arguments: &Arguments<'_>) -> Answer {
    let text = arguments.short_string(0)?;
    let algorithm = arguments.string(1)?;
    hash(text, algorithm).map(Into::into)
}

/// The digest of a text, or why there is none.
pub(in crate::query) fn hash(text: &str, algorithm: &str) -> Result<String, String> {
    match algorithm {
        "MD5" => Ok(hex(&Md5::digest(text))),
        "SHA-1" => Ok(hex(&Sha1::digest(text))),
        "SHA-256" => Ok(hex(&Sha256::digest(text))),
        "SHA-384" => Ok(hex(&Sha384::digest(text))),
        "SHA-512" => Ok(hex(&Sha512::digest(text))),
        other => Err(format!(
            "the algorithm must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512, but was {other:?}"
        )),
    }
}

fn hex(digest: &[u8]) -> String {
    let mut text = String::with_capacity(digest.len() * 2);
    for byte in digest {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
