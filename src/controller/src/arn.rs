//! The ARNs of state machines and executions.
//!
//! Source: AWS Service Authorization Reference, "Resource types defined by AWS Step Functions".

use serde::{Deserialize, Serialize};

/// Where state machines of this operator belong in AWS's terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Such as `aws` or `aws-cn`.
    pub partition: String,
    /// Such as `us-east-1`.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
}

impl Place {
    /// The ARN of a state machine by its name (`spec.name`).
    #[must_use]
    pub fn state_machine_arn(&self, name: &str) -> String {
        self.arn("stateMachine", name)
    }

    /// The ARN of an execution.
    #[must_use]
    pub fn execution_arn(&self, state_machine: &str, name: &str) -> String {
        self.arn("execution", &format!("{state_machine}:{name}"))
    }

    /// The ARN of an execution of an Express state machine. `id` tells it from others of its name.
    #[must_use]
    pub fn express_execution_arn(&self, state_machine: &str, name: &str, id: &str) -> String {
        self.arn("express", &format!("{state_machine}:{name}:{id}"))
    }

    fn arn(&self, kind: &str, name: &str) -> String {
        let (partition, region, account) = (&self.partition, &self.region, &self.account);
        format!("arn:{partition}:states:{region}:{account}:{kind}:{name}")
    }
}

/// The name of the state machine in the ARN of an execution.
#[must_use]
pub fn state_machine_of(execution_arn: &str) -> Option<&str> {
    let mut parts = execution_arn.split(':').skip(5);
    matches!(parts.next()?, "execution" | "express").then(|| parts.next())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_are_spelt_as_aws_spells_them() {
        let place = Place {
            partition: "aws-cn".to_owned(),
            region: "cn-north-1".to_owned(),
            account: "123456789012".to_owned(),
        };
        let arn = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:M";
        assert_eq!(place.state_machine_arn("M"), arn);
        let arn = "arn:aws-cn:states:cn-north-1:123456789012:execution:M:e";
        assert_eq!(place.execution_arn("M", "e"), arn);
        assert_eq!(state_machine_of(arn), Some("M"));
        let arn = "arn:aws-cn:states:cn-north-1:123456789012:express:M:e:u-1";
        assert_eq!(place.express_execution_arn("M", "e", "u-1"), arn);
        assert_eq!(state_machine_of(arn), Some("M"));
        assert_eq!(state_machine_of(&place.state_machine_arn("M")), None);
    }
}
