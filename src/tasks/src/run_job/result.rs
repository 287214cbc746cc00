//! The result of `eks:runJob.sync`, and the Cause when the Job failed: the finished Job with its
//! logs, within the limit.
//!
//! Source: Step Functions developer guide, "Call Amazon EKS with Step Functions", RunJob,
//! `LogOptions`.

use asl::Value;
use asl::errors::{DATA_LIMIT_EXCEEDED, Fault, TASK_FAILED};
use asl::value::{Key, MAX_DEPTH, Object, ObjectBuilder, parse};

use crate::parameters::shortened;

/// What the braces and names around `logs` take, with the note on logs that are left out.
const FRAME_BYTES: usize = 400;
/// How many objects stand around a log in a result: the Job, `logs`, `pods`, the pod,
/// `containers`, the container.
const FRAME_DEPTH: usize = 6;

/// A log, or why there is none.
pub(crate) type LogRead = Result<String, LogFailure>;

/// Why a log could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFailure {
    pub(crate) error: String,
    pub(crate) cause: String,
}

impl LogFailure {
    pub(crate) fn new(error: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            cause: shortened(&cause.into(), 1024),
        }
    }

    /// The log does not fit into what is left of the result.
    pub(crate) fn too_large(pod: &str, container: &str, left: usize) -> Self {
        Self::new(
            DATA_LIMIT_EXCEEDED,
            format!(
                "the log of container {container} of pod {pod} is larger than the {left} bytes \
                 that are left for it in the task's result; take a part of it with \
                 LogOptions.LogParameters, such as \"tailLines\": [\"100\"]"
            ),
        )
    }
}

/// The logs of a Job, added one by one while they fit.
pub(crate) struct Logs {
    raw: bool,
    left: usize,
    pods: Vec<(Key, ObjectBuilder)>,
    left_out: usize,
}

impl Logs {
    /// Logs that fit into `limit` bytes together with the Job.
    pub(crate) fn new(job: &Value, limit: usize, raw: bool) -> Self {
        Self {
            raw,
            left: limit.saturating_sub(job.text_len() + FRAME_BYTES),
            pods: Vec::new(),
            left_out: 0,
        }
    }

    /// How many bytes may still be added.
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Adds what was read of a container's log. What does not fit has `error` and `cause` in its
    /// place; when not even these fit, it is counted.
    pub(crate) fn add(&mut self, pod: &str, container: &str, read: &LogRead) {
        let fits = read
            .as_ref()
            .map(|log| self.try_add(pod, container, build_log(log, self.raw)))
            .map_err(|failure| self.try_add(pod, container, build_log_failure(failure)));
        let added = match fits {
            Ok(true) | Err(true) => true,
            Ok(false) => {
                let failure = LogFailure::too_large(pod, container, self.left);
                self.try_add(pod, container, build_log_failure(&failure))
            }
            Err(false) => false,
        };
        self.left_out += usize::from(!added);
    }

    /// Counts containers whose logs nobody reads.
    pub(crate) fn leave_out(&mut self, containers: usize) {
        self.left_out += containers;
    }

    fn try_add(&mut self, pod: &str, container: &str, entry: Value) -> bool {
        let new_pod = self.pods.last().is_none_or(|(name, _)| &**name != pod);
        let frame = if new_pod { pod.len() + 32 } else { 0 };
        let bytes = entry.text_len() + container.len() + 4 + frame;
        if bytes > self.left {
            return false;
        }
        self.left -= bytes;
        if new_pod {
            self.pods.push((pod.into(), ObjectBuilder::default()));
        }
        if let Some((_, containers)) = self.pods.last_mut() {
            containers.set(container.into(), entry);
        }
        true
    }

    /// `{"pods": {<pod>: {"containers": {<container>: {"log": …}}}}}`
    pub(crate) fn build(self) -> Value {
        let pods: Object = self
            .pods
            .into_iter()
            .map(|(pod, containers)| {
                let containers = ObjectBuilder::default().with("containers", containers.build());
                (pod, Value::from(containers.build()))
            })
            .collect();
        let mut logs = ObjectBuilder::default().with("pods", pods);
        if self.left_out > 0 {
            let cause = format!("the logs of {} more containers do not fit", self.left_out);
            logs = logs.with("error", DATA_LIMIT_EXCEEDED).with("cause", cause);
        }
        logs.build().into()
    }
}

fn build_log(log: &str, raw: bool) -> Value {
    let json = (!raw).then(|| parse(log).ok()).flatten();
    let json = json.filter(|json| json.depth() + FRAME_DEPTH <= MAX_DEPTH);
    let log = json.unwrap_or_else(|| Value::from(log));
    ObjectBuilder::default().with("log", log).build().into()
}

fn build_log_failure(failure: &LogFailure) -> Value {
    ObjectBuilder::default()
        .with("error", failure.error.as_str())
        .with("cause", failure.cause.as_str())
        .build()
        .into()
}

/// The finished Job with its logs.
pub(crate) fn build_result(job: Value, logs: Option<Value>) -> Value {
    match (job, logs) {
        (Value::Object(job), Some(logs)) => Value::Object(job.with("logs", logs)),
        (job, _) => job,
    }
}

/// The fault of a Job that failed: the Job as JSON text. A Job that is too large for a Cause is
/// reduced to its name and its status.
pub(crate) fn build_job_fault(job: Value, logs: Option<Value>, cause_bytes: usize) -> Fault {
    let whole = build_result(job.clone(), logs);
    let cause = if whole.text_len() <= cause_bytes {
        whole.to_string()
    } else {
        shortened(
            &build_reduced(&job).to_string(),
            cause_bytes.saturating_sub(3),
        )
    };
    Fault::new(TASK_FAILED, cause)
}

fn build_reduced(job: &Value) -> Value {
    let pick = |from: &str, fields: &[&str]| {
        let from = job.get(from);
        let picked = fields.iter().filter_map(|field| {
            let value = from.and_then(|from| from.get(field))?;
            Some((Key::from(*field), value.clone()))
        });
        Value::Object(picked.collect())
    };
    ObjectBuilder::default()
        .with("apiVersion", "batch/v1")
        .with("kind", "Job")
        .with("metadata", pick("metadata", &["name", "namespace", "uid"]))
        .with(
            "status",
            pick(
                "status",
                &["conditions", "succeeded", "failed", "startTime"],
            ),
        )
        .build()
        .into()
}

#[cfg(test)]
mod tests {
    use super::{LogFailure, Logs, build_job_fault, build_result};
    use asl::Value;
    use asl::value::{MAX_DEPTH, parse};
    use rstest::rstest;

    fn job() -> Value {
        parse(r#"{"kind":"Job","metadata":{"name":"n"},"status":{"succeeded":1}}"#).unwrap()
    }

    fn one_log(log: &str, raw: bool) -> String {
        let mut logs = Logs::new(&job(), 10_000, raw);
        logs.add("p", "c", &Ok(log.to_owned()));
        let logs = logs.build();
        let container = logs
            .get("pods")
            .unwrap()
            .get("p")
            .unwrap()
            .get("containers")
            .unwrap();
        container.get("c").unwrap().get("log").unwrap().to_string()
    }

    #[rstest]
    #[case("{ \"pi\": 3.14 }\n", false, r#"{"pi":3.14}"#)]
    #[case("{ \"pi\": 3.14 }\n", true, r#""{ \"pi\": 3.14 }\n""#)]
    #[case("3.14159265358979323846264338327950288\n", false, "3.141592653589793")]
    #[case(
        "3.14159265358979323846264338327950288\n",
        true,
        "\"3.14159265358979323846264338327950288\\n\""
    )]
    #[case("{} {}", false, "\"{} {}\"")]
    #[case("hello", false, "\"hello\"")]
    #[case("", false, "\"\"")]
    fn a_log_that_is_one_json_text_becomes_its_value(
        #[case] log: &str,
        #[case] raw: bool,
        #[case] expected: &str,
    ) {
        assert_eq!(one_log(log, raw), expected);
    }

    #[rstest]
    #[case(94, false)]
    #[case(95, true)]
    #[case(5000, true)]
    fn json_that_is_nested_too_deep_for_a_result_stays_text(
        #[case] levels: usize,
        #[case] text: bool,
    ) {
        let log = "[".repeat(levels) + &"]".repeat(levels);
        let mut logs = Logs::new(&job(), 100_000, false);
        logs.add("p", "c", &Ok(log.clone()));
        let result = build_result(job(), Some(logs.build()));
        assert!(result.depth() <= MAX_DEPTH);
        assert_eq!(result.to_string().contains(&format!("\"{log}\"")), text);
    }

    #[test]
    fn the_logs_of_all_pods_and_containers_are_beside_the_job() {
        let mut logs = Logs::new(&job(), 10_000, false);
        logs.add("p1", "init", &Ok("1".into()));
        logs.add("p1", "main", &Ok("x".into()));
        let failure = LogFailure::new("EKS.404", "pods \"p2\" not found");
        logs.add("p2", "main", &Err(failure));
        assert_eq!(
            build_result(job(), Some(logs.build())).to_string(),
            r#"{"kind":"Job","metadata":{"name":"n"},"status":{"succeeded":1},"logs":{"pods":{"p1":{"containers":{"init":{"log":1},"main":{"log":"x"}}},"p2":{"containers":{"main":{"error":"EKS.404","cause":"pods \"p2\" not found"}}}}}}"#
        );
    }

    #[test]
    fn a_log_that_does_not_fit_says_what_to_do() {
        let mut logs = Logs::new(&job(), 2_000, false);
        logs.add("p", "large", &Ok("x".repeat(2_000)));
        logs.add("p", "small", &Ok("y".into()));
        let text = logs.build().to_string();
        assert!(
            text.contains(r#""large":{"error":"States.DataLimitExceeded","cause":"the log of"#)
        );
        assert!(text.contains("LogOptions.LogParameters"));
        assert!(text.contains(r#""small":{"log":"y"}"#));
    }

    #[rstest]
    #[case(1_000, 40)]
    #[case(3_000, 500)]
    #[case(262_144, 3_000)]
    fn a_result_never_exceeds_the_limit(#[case] limit: usize, #[case] containers: usize) {
        let mut logs = Logs::new(&job(), limit, false);
        for index in 0..containers {
            let log = "\u{1}".repeat(index * 7 % 400);
            logs.add(
                &format!("pod-{}", index / 3),
                &format!("c{index}"),
                &Ok(log),
            );
        }
        let result = build_result(job(), Some(logs.build()));
        assert!(
            result.to_string().len() <= limit,
            "{}",
            result.to_string().len()
        );
        assert!(result.to_string().contains("more containers do not fit"));
    }

    #[test]
    fn a_failed_job_is_the_cause() {
        let fault = build_job_fault(job(), None, 1_000);
        assert_eq!(fault.name(), "States.TaskFailed");
        assert_eq!(fault.cause.as_deref(), Some(&*job().to_string()));
    }

    #[test]
    fn a_job_that_is_too_large_for_a_cause_is_reduced() {
        let Value::Object(large) = job() else {
            panic!()
        };
        let large = Value::Object(large.with("spec", Value::from("x".repeat(5_000))));
        let fault = build_job_fault(large, None, 1_000);
        assert_eq!(
            fault.cause.as_deref(),
            Some(
                r#"{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"n"},"status":{"succeeded":1}}"#
            )
        );
    }
}
