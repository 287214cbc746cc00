//! What befalls a request on its way.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

use crate::dice::dice;
use crate::request_class::RequestClass;

/// How likely it is that a request is disturbed.
const REQUEST_RATE: f64 = 0.12;
/// How likely it is that a watch is.
const WATCH_RATE: f64 = 0.4;

/// What befalls a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks before the request is sent on.
    CutBefore,
    /// The connection breaks once the request was carried out: its answer is lost.
    CutAfter,
    /// The connection breaks in the middle of the answer.
    CutWithin,
    /// The connection breaks, and the request is carried out this much later.
    Late(Duration),
    /// The request is sent on this much later.
    Delay(Duration),
    /// The request is sent twice, and the first answer comes back.
    Twice,
    /// The request is sent twice, and the second answer comes back.
    TwiceSecond,
    /// The request is not sent on, but answered so.
    Refuse(Refusal),
    /// The watch's connection breaks after this time.
    DropWatch(Duration),
    /// The watch ends in order after this time, as the API server ends it.
    EndWatch(Duration),
}

/// An answer that the API server did not give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 409, `Conflict`.
    Conflict,
    /// 410, `Expired`: a watch begins too far back.
    Expired,
    /// 429, `TooManyRequests`, with Retry-After.
    TooManyRequests,
    /// 500, `InternalError`.
    InternalError,
    /// 504, `Timeout`.
    Timeout,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::Conflict => StatusCode::CONFLICT,
            Self::Expired => StatusCode::GONE,
            Self::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Timeout => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// The `reason` of the Kubernetes Status.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Conflict => "Conflict",
            Self::Expired => "Expired",
            Self::TooManyRequests => "TooManyRequests",
            Self::InternalError => "InternalError",
            Self::Timeout => "Timeout",
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    CutBefore,
    CutAfter,
    CutWithin,
    Late,
    Delay,
    Twice,
    TwiceSecond,
    Refuse(Refusal),
    DropWatch,
    EndWatch,
}

/// What may befall any request.
const ANY: [Kind; 7] = [
    Kind::CutBefore,
    Kind::CutAfter,
    Kind::CutWithin,
    Kind::Delay,
    Kind::Refuse(Refusal::TooManyRequests),
    Kind::Refuse(Refusal::InternalError),
    Kind::Refuse(Refusal::Timeout),
];

/// What may befall a watch.
const WATCH: [Kind; 8] = [
    Kind::DropWatch,
    Kind::DropWatch,
    Kind::EndWatch,
    Kind::CutBefore,
    Kind::Refuse(Refusal::Expired),
    Kind::Refuse(Refusal::TooManyRequests),
    Kind::Refuse(Refusal::InternalError),
    Kind::Refuse(Refusal::Timeout),
];

/// The fault of the n-th request of a class, if it has one.
pub fn decide_fault(seed: u64, round: u32, class: &RequestClass, number: u64) -> Option<Fault> {
    let mut dice = dice(seed, round, &format!("{class} {number}"));
    let rate = match class.watches {
        true => WATCH_RATE,
        false => REQUEST_RATE,
    };
    if !dice.random_bool(rate) {
        return None;
    }
    let kind = *list_kinds(class).choose(&mut dice)?;
    Some(draw(kind, &mut dice))
}

fn list_kinds(class: &RequestClass) -> Vec<Kind> {
    if class.watches {
        return WATCH.to_vec();
    }
    let mut kinds = ANY.to_vec();
    if class.method == Method::GET {
        return kinds;
    }
    kinds.push(Kind::Twice);
    // Whose second answer it is cannot be told for a DELETE: what is gone was perhaps never there.
    if class.method != Method::DELETE {
        kinds.extend([Kind::TwiceSecond, Kind::Refuse(Refusal::Conflict)]);
    }
    if is_fenced(class) {
        kinds.push(Kind::Late);
    }
    kinds
}

/// Requests that do no harm whenever they arrive: they carry a resourceVersion, or make an object
/// whose name nothing else has. A ConfigMap that a workflow replaced twice is another matter.
fn is_fenced(class: &RequestClass) -> bool {
    class.is(&Method::PUT, "executions/status")
        || class.is(&Method::PATCH, "executions")
        || class.is(&Method::POST, "executionpages")
        || class.is(&Method::POST, "jobs")
}

fn draw(kind: Kind, dice: &mut StdRng) -> Fault {
    match kind {
        Kind::CutBefore => Fault::CutBefore,
        Kind::CutAfter => Fault::CutAfter,
        Kind::CutWithin => Fault::CutWithin,
        Kind::Late => Fault::Late(time(dice, 20, 400)),
        Kind::Delay => Fault::Delay(time(dice, 20, 1_500)),
        Kind::Twice => Fault::Twice,
        Kind::TwiceSecond => Fault::TwiceSecond,
        Kind::Refuse(refusal) => Fault::Refuse(refusal),
        Kind::DropWatch => Fault::DropWatch(time(dice, 50, 5_000)),
        Kind::EndWatch => Fault::EndWatch(time(dice, 50, 5_000)),
    }
}

/// A time between so many milliseconds.
pub fn time(dice: &mut impl Rng, from: u64, to: u64) -> Duration {
    Duration::from_millis(dice.random_range(from..to))
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::CutBefore => "cut before it was sent on".to_owned(),
            Self::CutAfter => "carried out, the answer lost".to_owned(),
            Self::CutWithin => "carried out, half of the answer lost".to_owned(),
            Self::Late(time) => format!("cut, carried out {} ms later", time.as_millis()),
            Self::Delay(time) => format!("delayed by {} ms", time.as_millis()),
            Self::Twice => "sent twice, answered as the first time".to_owned(),
            Self::TwiceSecond => "sent twice, answered as the second time".to_owned(),
            Self::Refuse(refusal) => {
                let code = refusal.status().as_u16();
                format!("answered {code} {}", refusal.reason())
            }
            Self::DropWatch(time) => format!("cut after {} ms", time.as_millis()),
            Self::EndWatch(time) => format!("ended after {} ms", time.as_millis()),
        };
        formatter.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Refusal, decide_fault};
    use crate::request_class::RequestClass;
    use http::Method;

    fn class(method: Method, uri: &str) -> RequestClass {
        RequestClass::of(&method, &uri.parse().unwrap())
    }

    fn faults(seed: u64, class: &RequestClass) -> Vec<Option<Fault>> {
        (0..2_000)
            .map(|number| decide_fault(seed, 1, class, number))
            .collect()
    }

    #[test]
    fn the_same_seed_plans_the_same_faults_and_another_seed_others() {
        let jobs = class(Method::POST, "/apis/batch/v1/namespaces/n/jobs");
        assert_eq!(faults(7, &jobs), faults(7, &jobs));
        assert_ne!(faults(7, &jobs), faults(8, &jobs));
    }

    #[test]
    fn about_every_eighth_request_is_disturbed() {
        let jobs = class(Method::POST, "/apis/batch/v1/namespaces/n/jobs");
        let count = faults(7, &jobs).iter().flatten().count();
        assert!((180..300).contains(&count), "{count}");
    }

    #[test]
    fn a_deletion_never_gets_an_answer_that_cannot_be_understood() {
        let maps = class(Method::DELETE, "/api/v1/namespaces/n/configmaps/c");
        let faults = faults(7, &maps);
        let has = |fault: Fault| faults.contains(&Some(fault));
        assert!(has(Fault::Twice) && has(Fault::CutAfter));
        assert!(!has(Fault::TwiceSecond) && !has(Fault::Refuse(Refusal::Conflict)));
    }

    #[test]
    fn only_what_is_fenced_is_carried_out_late() {
        let is_late = |fault: &Option<Fault>| matches!(fault, Some(Fault::Late(_)));
        let path = "/apis/sfn.services.k8s.aws/v1alpha1/namespaces/n/executions/e/status";
        assert!(faults(7, &class(Method::PUT, path)).iter().any(is_late));
        let path = "/api/v1/namespaces/n/configmaps/c";
        assert!(!faults(7, &class(Method::PUT, path)).iter().any(is_late));
    }
}
