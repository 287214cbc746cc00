//! The request that `eks:call` asks for, built from its parameters.
//!
//! Source: Step Functions developer guide, "Call Amazon EKS with Step Functions", Call.

use asl::errors::Fault;
use engine::ports::Task;
use http::Method;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::body::{Mark, build_body};
use crate::home_cluster::read_cluster_name;
use crate::marks;
use crate::parameters::Parameters;
use crate::paths;

const SUPPORTED: [&str; 7] = [
    "ClusterName",
    "CertificateAuthority",
    "Endpoint",
    "Method",
    "Path",
    "QueryParameters",
    "RequestBody",
];

const METHODS: [Method; 6] = [
    Method::GET,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::HEAD,
    Method::PATCH,
];

/// The longest path with its query that HTTP servers are sure to take.
const TARGET_BYTES: usize = 16 * 1024;

/// What may not stand in a path or query as it is; `%` may, as it begins what is encoded already.
const NOT_IN_TARGETS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// What is to be sent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CallRequest {
    /// `ClusterName`
    pub(crate) cluster: String,
    pub(crate) method: Method,
    /// The path, encoded, without query.
    pub(crate) path: String,
    /// Path and query, encoded.
    pub(crate) target: String,
    /// The API server passes the request on to a pod, a Service or a node.
    pub(crate) forwarded: bool,
    /// Content type and content.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// The name of the object that a POST creates, where the body says it.
    pub(crate) creates: Option<String>,
    /// The field manager by which a resend recognizes its own write.
    pub(crate) manager: Option<String>,
}

impl CallRequest {
    /// Whether the request must not be sent a second time: what another server does at a write
    /// is not known, nor would it recognize the same request.
    pub(crate) fn is_sent_once(&self) -> bool {
        self.forwarded && !matches!(self.method, Method::GET | Method::HEAD)
    }
}

/// Builds the request.
///
/// # Errors
/// `States.Runtime` when a parameter is missing, of the wrong kind, or leads elsewhere.
pub(crate) fn build_request(task: &Task) -> Result<CallRequest, Fault> {
    let mut parameters = Parameters::new(&task.request.parameters, &SUPPORTED);
    let cluster = read_cluster_name(&mut parameters);
    let method = read_method(&mut parameters);
    let path = read_path(&mut parameters);
    let query = parameters.lists("QueryParameters", parameters.any("QueryParameters"));
    let body = parameters.any("RequestBody");
    let (cluster, (method, path)) = parameters.checked(cluster.zip(method.zip(path)))?;

    let (path, given_query) = match path.split_once('?') {
        Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
        None => (path, None),
    };
    let mut target = path.clone();
    if let Some(given) = given_query.filter(|query| !query.is_empty()) {
        target.push('?');
        target.push_str(&given);
    }
    for (key, value) in &query {
        paths::add_query(&mut target, key, value);
    }
    let forwarded = is_forwarded(&path);
    let writes = [Method::POST, Method::PUT, Method::PATCH].contains(&method);
    let manager = (writes && !forwarded).then(|| marks::field_manager(&task.id()));
    let mark = manager.as_deref().map(|manager| Mark {
        id: task.id(),
        manager,
        another_is_named: names_field_manager(&target),
    });
    if let Some(mark) = mark.as_ref().filter(|mark| !mark.another_is_named) {
        paths::add_query(&mut target, "fieldManager", mark.manager);
    }
    let body = body.map(|body| build_body(body, &method, mark.as_ref()));
    Ok(CallRequest {
        cluster: cluster.to_owned(),
        creates: body.as_ref().and_then(|body| body.creates.clone()),
        body: body.map(|body| (body.content_type, body.content)),
        method,
        path,
        target,
        forwarded,
        manager,
    })
}

fn read_method(parameters: &mut Parameters<'_>) -> Option<Method> {
    let text = parameters.required_text("Method")?;
    let method = METHODS.into_iter().find(|method| method.as_str() == text);
    if method.is_none() {
        let expected = "one of GET, POST, PUT, DELETE, HEAD, PATCH";
        parameters.refuse("Method", expected, &format!("'{text}'"));
    }
    method
}

/// Reads the path, which may carry a query. Whatever it says, it stays on the API server, and
/// under the path at which a proxy in front of it serves it.
fn read_path(parameters: &mut Parameters<'_>) -> Option<String> {
    let text = parameters.required_text("Path")?;
    let found = format!("'{text}'");
    if !text.starts_with('/') || text.starts_with("//") {
        parameters.refuse("Path", "a path that begins with one /", &found);
        return None;
    }
    let path = text.split('?').next().unwrap_or_default();
    let leads_up = |segment: &str| {
        let decoded = percent_decode_str(segment).decode_utf8_lossy();
        decoded
            .split(['/', '\\'])
            .any(|part| matches!(part, "." | ".."))
    };
    if path.split('/').any(leads_up) {
        parameters.refuse("Path", "a path without the segments . and ..", &found);
        return None;
    }
    let encoded = utf8_percent_encode(text, NOT_IN_TARGETS).to_string();
    if encoded.len() > TARGET_BYTES {
        let expected = format!("at most {TARGET_BYTES} bytes long");
        parameters.refuse("Path", &expected, &format!("{} bytes", encoded.len()));
        return None;
    }
    Some(encoded)
}

/// Whether the API server passes a request on to a pod, a Service or a node. Such a request
/// carries nothing of ours.
///
/// Source: Kubernetes API reference, "Proxy Operations".
fn is_forwarded(path: &str) -> bool {
    let path = percent_decode_str(path).decode_utf8_lossy();
    let segments: Vec<_> = path.split('/').collect();
    matches!(
        segments.as_slice(),
        [
            "",
            "api",
            "v1",
            "namespaces",
            _,
            "pods" | "services",
            _,
            "proxy",
            ..
        ] | ["", "api", "v1", "nodes", _, "proxy", ..]
    )
}

fn names_field_manager(target: &str) -> bool {
    let (_, query) = target.split_once('?').unwrap_or((target, ""));
    query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("fieldManager"))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
