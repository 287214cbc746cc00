//! Standard error, for people. Where nobody can read it, the command goes on all the same.

use std::fmt::Display;
use std::io::Write as _;

/// Writes a text as it is.
pub fn write(text: impl Display) {
    let _ = write!(std::io::stderr().lock(), "{text}");
}

/// Writes a line.
pub fn write_line(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
