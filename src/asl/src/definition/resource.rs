//! A Task's `Resource`: whether it can be run here, and by its integration pattern.
//!
//! Source: Step Functions developer guide, "Integrating services", table of supported patterns.

use std::sync::Arc;

use super::MachineType;
use super::compiler::Compiler;
use super::diagnostic::code;
use super::fields::Fields;
use super::place::Place;
use crate::resource::{Pattern, Resource, ResourceKind};

/// What is named, where it is served, to those who ask for something that is not.
const KNOWN: &[&str] = &[
    "arn:aws:states:::eks:runJob.sync",
    "arn:aws:states:::eks:runJob",
    "arn:aws:states:::eks:call",
    "arn:aws:states:::eks:createCluster",
    "arn:aws:states:::eks:createCluster.sync",
    "arn:aws:states:::eks:deleteCluster",
    "arn:aws:states:::eks:deleteCluster.sync",
    "arn:aws:states:::eks:createNodegroup",
    "arn:aws:states:::eks:createNodegroup.sync",
    "arn:aws:states:::eks:deleteNodegroup",
    "arn:aws:states:::eks:deleteNodegroup.sync",
    "arn:aws:states:::eks:createFargateProfile",
    "arn:aws:states:::eks:createFargateProfile.sync",
    "arn:aws:states:::eks:deleteFargateProfile",
    "arn:aws:states:::eks:deleteFargateProfile.sync",
    "arn:aws:states:::aws-sdk:eks:describeCluster",
    "arn:aws:states:::states:startExecution",
    "arn:aws:states:::states:startExecution.sync",
    "arn:aws:states:::states:startExecution.sync:2",
    "arn:aws:states:::lambda:invoke",
    "arn:aws:states:::http:invoke",
    "arn:aws:states:us-east-1:123456789012:activity:name",
    "arn:aws:lambda:us-east-1:123456789012:function:name",
];

/// Reads `Resource` of a Task state.
pub(super) fn compile(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Arc<Resource>> {
    let text = fields.string(compiler, "Resource")?;
    let place = fields.place.member("Resource");
    let resource = parse(compiler, &place, text)?;
    if let Some(message) = refused_pattern(&resource, compiler.machine_type) {
        compiler.error(&place, message);
    } else if is_for_maps(&resource) || !(compiler.rules.serves)(&resource) {
        let message = format!(
            "The resource provided {text} is not recognized: nothing here runs it. What can be \
             run: {}",
            served(compiler)
        );
        compiler.error_with(code::INVALID_RESOURCE, &place, message);
    }
    Some(Arc::new(resource))
}

/// Reads a resource ARN of whatever kind.
pub(super) fn parse(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    text: &str,
) -> Option<Resource> {
    match Resource::parse(text) {
        Ok(resource) => Some(resource),
        Err(error) => {
            let message = format!("Value is not a valid resource ARN: {error}");
            compiler.error(place, message);
            None
        }
    }
}

/// What stands in for a resource that was refused; a definition that has one is not run.
pub(super) fn unknown() -> Arc<Resource> {
    Arc::new(Resource {
        arn: "".into(),
        kind: ResourceKind::Activity("".into()),
    })
}

/// Objects are read and written by Map states, not by tasks: those call `aws-sdk:s3`.
fn is_for_maps(resource: &Resource) -> bool {
    resource.resource_type() == "s3"
}

fn served(compiler: &Compiler<'_>) -> String {
    let served: Vec<_> = KNOWN
        .iter()
        .copied()
        .filter(|arn| Resource::parse(arn).is_ok_and(|known| (compiler.rules.serves)(&known)))
        .collect();
    match served.as_slice() {
        [] => "no resource at all".to_owned(),
        served => served.join(", "),
    }
}

fn refused_pattern(resource: &Resource, machine_type: MachineType) -> Option<String> {
    let ResourceKind::Service {
        service,
        action,
        pattern,
    } = &resource.kind
    else {
        return None;
    };
    if machine_type == MachineType::Express {
        match pattern {
            Pattern::RequestResponse => {}
            Pattern::Sync | Pattern::Sync2 => {
                return Some(
                    "Express state machine does not support '.sync' service integration".to_owned(),
                );
            }
            // The space at the end is AWS's.
            Pattern::WaitForTaskToken => {
                return Some(
                    "Express state machine does not support '.waitForTaskToken' service \
                     integration "
                        .to_owned(),
                );
            }
        }
    }
    (!supports(service, action, *pattern)).then(|| {
        format!(
            "The resource provided {resource} is not recognized: {service}:{action} does not \
             support '{}'",
            pattern.suffix()
        )
    })
}

/// Whether a service offers a pattern. Of services that are not known here nothing is claimed.
fn supports(service: &str, action: &str, pattern: Pattern) -> bool {
    match (service, pattern) {
        (_, Pattern::RequestResponse) => true,
        ("eks", Pattern::Sync) => action != "call",
        ("eks", Pattern::Sync2 | Pattern::WaitForTaskToken) => false,
        ("states", _) => action == "startExecution",
        (_, Pattern::Sync2) => false,
        (
            "lambda" | "sqs" | "sns" | "events" | "http" | "dynamodb" | "apigateway",
            Pattern::Sync,
        ) => false,
        ("http" | "dynamodb", Pattern::WaitForTaskToken) => false,
        (service, Pattern::Sync) => !service.starts_with("aws-sdk:"),
        (_, Pattern::WaitForTaskToken) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::supports;
    use crate::resource::Pattern;
    use rstest::rstest;

    #[rstest]
    #[case("eks", "runJob", Pattern::Sync, true)]
    #[case("eks", "call", Pattern::Sync, false)]
    #[case("eks", "runJob", Pattern::WaitForTaskToken, false)]
    #[case("eks", "createCluster", Pattern::Sync, true)]
    #[case("states", "startExecution", Pattern::Sync2, true)]
    #[case("sqs", "sendMessage", Pattern::WaitForTaskToken, true)]
    #[case("sqs", "sendMessage", Pattern::Sync, false)]
    #[case("aws-sdk:eks", "describeCluster", Pattern::Sync, false)]
    #[case("aws-sdk:sfn", "startExecution", Pattern::WaitForTaskToken, true)]
    #[case("batch", "submitJob", Pattern::Sync, true)]
    #[case("http", "invoke", Pattern::WaitForTaskToken, false)]
    fn a_service_offers_its_patterns(
        #[case] service: &str,
        #[case] action: &str,
        #[case] pattern: Pattern,
        #[case] expected: bool,
    ) {
        assert_eq!(supports(service, action, pattern), expected);
    }
}
