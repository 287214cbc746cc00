//! The request that `eks:call` asks for, built from its parameters.
//!
//! Source: Step Functions developer guide, "Call Amazon EKS with Step Functions", Call.

use asl::errors::Fault;
use engine::ports::Task;
use http::Method;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use super::body::build_body;
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
    /// Content type and content.
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// The name of the object that a POST creates, where the body says it.
    pub(crate) creates: Option<String>,
    /// The field manager by which a resend recognizes its own write; absent where the user gave
    /// another.
    pub(crate) manager: Option<String>,
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
    let manager = build_manager(task, &method, &target);
    if let Some(manager) = &manager {
        paths::add_query(&mut target, "fieldManager", manager);
    }
    let body = body.map(|body| build_body(body, &method, &task.id(), manager.as_deref()));
    Ok(CallRequest {
        cluster: cluster.to_owned(),
        creates: body.as_ref().and_then(|body| body.creates.clone()),
        body: body.map(|body| (body.content_type, body.content)),
        method,
        path,
        target,
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

/// Writes carry the task's field manager. What is forwarded to pods, services and nodes carries
/// nothing of ours.
fn build_manager(task: &Task, method: &Method, target: &str) -> Option<String> {
    let writes = [Method::POST, Method::PUT, Method::PATCH].contains(method);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let forwarded = path.split('/').any(|segment| segment == "proxy");
    let given = query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("fieldManager"));
    (writes && !forwarded && !given).then(|| marks::field_manager(&task.id()))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
