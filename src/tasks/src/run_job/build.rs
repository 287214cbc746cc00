//! The Job that a task asks for, built from its parameters.
//!
//! Source: Step Functions developer guide, "Call Amazon EKS with Step Functions", RunJob. The
//! Job's own fields are the API server's to judge, unknown and misspelt ones included.

use asl::Value;
use asl::errors::Fault;
use asl::value::parse;
use engine::ports::Task;

use super::log_options::LogOptions;
use crate::home_cluster::read_cluster_name;
use crate::marks;
use crate::parameters::Parameters;

const SUPPORTED: [&str; 6] = [
    "ClusterName",
    "CertificateAuthority",
    "Endpoint",
    "Namespace",
    "Job",
    "LogOptions",
];

/// What is to be created, and what is wanted of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    /// `ClusterName`
    pub(crate) cluster: String,
    pub(crate) namespace: String,
    /// Absent where the Job has no name at all, which the API server will refuse.
    pub(crate) name: Option<String>,
    pub(crate) job: Value,
    pub(crate) logs: LogOptions,
}

/// Builds the Job to create.
///
/// # Errors
/// `States.Runtime` when a parameter is missing or of the wrong kind.
pub(crate) fn build_order(task: &Task) -> Result<Order, Fault> {
    let mut parameters = Parameters::new(&task.request.parameters, &SUPPORTED);
    let cluster = read_cluster_name(&mut parameters);
    let logs = LogOptions::read(&mut parameters);
    let given = read_namespace(&mut parameters);
    let job = read_job(&mut parameters);
    let (cluster, job) = parameters.checked(cluster.zip(job))?;

    // Where both are given and differ, the API server says so: it gets both.
    let namespace = given.or_else(|| metadata_text(&job, "namespace"));
    let job = build_job(job, task);
    Ok(Order {
        cluster: cluster.to_owned(),
        namespace: namespace.unwrap_or_else(|| "default".to_owned()),
        name: metadata_text(&job, "name"),
        job,
        logs,
    })
}

fn read_namespace(parameters: &mut Parameters<'_>) -> Option<String> {
    let namespace = parameters
        .text("Namespace")
        .filter(|text| !text.is_empty())?;
    let label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if namespace.len() > 63 || !namespace.bytes().all(label) {
        let expected = "a namespace: at most 63 of a-z, 0-9 and -";
        parameters.refuse("Namespace", expected, &format!("'{namespace}'"));
    }
    Some(namespace.to_owned())
}

fn read_job(parameters: &mut Parameters<'_>) -> Option<Value> {
    match parameters.required("Job")? {
        job @ Value::Object(_) => Some(job.clone()),
        Value::String(text) => match parse(text) {
            Ok(job @ Value::Object(_)) => Some(job),
            Ok(other) => {
                parameters.refuse("Job", "the JSON text of an object", other.kind());
                None
            }
            Err(error) => {
                parameters.refuse("Job", "JSON text", &format!("'{text}' ({error})"));
                None
            }
        },
        other => {
            parameters.refuse("Job", "an object or its JSON text", other.kind());
            None
        }
    }
}

/// Marks Job and pods as the task's, and names the Job where it asks for a generated name.
fn build_job(job: Value, task: &Task) -> Value {
    let labels = marks::build_labels(task);
    let job = marks::with_metadata(job, "labels", &labels);
    let job = marks::with_metadata(job, "annotations", &marks::build_annotations(task));
    let job = marks::with_generated_name(job, &task.id());
    match job.get("spec").and_then(|spec| spec.get("template")) {
        Some(Value::Object(_)) => marks::with_member(job, "spec", |spec| {
            marks::with_member(spec, "template", |template| {
                marks::with_metadata(template, "labels", &labels)
            })
        }),
        _ => job,
    }
}

fn metadata_text(object: &Value, field: &str) -> Option<String> {
    let text = object.get("metadata")?.get(field)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::build_order;
    use crate::test_task::task;
    use asl::value::parse;
    use rstest::rstest;

    const CLUSTER: &str = r#""ClusterName":"c","Endpoint":"e","CertificateAuthority":"a""#;
    const LABELS: &str = r#"{"sfn.services.k8s.aws/task-id":"6f9619ff-8b86-d011-b42d-00cf4fc964ff-5","sfn.services.k8s.aws/execution-uid":"6f9619ff-8b86-d011-b42d-00cf4fc964ff","sfn.services.k8s.aws/execution":"run-1"MORE}"#;
    const ANNOTATIONS: &str = r#"{"sfn.services.k8s.aws/execution":"run-1","sfn.services.k8s.aws/execution-namespace":"flows","sfn.services.k8s.aws/state":"Run a job"}"#;

    #[rstest]
    #[case("eks:runJob", "")]
    #[case(
        "eks:runJob.sync",
        r#","sfn.services.k8s.aws/integration-pattern":"sync""#
    )]
    fn job_and_pods_carry_the_task(#[case] resource: &str, #[case] more: &str) {
        let labels = LABELS.replace("MORE", more);
        let order = build_order(&task(
            resource,
            &format!(r#"{{{CLUSTER},"Job":{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"pi"}},"spec":{{"template":{{"spec":{{}}}},"backoffLimit":0}}}}}}"#),
        ))
        .unwrap();
        assert_eq!(
            (&*order.namespace, order.name.as_deref()),
            ("default", Some("pi"))
        );
        assert_eq!(order.cluster, "c");
        assert_eq!(
            order.job.to_string(),
            format!(
                r#"{{"apiVersion":"batch/v1","kind":"Job","metadata":{{"name":"pi","labels":{labels},"annotations":{ANNOTATIONS}}},"spec":{{"template":{{"spec":{{}},"metadata":{{"labels":{labels}}}}},"backoffLimit":0}}}}"#
            )
        );
    }

    #[rstest]
    #[case(r#""Job":{"metadata":{"name":"x"}}"#, "default")]
    #[case(r#""Namespace":"a","Job":{"metadata":{"name":"x"}}"#, "a")]
    #[case(r#""Job":{"metadata":{"name":"x","namespace":"b"}}"#, "b")]
    #[case(
        r#""Namespace":"a","Job":{"metadata":{"name":"x","namespace":"b"}}"#,
        "a"
    )]
    #[case(
        r#""Namespace":null,"Job":"{\"metadata\":{\"name\":\"x\"}}""#,
        "default"
    )]
    fn the_namespace_is_the_one_given(#[case] fields: &str, #[case] expected: &str) {
        let order = build_order(&task("eks:runJob", &format!("{{{CLUSTER},{fields}}}"))).unwrap();
        assert_eq!(order.namespace, expected);
        assert_eq!(order.name.as_deref(), Some("x"));
    }

    #[test]
    fn a_generated_name_is_the_same_when_asked_again() {
        let json = format!(r#"{{{CLUSTER},"Job":{{"metadata":{{"generateName":"pi-"}}}}}}"#);
        let first = build_order(&task("eks:runJob", &json)).unwrap();
        let again = build_order(&task("eks:runJob", &json)).unwrap();
        assert_eq!(first, again);
        let name = first.name.unwrap();
        assert!(name.starts_with("pi-") && name.len() == 13, "{name}");
        assert_eq!(
            first
                .job
                .get("metadata")
                .unwrap()
                .get("name")
                .unwrap()
                .as_str(),
            Some(&*name)
        );
    }

    #[rstest]
    #[case(r#"{"apiversion":"batch/v1","spec":{"Template":7}}"#)]
    #[case(r#"{"metadata":{"labels":{"a":"b"}},"spec":{"template":{"metadata":{"labels":{"c":"d"}}}}}"#)]
    fn what_the_job_has_stays(#[case] job: &str) {
        let order = build_order(&task(
            "eks:runJob",
            &format!(r#"{{{CLUSTER},"Job":{job}}}"#),
        ))
        .unwrap();
        let given = parse(job).unwrap();
        for path in [
            &["apiversion"][..],
            &["spec", "Template"],
            &["metadata", "labels", "a"],
            &["spec", "template", "metadata", "labels", "c"],
        ] {
            let find = |value: &asl::Value| {
                path.iter()
                    .try_fold(value.clone(), |v, k| v.get(k).cloned())
            };
            assert_eq!(
                find(&order.job).filter(|_| find(&given).is_some()),
                find(&given),
                "{path:?}"
            );
        }
    }

    #[rstest]
    #[case(r#"{"metadata":7,"spec":8}"#)]
    #[case(r#"{"metadata":{"labels":[]},"spec":{"template":"x"}}"#)]
    fn what_is_no_job_is_left_for_the_api_server(#[case] job: &str) {
        let order = build_order(&task(
            "eks:runJob",
            &format!(r#"{{{CLUSTER},"Job":{job}}}"#),
        ))
        .unwrap();
        assert_eq!(order.job.get("spec"), parse(job).unwrap().get("spec"));
    }

    #[rstest]
    #[case(CLUSTER, "The field 'Job' is required but was missing")]
    #[case(r#""Job":{}"#, "The field 'ClusterName' is required but was missing")]
    #[case(
        r#""ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Job":"{""#,
        "'Job' must be JSON text"
    )]
    #[case(
        r#""ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Job":"7""#,
        "'Job' must be the JSON text of an object, not number"
    )]
    #[case(
        r#""ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Job":[]"#,
        "'Job' must be an object or its JSON text, not array"
    )]
    #[case(r#""ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Job":{},"Namespace":"../x""#, "'Namespace' must be a namespace")]
    #[case(
        r#""ClusterName":"c","Endpoint":"e","CertificateAuthority":"a","Job":{},"Namepsace":"x""#,
        "The field 'Namepsace' is not supported"
    )]
    fn a_wrong_parameter_is_named(#[case] fields: &str, #[case] expected: &str) {
        let fault = build_order(&task("eks:runJob", &format!("{{{fields}}}"))).unwrap_err();
        assert_eq!(fault.name(), "States.Runtime");
        let cause = fault.cause.unwrap();
        assert!(cause.contains(expected), "{cause}");
    }
}
