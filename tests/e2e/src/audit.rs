//! The API server's audit log, where the cluster is a local one: it knows every request, also
//! those whose objects are gone.

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The part of the audit log that was written since a test began.
#[derive(Debug, Clone)]
pub struct Audit {
    path: PathBuf,
    start: u64,
}

/// A write that was carried out or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `create`, `patch` and so on.
    pub verb: String,
    /// Such as `jobs` or `executions/status`.
    pub resource: String,
    /// The namespace.
    pub namespace: String,
    /// The object.
    pub name: String,
    /// The one whose rights counted.
    pub user: String,
    /// The one who sent it.
    pub sender: String,
    /// The HTTP status.
    pub code: u64,
}

impl Audit {
    /// The log from here on; none where this is no local cluster.
    #[must_use]
    pub fn begin() -> Option<Self> {
        let kubeconfig = std::env::var("KUBECONFIG").ok()?;
        let path = Path::new(&kubeconfig).parent()?.join("log/audit.log");
        let start = path.metadata().ok()?.len();
        Some(Self { path, start })
    }

    /// The requests about this resource in this namespace, in order.
    ///
    /// # Panics
    /// The log cannot be read.
    #[must_use]
    pub fn requests(&self, namespace: &str, resource: &str) -> Vec<Request> {
        let mut file = File::open(&self.path).expect("the audit log is there");
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        // a log that is shorter than it was is a new one
        let start = if length < self.start { 0 } else { self.start };
        file.seek(SeekFrom::Start(start)).expect("a file");
        let place = format!("\"namespace\":\"{namespace}\"");
        BufReader::new(file)
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.contains(&place))
            .filter_map(|line| read(&serde_json::from_str(&line).ok()?))
            .filter(|request| request.namespace == namespace && request.resource == resource)
            .collect()
    }

    /// The names of the objects that were created, in order.
    #[must_use]
    pub fn created(&self, namespace: &str, resource: &str) -> Vec<String> {
        let requests = self.requests(namespace, resource).into_iter();
        requests
            .filter(|request| request.verb == "create" && request.code == 201)
            .map(|request| request.name)
            .collect()
    }
}

fn read(event: &Value) -> Option<Request> {
    let reference = event.get("objectRef")?;
    let text = |value: Option<&Value>| Some(value?.as_str()?.to_owned());
    let sender = text(event["user"].get("username"))?;
    let acted = text(
        event
            .get("impersonatedUser")
            .and_then(|user| user.get("username")),
    );
    let resource = text(reference.get("resource"))?;
    Some(Request {
        verb: text(event.get("verb"))?,
        resource: match text(reference.get("subresource")) {
            Some(part) => format!("{resource}/{part}"),
            None => resource,
        },
        namespace: text(reference.get("namespace"))?,
        name: text(reference.get("name")).unwrap_or_default(),
        user: acted.unwrap_or_else(|| sender.clone()),
        sender,
        code: event["responseStatus"]["code"].as_u64()?,
    })
}
