//! Paths and queries of the API server, with everything encoded that comes from outside.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One segment of a path; none for texts that would lead elsewhere.
pub(crate) fn segment(text: &str) -> Option<String> {
    let elsewhere = matches!(text, "" | "." | "..");
    (!elsewhere).then(|| utf8_percent_encode(text, COMPONENT).to_string())
}

/// The Jobs of all namespaces.
pub(crate) const ALL_JOBS: &str = "/apis/batch/v1/jobs";

/// The Jobs of a namespace.
pub(crate) fn jobs(namespace: &str) -> Option<String> {
    let namespace = segment(namespace)?;
    Some(format!("/apis/batch/v1/namespaces/{namespace}/jobs"))
}

/// One Job.
pub(crate) fn job(namespace: &str, name: &str) -> Option<String> {
    Some(format!("{}/{}", jobs(namespace)?, segment(name)?))
}

/// The pods of a namespace.
pub(crate) fn pods(namespace: &str) -> Option<String> {
    let namespace = segment(namespace)?;
    Some(format!("/api/v1/namespaces/{namespace}/pods"))
}

/// The logs of a pod.
pub(crate) fn log(namespace: &str, pod: &str) -> Option<String> {
    Some(format!("{}/{}/log", pods(namespace)?, segment(pod)?))
}

/// Adds a parameter to the query of a path.
pub(crate) fn add_query(target: &mut String, key: &str, value: &str) {
    target.push(if target.contains('?') { '&' } else { '?' });
    target.extend(utf8_percent_encode(key, COMPONENT));
    target.push('=');
    target.extend(utf8_percent_encode(value, COMPONENT));
}

#[cfg(test)]
mod tests {
    use super::{add_query, job, log, segment};
    use rstest::rstest;

    #[rstest]
    #[case("my-job.v1_2~x", Some("my-job.v1_2~x"))]
    #[case("a/../b?c#d", Some("a%2F..%2Fb%3Fc%23d"))]
    #[case("ü", Some("%C3%BC"))]
    #[case("..", None)]
    #[case("", None)]
    fn a_segment_stays_one(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(segment(text).as_deref(), expected);
    }

    #[test]
    fn queries_are_encoded() {
        let mut target = log("ns", "pod").unwrap();
        add_query(&mut target, "container", "a&b");
        add_query(&mut target, "x y", "1");
        assert_eq!(
            target,
            "/api/v1/namespaces/ns/pods/pod/log?container=a%26b&x%20y=1"
        );
    }

    #[test]
    fn a_job_has_its_path() {
        assert_eq!(job("a", "b").unwrap(), "/apis/batch/v1/namespaces/a/jobs/b");
        assert_eq!(job("..", "b"), None);
    }
}
