//! Whether an Execution can be run as it is written: pure.

use asl::Value;
use asl::errors::Fault;
use asl::value::MAX_DEPTH;
use crd::{Execution, Stop};
use kube::ResourceExt as _;

use crate::definitions::Reference;

/// The largest input, however large payloads may be: the API server takes no object of more than
/// some 1.5 MB, and the status comes on top.
const MAX_INPUT: usize = 1024 * 1024;

/// What an Execution asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// What to run.
    pub reference: Reference,
    /// The input.
    pub input: Value,
}

/// What is wrong with an Execution. Nothing of it can be changed afterwards.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExecution {
    /// Neither a name nor an ARN.
    #[error("spec.stateMachineRef and spec.stateMachineARN are both absent: set one of them")]
    NoStateMachine,
    /// `spec.name` names something else.
    #[error("spec.name is '{found}': an execution is named like its object, '{expected}'")]
    Name {
        /// What it says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// The input is larger than a payload may be.
    #[error("spec.input has {found} bytes as JSON: at most {limit} are allowed")]
    InputTooLarge {
        /// Its size.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The input is nested deeper than a payload may be.
    #[error("spec.input is nested in more than {MAX_DEPTH} levels")]
    InputTooDeep,
    /// The input is no value of the States Language.
    #[error("spec.input cannot be read: {0}")]
    Input(String),
}

/// Reads what an Execution asks for. Source: API reference, `StartExecution`.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn validate_execution(
    execution: &Execution,
    payload_bytes: usize,
) -> Result<Request, InvalidExecution> {
    let spec = &execution.spec;
    let expected = execution.name_any();
    if let Some(found) = spec.name.clone().filter(|name| *name != expected) {
        return Err(InvalidExecution::Name { found, expected });
    }
    let reference = match (&spec.state_machine_ref, &spec.state_machine_arn) {
        (Some(named), _) => Reference::Name(named.from.name.clone()),
        (None, Some(arn)) => Reference::Arn(arn.clone()),
        (None, None) => return Err(InvalidExecution::NoStateMachine),
    };
    let input = match &spec.input {
        None => Value::empty_object(),
        Some(input) => Value::from_serialize(input)
            .map_err(|error| InvalidExecution::Input(error.to_string()))?,
    };
    if input.depth() > MAX_DEPTH {
        return Err(InvalidExecution::InputTooDeep);
    }
    let (found, limit) = (input.text_len(), payload_bytes.min(MAX_INPUT));
    if found > limit {
        return Err(InvalidExecution::InputTooLarge { found, limit });
    }
    Ok(Request { reference, input })
}

/// Why it is to be stopped, as `StopExecution` was told.
#[must_use]
pub fn stop_fault(stop: &Stop) -> Fault {
    Fault {
        error: stop.error.as_deref().map(Into::into),
        cause: stop.cause.as_deref().map(Into::into),
        ..Fault::default()
    }
}

#[cfg(test)]
mod tests {
    use crd::{ExecutionSpec, LocalReference, StateMachineReference};

    use super::*;

    fn execution(spec: ExecutionSpec) -> Execution {
        Execution::new("e", spec)
    }

    fn spec() -> ExecutionSpec {
        ExecutionSpec {
            state_machine_ref: Some(StateMachineReference {
                from: LocalReference {
                    name: "m".to_owned(),
                },
            }),
            ..ExecutionSpec::default()
        }
    }

    #[test]
    fn an_absent_input_is_an_empty_object_and_null_is_null() {
        let input = |input| {
            let execution = execution(ExecutionSpec { input, ..spec() });
            validate_execution(&execution, 100).unwrap().input
        };
        assert_eq!(input(None), Value::empty_object());
        assert_eq!(input(Some(serde_json::Value::Null)), Value::Null);
    }

    #[test]
    fn an_input_larger_than_a_payload_is_refused_with_both_sizes() {
        let input = Some("x".repeat(99).into());
        let error = validate_execution(&execution(ExecutionSpec { input, ..spec() }), 100);
        let message = "spec.input has 101 bytes as JSON: at most 100 are allowed";
        assert_eq!(error.unwrap_err().to_string(), message);
    }

    #[test]
    fn an_input_larger_than_an_object_may_be_is_refused_whatever_the_limit() {
        let input = Some("x".repeat(MAX_INPUT - 1).into());
        let error = validate_execution(&execution(ExecutionSpec { input, ..spec() }), usize::MAX);
        let message = "spec.input has 1048577 bytes as JSON: at most 1048576 are allowed";
        assert_eq!(error.unwrap_err().to_string(), message);
    }

    #[test]
    fn an_input_that_is_nested_deeper_than_a_payload_is_refused() {
        let nested = |levels| {
            let input = (0..levels).fold(serde_json::Value::Null, |inner, _| vec![inner].into());
            let input = Some(input);
            validate_execution(&execution(ExecutionSpec { input, ..spec() }), 1000).map(|_| ())
        };
        assert_eq!(nested(MAX_DEPTH), Ok(()));
        assert_eq!(nested(MAX_DEPTH + 1), Err(InvalidExecution::InputTooDeep));
    }

    #[test]
    fn a_name_other_than_the_object_s_is_refused() {
        let name = Some("other".to_owned());
        let error = validate_execution(&execution(ExecutionSpec { name, ..spec() }), 100);
        let message = "spec.name is 'other': an execution is named like its object, 'e'";
        assert_eq!(error.unwrap_err().to_string(), message);
    }

    #[test]
    fn a_state_machine_is_named_by_reference_or_arn() {
        let by_arn = ExecutionSpec {
            state_machine_arn: Some("arn:m".to_owned()),
            ..ExecutionSpec::default()
        };
        let reference = |spec| Ok(validate_execution(&execution(spec), 100)?.reference);
        assert_eq!(reference(spec()), Ok(Reference::Name("m".to_owned())));
        assert_eq!(reference(by_arn), Ok(Reference::Arn("arn:m".to_owned())));
        let neither = reference(ExecutionSpec::default());
        assert_eq!(neither, Err(InvalidExecution::NoStateMachine));
    }
}
