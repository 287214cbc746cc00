//! Runs the binary.

use std::io::Write;
use std::process::{Command, Stdio};

/// What a run left.
#[derive(Debug)]
pub struct Done {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs `sfn` in the folder of the test data, with `input` on standard input.
pub fn sfn(arguments: &[&str], input: &str) -> Done {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sfn"));
    command.args(arguments);
    run(command, input)
}

/// As [`sfn`], with so much memory and processor time at most.
pub fn sfn_within(mebibytes: u64, seconds: u64, arguments: &[&str], input: &str) -> Done {
    let kibibytes = mebibytes * 1024;
    let script = format!("ulimit -v {kibibytes} && ulimit -t {seconds} && exec \"$0\" \"$@\"");
    run(by_shell(&script, arguments), input)
}

/// As [`sfn`], with standard error redirected as the shell says, such as `2>/dev/full`.
pub fn sfn_redirected(redirection: &str, arguments: &[&str], input: &str) -> Done {
    let script = format!("exec \"$0\" \"$@\" {redirection}");
    run(by_shell(&script, arguments), input)
}

/// As [`sfn`], with a SIGTERM as soon as it is heard.
pub fn sfn_terminated(arguments: &[&str], input: &str) -> Done {
    let hears = "grep -Eq '^SigCgt:.*[4-7c-f][0-9a-f]{3}$' /proc/$!/status";
    let script = format!(
        "exec 3<&0; \"$0\" \"$@\" <&3 & tries=0; \
         until {hears} || [ $((tries += 1)) -gt 100 ]; do sleep 0.1; done; \
         kill -TERM $! && wait $!"
    );
    run(by_shell(&script, arguments), input)
}

fn by_shell(script: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_sfn")]);
    command.args(arguments);
    command
}

fn run(mut command: Command, input: &str) -> Done {
    let mut child = command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data"))
        .env_clear()
        .env("COLUMNS", "100")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Done {
    /// All of it as one text, for snapshots.
    pub fn transcript(&self) -> String {
        let Self {
            status,
            stdout,
            stderr,
        } = self;
        format!("exit status {status}\n--- stdout\n{stdout}--- stderr\n{stderr}")
    }
}
