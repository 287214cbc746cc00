//! The API server's audit log, where the cluster is a local one: it knows every request, also
//! those whose objects are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

/// The part of the audit log that was written since a test began.
#[derive(Debug, Clone)]
pub struct Audit {
    folder: PathBuf,
    /// The file that was written to then, by its number, as it is renamed once it is full.
    file: u64,
    /// Its length then, in bytes.
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
    /// The object's uid, where the request names it.
    pub uid: Option<String>,
    /// The one whose rights counted.
    pub user: String,
    /// The one who sent it.
    pub sender: String,
    /// The HTTP status.
    pub code: u64,
    /// When the request reached the API server.
    pub received: Timestamp,
    /// When its answer was complete.
    pub answered: Timestamp,
}

/// What the log tells of an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// How often one of its name was created.
    pub created: usize,
    /// The uids that requests about the name gave.
    pub uids: BTreeSet<String>,
}

impl Audit {
    /// The log from here on; none where this is no local cluster.
    #[must_use]
    pub fn begin() -> Option<Self> {
        let kubeconfig = std::env::var("KUBECONFIG").ok()?;
        let folder = Path::new(&kubeconfig).parent()?.join("log");
        let log = folder.join("audit.log").metadata().ok()?;
        Some(Self {
            folder,
            file: log.ino(),
            start: log.len(),
        })
    }

    /// The requests about this resource in this namespace, in order; those about a subresource
    /// only where it is named, such as `executions/status`.
    ///
    /// # Panics
    /// The log cannot be read.
    #[must_use]
    pub fn requests(&self, namespace: &str, resource: &str) -> Vec<Request> {
        let mut requests = self.all_requests(namespace);
        requests.retain(|request| request.resource == resource);
        requests
    }

    /// The objects that there were, by name: those of which a request succeeded. A creation whose
    /// client went away may be logged as failed although it was carried out; then what others did
    /// to the object tells of it.
    ///
    /// # Panics
    /// The log cannot be read.
    #[must_use]
    pub fn objects(&self, namespace: &str, resource: &str) -> BTreeMap<String, Traces> {
        let mut objects = BTreeMap::<String, Traces>::new();
        for request in self.all_requests(namespace) {
            let about = request.resource.split('/').next() == Some(resource);
            if !about || request.code >= 300 || request.verb == "deletecollection" {
                continue;
            }
            let traces = objects.entry(request.name).or_default();
            traces.created += usize::from(request.verb == "create");
            traces.uids.extend(request.uid);
        }
        objects
    }

    /// The requests about anything in this namespace, in order.
    ///
    /// # Panics
    /// The log cannot be read.
    #[must_use]
    pub fn all_requests(&self, namespace: &str) -> Vec<Request> {
        let place = format!("\"namespace\":\"{namespace}\"");
        let files = self.files().expect("the audit log can be read");
        files
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(Result::ok)
            .filter(|line| line.contains(&place))
            .filter_map(|line| read(&serde_json::from_str(&line).ok()?))
            .filter(|request| request.namespace == namespace)
            .collect()
    }

    /// What was written since, oldest first.
    fn files(&self) -> io::Result<Vec<BufReader<File>>> {
        let mut paths = fs::read_dir(&self.folder)?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<Vec<_>>>()?;
        paths.retain(|path| {
            let name = path.file_name().unwrap_or_default();
            name.to_string_lossy().starts_with("audit")
        });
        // the names of those that are full end with a time, and stand before the current one's
        paths.sort();
        let mut files = Vec::new();
        for path in paths {
            let mut file = File::open(path)?;
            if file.metadata()?.ino() == self.file {
                files.clear();
                file.seek(SeekFrom::Start(self.start))?;
            }
            files.push(BufReader::new(file));
        }
        Ok(files)
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
    let time = |stage: &str| event.get(stage)?.as_str()?.parse().ok();
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
        uid: text(reference.get("uid")),
        user: acted.unwrap_or_else(|| sender.clone()),
        sender,
        code: event["responseStatus"]["code"].as_u64()?,
        received: time("requestReceivedTimestamp")?,
        answered: time("stageTimestamp")?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::read;

    #[test]
    fn a_request_is_read_from_its_event() {
        let event = json!({
            "verb": "update",
            "user": {"username": "system:serviceaccount:sfn-system:sfn-operator"},
            "impersonatedUser": {"username": "somebody"},
            "objectRef": {"resource": "executions", "namespace": "a", "name": "x", "subresource": "status"},
            "responseStatus": {"code": 200},
            "requestReceivedTimestamp": "2026-01-02T03:04:05.000100Z",
            "stageTimestamp": "2026-01-02T03:04:05.004100Z",
        });
        let request = read(&event).unwrap();
        assert_eq!(request.resource, "executions/status");
        assert_eq!(request.user, "somebody");
        assert!(request.sender.ends_with(":sfn-operator"));
        let lasted = request.answered.duration_since(request.received);
        assert_eq!(lasted.as_micros(), 4_000);
    }
}
