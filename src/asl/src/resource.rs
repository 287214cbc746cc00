//! The `Resource` of a Task state: what to call, and by which integration pattern.
//!
//! Source: Step Functions developer guide, "Discovering service integration patterns" and
//! "Integrating services".

use std::fmt;
use std::sync::Arc;

/// A parsed resource ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The ARN as it was written.
    pub arn: Arc<str>,
    /// What it names.
    pub kind: ResourceKind,
}

/// The kinds of resources that a Task can name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResourceKind {
    /// `arn:aws:states:::<service>:<action>[<pattern>]`; `service` keeps an `aws-sdk:` prefix.
    Service {
        /// Such as `eks` or `aws-sdk:eks`.
        service: Arc<str>,
        /// Such as `runJob`.
        action: Arc<str>,
        /// How the state waits for the result.
        pattern: Pattern,
    },
    /// `arn:aws:states:<region>:<account>:activity:<name>`
    Activity(Arc<str>),
    /// `arn:aws:lambda:<region>:<account>:function:<name>`
    Lambda(Arc<str>),
}

/// Service integration patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Request Response: the answer to the request is the result.
    RequestResponse,
    /// `.sync`: wait for the job to end.
    Sync,
    /// `.sync:2`: as `.sync`, with the output parsed from JSON.
    Sync2,
    /// `.waitForTaskToken`: wait for a callback with the token.
    WaitForTaskToken,
}

impl Pattern {
    /// The pattern's suffix in ARNs; empty for Request Response.
    #[must_use]
    pub fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        }
    }
}

/// Why a text is no resource that a Task can name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResourceError {
    /// Not six parts between colons.
    #[error("not an ARN: '{0}'")]
    NotAnArn(String),
    /// A well-formed ARN of something else.
    #[error("the resource '{0}' is neither a service integration, an activity nor a function")]
    Unknown(String),
}

impl Resource {
    /// Reads a resource ARN.
    ///
    /// # Errors
    /// The text is no ARN, or names nothing that a Task can call.
    pub fn parse(arn: &str) -> Result<Self, ResourceError> {
        let mut parts = arn.splitn(6, ':');
        let mut part = || parts.next();
        let (Some("arn"), Some(_partition), Some(service), Some(region), Some(account), Some(rest)) =
            (part(), part(), part(), part(), part(), part())
        else {
            return Err(ResourceError::NotAnArn(arn.to_owned()));
        };
        let kind = match service {
            "states" if region.is_empty() && account.is_empty() => parse_integration(rest),
            "states" => rest
                .strip_prefix("activity:")
                .filter(|name| !name.is_empty())
                .map(|name| ResourceKind::Activity(name.into())),
            "lambda" => rest
                .strip_prefix("function:")
                .filter(|name| !name.is_empty())
                .map(|name| ResourceKind::Lambda(name.into())),
            _ => None,
        };
        match kind {
            Some(kind) => Ok(Self {
                arn: arn.into(),
                kind,
            }),
            None => Err(ResourceError::Unknown(arn.to_owned())),
        }
    }

    /// The history's `resourceType`, such as `eks`; `lambda` and `activity` for the other kinds.
    #[must_use]
    pub fn resource_type(&self) -> &str {
        match &self.kind {
            ResourceKind::Service { service, .. } => service,
            ResourceKind::Activity(_) => "activity",
            ResourceKind::Lambda(_) => "lambda",
        }
    }

    /// The history's `resource`, such as `runJob.sync`; the ARN for activities and functions.
    #[must_use]
    pub fn resource(&self) -> String {
        match &self.kind {
            ResourceKind::Service {
                action, pattern, ..
            } => format!("{action}{}", pattern.suffix()),
            _ => self.arn.to_string(),
        }
    }

    /// How a state with this resource waits. Activities and functions answer by themselves.
    #[must_use]
    pub fn pattern(&self) -> Pattern {
        match &self.kind {
            ResourceKind::Service { pattern, .. } => *pattern,
            _ => Pattern::RequestResponse,
        }
    }

    /// Whether this is the service integration `service:action`, by whatever pattern.
    #[must_use]
    pub fn is(&self, service: &str, action: &str) -> bool {
        matches!(&self.kind, ResourceKind::Service { service: s, action: a, .. }
            if &**s == service && &**a == action)
    }
}

fn parse_integration(rest: &str) -> Option<ResourceKind> {
    let (rest, pattern) = [Pattern::Sync, Pattern::Sync2, Pattern::WaitForTaskToken]
        .into_iter()
        .find_map(|pattern| Some((rest.strip_suffix(pattern.suffix())?, pattern)))
        .unwrap_or((rest, Pattern::RequestResponse));
    let (service, action) = rest.rsplit_once(':')?;
    (!service.is_empty() && !action.is_empty()).then(|| ResourceKind::Service {
        service: service.into(),
        action: action.into(),
        pattern,
    })
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Resource};
    use rstest::rstest;

    #[rstest]
    #[case(
        "arn:aws:states:::eks:runJob.sync",
        "eks",
        "runJob.sync",
        Pattern::Sync
    )]
    #[case("arn:aws:states:::eks:call", "eks", "call", Pattern::RequestResponse)]
    #[case(
        "arn:aws-cn:states:::aws-sdk:eks:describeCluster",
        "aws-sdk:eks",
        "describeCluster",
        Pattern::RequestResponse
    )]
    #[case(
        "arn:aws:states:::states:startExecution.sync:2",
        "states",
        "startExecution.sync:2",
        Pattern::Sync2
    )]
    #[case(
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "sqs",
        "sendMessage.waitForTaskToken",
        Pattern::WaitForTaskToken
    )]
    #[case(
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "lambda",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        Pattern::RequestResponse
    )]
    #[case(
        "arn:aws:states:us-east-1:123456789012:activity:a",
        "activity",
        "arn:aws:states:us-east-1:123456789012:activity:a",
        Pattern::RequestResponse
    )]
    fn a_resource_arn_is_taken_apart(
        #[case] arn: &str,
        #[case] resource_type: &str,
        #[case] resource: &str,
        #[case] pattern: Pattern,
    ) {
        let parsed = Resource::parse(arn).unwrap();
        assert_eq!(parsed.resource_type(), resource_type);
        assert_eq!(parsed.resource(), resource);
        assert_eq!(parsed.pattern(), pattern);
    }

    #[rstest]
    #[case("eks:runJob")]
    #[case("arn:aws:states:::runJob")]
    #[case("arn:aws:s3:::bucket")]
    #[case("arn:aws:lambda:us-east-1:123456789012:function:")]
    fn what_no_task_can_call_is_refused(#[case] arn: &str) {
        assert!(Resource::parse(arn).is_err());
    }
}
