//! From a StateMachine to what can be pinned and executed: pure.

use asl::definition::{Compiled, Diagnostic, Rules, StateMachine as Definition};
use crd::metadata::annotations;
use crd::{Engine, StateMachine, reasons};
use kube::ResourceExt as _;

use super::dereference::{Dereferenced, Found};
use crate::arn::Place;
use crate::revision::Content;

/// Why a StateMachine cannot be executed.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// In PascalCase.
    pub reason: &'static str,
    /// In words.
    pub message: String,
    /// What is wrong with its definition.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether something else may appear that it waits for; else it waits for its own change.
    pub waits: bool,
}

impl Invalid {
    fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            diagnostics: Vec::new(),
            waits: false,
        }
    }

    fn waits(reason: &'static str, message: String) -> Self {
        Self {
            waits: true,
            ..Self::new(reason, message)
        }
    }
}

/// Refuses a StateMachine whose name another one of its namespace has.
///
/// # Errors
/// There is such an `other`. Source: API reference, `CreateStateMachine`,
/// `StateMachineAlreadyExists`.
pub fn validate_name(state_machine: &StateMachine, other: Option<&str>) -> Result<(), Invalid> {
    let Some(other) = other else {
        return Ok(());
    };
    let message = format!(
        "spec.name '{}' is that of the StateMachine '{other}' already: in a namespace each has its own",
        state_machine.spec.name
    );
    Err(Invalid::waits(reasons::ALREADY_EXISTS, message))
}

/// What a StateMachine is to be pinned as; its definition is not compiled yet.
///
/// # Errors
/// See [`Invalid`].
pub fn validate_content(
    state_machine: &StateMachine,
    found: &Dereferenced,
    place: &Place,
) -> Result<Content, Invalid> {
    let spec = &state_machine.spec;
    if spec.engine == Engine::AWS {
        return Err(Invalid::new(
            reasons::UNSUPPORTED,
            "spec.engine is 'AWS': this operator runs state machines in the cluster; \
             set it to 'Kubernetes' or leave it out",
        ));
    }
    let role_arn = match &found.role_arn {
        Found::NotAsked => spec.role_arn.clone().filter(|arn| !arn.is_empty()),
        Found::Text(arn) => Some(arn.clone()),
        Found::Nothing(why) => {
            let message = format!("spec.roleRef: {why}");
            return Err(Invalid::waits(reasons::ROLE_NOT_FOUND, message));
        }
    };
    let region = state_machine.annotations().get(annotations::REGION);
    Ok(Content {
        definition: definition_text(state_machine, found)?,
        name: spec.name.clone(),
        role_arn,
        service_account_name: spec.service_account_name.clone(),
        place: Place {
            region: region.unwrap_or(&place.region).clone(),
            ..place.clone()
        },
        type_: spec.type_.unwrap_or_default(),
    })
}

fn definition_text(state_machine: &StateMachine, found: &Dereferenced) -> Result<String, Invalid> {
    let spec = &state_machine.spec;
    let substitutions = &spec.definition_substitutions;
    let text = match (&spec.definition, &spec.definition_object, &found.definition) {
        (Some(text), _, _) | (None, None, Found::Text(text)) => {
            crd::substitute(text, substitutions)
        }
        (None, Some(object), _) => {
            refuse_deep(object)?;
            crd::substitute_in(object.clone(), substitutions)
        }
        (None, None, Found::Nothing(why)) => {
            let message = format!("spec.definitionFrom: {why}");
            return Err(Invalid::waits(reasons::DEFINITION_NOT_FOUND, message));
        }
        (None, None, Found::NotAsked) => {
            let message = "none of spec.definition, spec.definitionObject and \
                           spec.definitionFrom is set: set one of them";
            return Err(Invalid::new(reasons::INVALID_DEFINITION, message));
        }
    };
    text.map_err(too_large)
}

/// What is deeper was cut when it was read.
fn refuse_deep(object: &serde_json::Value) -> Result<(), Invalid> {
    if crd::lean::depth(object) < crd::lean::MAX_READ_DEPTH {
        return Ok(());
    }
    let limit = crd::lean::MAX_READ_DEPTH - 1;
    let message = format!("spec.definitionObject is nested in more than {limit} levels");
    Err(Invalid::new(reasons::INVALID_DEFINITION, message))
}

fn too_large(error: crd::DefinitionTooLargeError) -> Invalid {
    Invalid::new(reasons::INVALID_DEFINITION, error.to_string())
}

/// Compiles a definition.
///
/// # Errors
/// Its diagnostics, the first of them in the message.
pub fn validate_definition(text: &str, rules: Rules<'_>) -> Result<Compiled, Invalid> {
    Definition::compile_with(text, rules).map_err(|diagnostics| Invalid {
        message: in_words(&diagnostics),
        diagnostics,
        ..Invalid::new(reasons::INVALID_DEFINITION, "")
    })
}

/// What is wrong, and where: errors first.
fn in_words(diagnostics: &[Diagnostic]) -> String {
    let mut sorted: Vec<_> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| diagnostic.severity);
    let texts: Vec<_> = sorted.iter().take(5).map(ToString::to_string).collect();
    match diagnostics.len() - texts.len() {
        0 => texts.join("; "),
        more => format!("{}; and {more} more", texts.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crd::StateMachineSpec;
    use serde_json::json;

    use super::*;

    fn place() -> Place {
        Place {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
        }
    }

    fn content(spec: StateMachineSpec, found: &Dereferenced) -> Result<Content, Invalid> {
        validate_content(&StateMachine::new("m", spec), found, &place())
    }

    fn values() -> BTreeMap<String, String> {
        let values = [("A", "1"), ("B", "${A}"), ("Äö", "ü")];
        values
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn a_structured_definition_is_substituted_in_its_texts() {
        let spec = StateMachineSpec {
            definition_object: Some(json!({"StartAt": "${A}", "Version": 1})),
            definition_substitutions: values(),
            ..StateMachineSpec::default()
        };
        let text = content(spec, &Dereferenced::default()).unwrap().definition;
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object, json!({"StartAt": "1", "Version": 1}));
    }

    #[test]
    fn substitutions_cannot_blow_a_definition_up() {
        let spec = StateMachineSpec {
            definition: Some("${A}".repeat(10_000)),
            definition_substitutions: [("A".to_owned(), "x".repeat(100_000))].into(),
            ..StateMachineSpec::default()
        };
        let invalid = content(spec, &Dereferenced::default()).unwrap_err();
        assert_eq!(invalid.reason, "InvalidDefinition");
        assert!(invalid.message.ends_with("at most 1048576 are allowed"));
    }

    #[test]
    fn a_missing_config_map_is_waited_for() {
        let found = Dereferenced {
            definition: Found::Nothing("there is no ConfigMap 'c'".to_owned()),
            ..Dereferenced::default()
        };
        let invalid = content(StateMachineSpec::default(), &found).unwrap_err();
        assert_eq!(
            invalid.message,
            "spec.definitionFrom: there is no ConfigMap 'c'"
        );
        assert!(invalid.waits);
    }

    #[test]
    fn the_engine_aws_is_not_to_be_had_here() {
        let spec = StateMachineSpec {
            engine: Engine::AWS,
            ..StateMachineSpec::default()
        };
        let invalid = content(spec, &Dereferenced::default()).unwrap_err();
        assert_eq!((invalid.reason, invalid.waits), ("Unsupported", false));
    }

    #[test]
    fn an_express_state_machine_is_held_against_its_rules() {
        let definition = json!({"StartAt": "S", "States": {"S": {
            "Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": true}}});
        let spec = StateMachineSpec {
            definition_object: Some(definition),
            type_: Some(crd::StateMachineType::Express),
            ..StateMachineSpec::default()
        };
        let content = content(spec, &Dereferenced::default()).unwrap();
        let rules = Rules {
            machine_type: content.machine_type(),
            serves: &|_| true,
        };
        let invalid = validate_definition(&content.definition, rules).unwrap_err();
        let expected = "Express state machine does not support '.sync' service integration";
        assert!(invalid.message.contains(expected), "{}", invalid.message);
    }

    #[test]
    fn a_role_found_by_reference_is_the_role() {
        let found = Dereferenced {
            role_arn: Found::Text("arn:aws:iam::1:role/r".to_owned()),
            ..Dereferenced::default()
        };
        let spec = StateMachineSpec {
            definition: Some("{}".to_owned()),
            ..StateMachineSpec::default()
        };
        let content = content(spec, &found).unwrap();
        assert_eq!(content.role_arn.as_deref(), Some("arn:aws:iam::1:role/r"));
    }
}
