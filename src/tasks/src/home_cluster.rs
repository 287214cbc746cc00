//! Which cluster a task means: `ClusterName`, `Endpoint` and `CertificateAuthority`.
//!
//! The home cluster is recognized by its name alone. Endpoint and certificate of the parameters
//! are not used then, so nobody can have credentials sent to an endpoint of their choice.

use asl::errors::Fault;

use crate::parameters::Parameters;
use crate::settings::ClusterIdentity;

/// The error of a task that names another cluster.
pub(crate) const CLUSTER_NOT_ALLOWED: &str = "EKS.ClusterNotAllowed";

/// The parameters that name a cluster.
pub(crate) const PARAMETERS: [&str; 3] = ["ClusterName", "Endpoint", "CertificateAuthority"];

/// Reads the parameters that name the cluster; gives `ClusterName`.
///
/// Source: Step Functions developer guide, "Call Amazon EKS with Step Functions"; all three are
/// required there.
pub(crate) fn read_cluster_name<'a>(parameters: &mut Parameters<'a>) -> Option<&'a str> {
    let [name, endpoint, authority] = PARAMETERS;
    let name = parameters.required_text(name);
    let endpoint = parameters.required_text(endpoint);
    let authority = parameters.required_text(authority);
    endpoint.and(authority).and(name)
}

/// Refuses every cluster but the home cluster.
pub(crate) fn validate_cluster(name: &str, home: &ClusterIdentity) -> Result<(), Fault> {
    if home.is_called(name) {
        return Ok(());
    }
    let cause = format!(
        "The cluster '{}' cannot be called: this operator serves its own cluster only, which its \
         option --cluster-name calls {}",
        crate::parameters::shortened(name, 200),
        home.names()
    );
    Err(Fault::new(CLUSTER_NOT_ALLOWED, cause))
}

#[cfg(test)]
mod tests {
    use super::{read_cluster_name, validate_cluster};
    use crate::parameters::Parameters;
    use crate::settings::ClusterIdentity;
    use asl::value::parse;
    use rstest::rstest;

    #[test]
    fn another_cluster_is_refused_saying_which_is_allowed() {
        let home = ClusterIdentity {
            name: "EKSCluster".into(),
            ..ClusterIdentity::default()
        };
        assert!(validate_cluster("EKSCluster", &home).is_ok());
        let fault = validate_cluster("ekscluster", &home).unwrap_err();
        assert_eq!(fault.name(), "EKS.ClusterNotAllowed");
        let cause = fault.cause.unwrap();
        assert!(cause.contains("'ekscluster'") && cause.contains("'EKSCluster'"));
    }

    #[rstest]
    #[case(r#"{"Endpoint":"e","CertificateAuthority":"c"}"#, "ClusterName")]
    #[case(r#"{"ClusterName":"n","CertificateAuthority":"c"}"#, "Endpoint")]
    #[case(r#"{"ClusterName":"n","Endpoint":"e"}"#, "CertificateAuthority")]
    fn a_missing_field_is_named(#[case] json: &str, #[case] missing: &str) {
        let whole = parse(json).unwrap();
        let mut parameters = Parameters::new(&whole, &super::PARAMETERS);
        let name = read_cluster_name(&mut parameters);
        let fault = parameters.checked(name).unwrap_err();
        let expected = format!("[The field '{missing}' is required but was missing]");
        assert!(fault.cause.unwrap().ends_with(&expected));
    }
}
