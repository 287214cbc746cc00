//! `aws-sdk:eks:describeCluster`, answered here for the home cluster: workflows that call EKS
//! usually begin by asking for its endpoint and certificate.
//!
//! Source: Amazon EKS API reference, `DescribeCluster`; names of members as the AWS SDK
//! integrations of Step Functions spell them.

use asl::Value;
use asl::errors::Fault;
use asl::value::ObjectBuilder;
use engine::ports::Task;

use crate::api_server::{ApiServer, Outgoing, Patience, build_failure};
use crate::parameters::{Parameters, shortened};
use crate::settings::{ClusterIdentity, TaskLimits};

/// Answers for the home cluster.
pub(crate) struct DescribeCluster {
    api: ApiServer,
    cluster: ClusterIdentity,
    limits: TaskLimits,
}

impl DescribeCluster {
    pub(crate) fn new(api: ApiServer, cluster: ClusterIdentity, limits: TaskLimits) -> Self {
        Self {
            api,
            cluster,
            limits,
        }
    }

    /// Describes the home cluster.
    pub(crate) async fn run(&self, task: &Task) -> Result<Value, Fault> {
        let mut parameters = Parameters::new(&task.request.parameters, &["Name"]);
        let name = parameters.required_text("Name");
        let name = parameters.checked(name)?;
        if !self.cluster.is_called(name) {
            return Err(build_not_found(name, &self.cluster));
        }
        Ok(build_description(
            &self.cluster,
            name,
            &self.version().await?,
        ))
    }

    /// The API server's version, such as `1.35`.
    async fn version(&self) -> Result<String, Fault> {
        let request = Outgoing::get("/version".to_owned());
        let patience = Patience::new(self.limits.retry_time);
        match self.api.send_patiently(&request, patience).await {
            Ok(answer) if answer.is_success() => Ok(build_version(&answer.value())),
            Ok(answer) => Err(answer.fault(self.limits.cause_bytes)),
            Err(error) => {
                let status = http::StatusCode::SERVICE_UNAVAILABLE;
                let message = error.to_string().into();
                Err(build_failure(status, message, self.limits.cause_bytes))
            }
        }
    }
}

/// Providers add signs to the minor version, such as `35+`.
fn build_version(version: &Value) -> String {
    let number = |field: &str| {
        let text = version
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default();
        text.trim_end_matches(|last: char| !last.is_ascii_digit())
            .to_owned()
    };
    format!("{}.{}", number("major"), number("minor"))
}

fn build_description(cluster: &ClusterIdentity, name: &str, version: &str) -> Value {
    let authority = ObjectBuilder::default().with("Data", cluster.certificate_authority.as_str());
    let description = ObjectBuilder::default()
        .with("Arn", cluster.arn(name))
        .with("CertificateAuthority", authority.build())
        .with("Endpoint", cluster.endpoint.as_str())
        .with("Name", name)
        .with("Status", "ACTIVE")
        .with("Tags", Value::empty_object())
        .with("Version", version);
    ObjectBuilder::default()
        .with("Cluster", description.build())
        .build()
        .into()
}

fn build_not_found(name: &str, home: &ClusterIdentity) -> Fault {
    let cause = format!(
        "No cluster found for name: {}. This operator knows its own cluster only, which its \
         option --cluster-name calls {}. (Service: Eks, Status Code: 404)",
        shortened(name, 200),
        home.names()
    );
    Fault::new("Eks.ResourceNotFoundException", cause)
}

#[cfg(test)]
mod tests {
    use super::{build_description, build_not_found, build_version};
    use crate::settings::ClusterIdentity;
    use asl::value::parse;
    use rstest::rstest;

    fn home() -> ClusterIdentity {
        ClusterIdentity {
            name: "EKSCluster".into(),
            endpoint: "https://api.example".into(),
            certificate_authority: "LS0t".into(),
            region: "us-west-1".into(),
            account: "123456789012".into(),
            ..ClusterIdentity::default()
        }
    }

    #[test]
    fn the_home_cluster_is_described_as_the_aws_sdk_would() {
        assert_eq!(
            build_description(&home(), "EKSCluster", "1.35").to_string(),
            r#"{"Cluster":{"Arn":"arn:aws:eks:us-west-1:123456789012:cluster/EKSCluster","CertificateAuthority":{"Data":"LS0t"},"Endpoint":"https://api.example","Name":"EKSCluster","Status":"ACTIVE","Tags":{},"Version":"1.35"}}"#
        );
    }

    #[rstest]
    #[case(r#"{"major":"1","minor":"35"}"#, "1.35")]
    #[case(r#"{"major":"1","minor":"35+"}"#, "1.35")]
    fn a_version_has_major_and_minor(#[case] json: &str, #[case] expected: &str) {
        assert_eq!(build_version(&parse(json).unwrap()), expected);
    }

    #[test]
    fn another_cluster_is_not_found() {
        let fault = build_not_found("other", &home());
        assert_eq!(fault.name(), "Eks.ResourceNotFoundException");
        assert!(
            fault
                .cause
                .unwrap()
                .starts_with("No cluster found for name: other. ")
        );
    }
}
