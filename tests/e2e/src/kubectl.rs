//! What people do by kubectl, and by other programs.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The end of a command.
#[derive(Debug)]
pub struct Answer {
    /// Whether it succeeded.
    pub success: bool,
    /// What it wrote.
    pub stdout: String,
    /// What it complained about.
    pub stderr: String,
}

/// Runs kubectl with these arguments.
///
/// # Panics
/// It cannot be started.
#[must_use]
pub fn try_kubectl(arguments: &[&str], input: &str) -> Answer {
    let arguments = [&["--request-timeout=60s"], arguments].concat();
    run_program(Path::new("kubectl"), &arguments, input)
}

/// Runs a program with these arguments and this input.
///
/// # Panics
/// It cannot be started.
#[must_use]
pub fn run_program(program: &Path, arguments: &[&str], input: &str) -> Answer {
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut stdin = child.stdin.take().expect("its input is a pipe");
    // It may end before it has read all; what it says then tells more than the broken pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().expect("it ends");
    Answer {
        success: status.success(),
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}

/// Runs kubectl and returns what it wrote.
///
/// # Panics
/// It fails.
#[must_use]
pub fn kubectl(arguments: &[&str], input: &str) -> String {
    let answer = try_kubectl(arguments, input);
    assert!(
        answer.success,
        "kubectl {}: {}",
        arguments.join(" "),
        answer.stderr
    );
    answer.stdout
}
