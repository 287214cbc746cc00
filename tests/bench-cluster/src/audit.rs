//! What was written, by whom and when: from the API server's audit log.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Deserialize;

use crate::bench::{OPERATOR, PLAIN};

/// The audit log from a moment on. The file is held open, since the API server renames it when it
/// is large and begins another.
pub struct Audit {
    path: PathBuf,
    file: File,
}

/// Who wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// The operator, whether or not in someone's name.
    Operator,
    /// A client of the benchmark, in the place of people.
    People,
    /// Kubernetes' own components, kwok included.
    Kubernetes,
}

/// A write that was carried out.
#[derive(Debug, Clone)]
pub struct Write {
    /// By whom.
    pub who: Who,
    /// `create`, `update`, `patch` or `delete`.
    pub verb: String,
    /// Such as `jobs` or `executions/status`.
    pub resource: String,
    /// The object's name.
    pub name: String,
    /// When the request reached the API server.
    pub received: Timestamp,
    /// When its answer was complete.
    pub answered: Timestamp,
}

/// How many writes of each kind: by whom, and what, such as `create jobs`.
pub type Counts = BTreeMap<(Who, String), usize>;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    verb: String,
    user: User,
    object_ref: Option<Reference>,
    response_status: Option<Answer>,
    request_received_timestamp: Timestamp,
    stage_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize)]
struct Answer {
    code: u16,
}

#[derive(Deserialize)]
struct Reference {
    resource: String,
    subresource: Option<String>,
    #[serde(default)]
    namespace: String,
    #[serde(default)]
    name: String,
}

impl Audit {
    /// The log from here on.
    pub fn begin(path: &Path) -> Result<Self> {
        let shown = || {
            format!(
                "there is no audit log {}: the benchmark needs a cluster of tests/cluster",
                path.display()
            )
        };
        let mut file = File::open(path).with_context(shown)?;
        file.seek(SeekFrom::End(0)).with_context(shown)?;
        Ok(Self {
            path: path.to_owned(),
            file,
        })
    }

    /// The writes in a namespace that succeeded, in order.
    pub fn writes(self, namespace: &str) -> Result<Vec<Write>> {
        let renamed = self.file.metadata()?.ino() != self.path.metadata()?.ino();
        let mut writes = read(self.file, namespace)?;
        if renamed {
            writes.extend(read(File::open(&self.path)?, namespace)?);
        }
        Ok(writes)
    }
}

fn read(file: File, namespace: &str) -> Result<Vec<Write>> {
    let place = format!("\"namespace\":\"{namespace}\"");
    let mut writes = Vec::new();
    for line in BufReader::new(file).lines() {
        let line = line?;
        // Most lines of a run are about other namespaces, or none.
        if line.contains(&place) {
            writes.extend(parse(&line, namespace));
        }
    }
    Ok(writes)
}

fn parse(line: &str, namespace: &str) -> Option<Write> {
    let line: Line = serde_json::from_str(line).ok()?;
    let reference = line
        .object_ref
        .filter(|found| found.namespace == namespace)?;
    if line.response_status?.code >= 300 {
        return None;
    }
    Some(Write {
        who: match line.user.username.as_str() {
            OPERATOR => Who::Operator,
            PLAIN => Who::People,
            _ => Who::Kubernetes,
        },
        verb: line.verb,
        resource: match reference.subresource {
            Some(part) => format!("{}/{part}", reference.resource),
            None => reference.resource,
        },
        name: reference.name,
        received: line.request_received_timestamp,
        answered: line.stage_timestamp,
    })
}

/// Counts writes.
pub fn count(writes: &[Write]) -> Counts {
    let mut counts = Counts::new();
    for write in writes {
        let what = format!("{} {}", write.verb, write.resource);
        *counts.entry((write.who, what)).or_default() += 1;
    }
    counts
}

/// The counts of one writer in words, each divided by `number`: `1.00 create jobs, 2.00 …`.
pub fn in_words(counts: &Counts, by: Who, number: usize) -> String {
    let shown: Vec<String> = counts
        .iter()
        .filter(|((who, _), _)| *who == by)
        .map(|((_, what), count)| format!("{:.2} {what}", *count as f64 / number as f64))
        .collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Who, count, in_words, parse};

    const LINE: &str = r#"{"kind":"Event","stage":"ResponseComplete","verb":"update","user":{"username":"system:serviceaccount:sfn-system:sfn-operator"},"objectRef":{"resource":"executions","namespace":"a","name":"x","subresource":"status"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-02T03:04:05.000100Z","stageTimestamp":"2026-01-02T03:04:05.004100Z"}"#;

    #[test]
    fn a_write_is_read_from_its_line() {
        let write = parse(LINE, "a").unwrap();
        assert_eq!(write.who, Who::Operator);
        assert_eq!(write.resource, "executions/status");
        assert_eq!(write.name, "x");
        let lasted = write.answered.duration_since(write.received);
        assert_eq!(lasted.as_micros(), 4_000);
        let counts = count(&[write.clone(), write]);
        assert_eq!(
            in_words(&counts, Who::Operator, 4),
            "0.50 update executions/status"
        );
        assert_eq!(in_words(&counts, Who::People, 4), "");
    }

    #[test]
    fn writes_elsewhere_and_refused_ones_do_not_count() {
        assert!(parse(LINE, "b").is_none());
        assert!(parse(&LINE.replace("\"code\":200", "\"code\":409"), "a").is_none());
    }
}
