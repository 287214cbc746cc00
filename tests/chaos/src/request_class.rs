//! What kind of request it is, such as `POST jobs` or `WATCH executions`.

use std::fmt;

use http::{Method, Uri};

/// Requests that are alike. The n-th of a class is what the plan speaks of: which request comes
/// when differs from run to run, but there are about as many of each class.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestClass {
    /// The method.
    pub method: Method,
    /// Whether it watches.
    pub watches: bool,
    /// The resource, with the subresource if there is one: `executions/status`.
    pub resource: String,
}

impl RequestClass {
    /// The class of a request.
    pub fn of(method: &Method, uri: &Uri) -> Self {
        let query = uri.query().unwrap_or_default();
        Self {
            method: method.clone(),
            watches: query.split('&').any(|part| part == "watch=true"),
            resource: read_resource(uri.path()),
        }
    }

    /// Whether method and resource are these.
    pub fn is(&self, method: &Method, resource: &str) -> bool {
        self.method == method && self.resource == resource
    }
}

/// Source: Kubernetes documentation, "Kubernetes API Concepts", resource URIs.
fn read_resource(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let parts = match parts.next() {
        Some("api") => parts.skip(1),
        // of the group, too
        _ => parts.skip(2),
    };
    let parts: Vec<&str> = parts.collect();
    match parts.as_slice() {
        ["namespaces", _, resource, _, subresource, ..] => format!("{resource}/{subresource}"),
        ["namespaces", _, resource, ..] => (*resource).to_owned(),
        [resource, ..] => (*resource).to_owned(),
        [] => path.to_owned(),
    }
}

impl fmt::Display for RequestClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.watches {
            true => "WATCH",
            false => self.method.as_str(),
        };
        write!(formatter, "{verb} {}", self.resource)
    }
}

#[cfg(test)]
mod tests {
    use super::RequestClass;
    use http::Method;
    use rstest::rstest;

    #[rstest]
    #[case(
        "PUT",
        "/apis/sfn.services.k8s.aws/v1alpha1/namespaces/n/executions/e/status?fieldManager=m",
        "PUT executions/status"
    )]
    #[case("POST", "/apis/batch/v1/namespaces/n/jobs", "POST jobs")]
    #[case("GET", "/api/v1/namespaces/n/pods/p/log?container=c", "GET pods/log")]
    #[case(
        "GET",
        "/apis/batch/v1/jobs?watch=true&resourceVersion=7",
        "WATCH jobs"
    )]
    #[case("GET", "/api/v1/namespaces/n/configmaps/c", "GET configmaps")]
    #[case("GET", "/version", "GET /version")]
    fn requests_about_the_same_resource_are_alike(
        #[case] method: Method,
        #[case] uri: &str,
        #[case] expected: &str,
    ) {
        let class = RequestClass::of(&method, &uri.parse().unwrap());
        assert_eq!(class.to_string(), expected);
    }
}
