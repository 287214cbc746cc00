//! What was written, by whom and when.

use std::collections::BTreeMap;

use e2e::audit::{Audit, Request};
use jiff::Timestamp;

use crate::bench::{OPERATOR, PLAIN};

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

/// The writes in a namespace that succeeded, in order.
pub fn writes(audit: &Audit, namespace: &str) -> Vec<Write> {
    let requests = audit.all_requests(namespace).into_iter();
    requests.filter_map(to_write).collect()
}

fn to_write(request: Request) -> Option<Write> {
    (request.code < 300).then_some(Write {
        who: match request.sender.as_str() {
            OPERATOR => Who::Operator,
            PLAIN => Who::People,
            _ => Who::Kubernetes,
        },
        verb: request.verb,
        resource: request.resource,
        name: request.name,
        received: request.received,
        answered: request.answered,
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
    use super::{Who, count, in_words, to_write};
    use crate::bench::OPERATOR;

    fn request(code: u64) -> e2e::audit::Request {
        e2e::audit::Request {
            verb: "update".to_owned(),
            resource: "executions/status".to_owned(),
            namespace: "a".to_owned(),
            name: "x".to_owned(),
            uid: None,
            user: "somebody".to_owned(),
            sender: OPERATOR.to_owned(),
            code,
            received: "2026-01-02T03:04:05Z".parse().unwrap(),
            answered: "2026-01-02T03:04:06Z".parse().unwrap(),
        }
    }

    #[test]
    fn writes_are_counted_by_the_one_who_sent_them() {
        let write = to_write(request(200)).unwrap();
        let counts = count(&[write.clone(), write]);
        assert_eq!(
            in_words(&counts, Who::Operator, 4),
            "0.50 update executions/status"
        );
        assert_eq!(in_words(&counts, Who::People, 4), "");
    }

    #[test]
    fn refused_writes_do_not_count() {
        assert!(to_write(request(409)).is_none());
    }
}
