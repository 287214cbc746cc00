//! What is wrong with a definition, as `ValidateStateMachineDefinition` reports it.
//!
//! Source: Step Functions API reference, "ValidateStateMachineDefinitionDiagnostic".

use std::fmt;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// Whether the definition can be run all the same.
    pub severity: Severity,
    /// One of the names in [`code`].
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
    /// The field as AWS writes it, such as `/States/Choose/Choices[0]/Next`: a JSON pointer but
    /// for the indices of arrays. Empty where the problem lies in no field.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub location: String,
    /// Bytes into the field's text where the problem lies, for paths and expressions. Where the
    /// location is empty: bytes into the definition's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<usize>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The definition cannot be run.
    Error,
    /// It can, but is likely not what was meant.
    Warning,
}

/// The codes of diagnostics.
pub mod code {
    /// The text is neither JSON nor YAML.
    pub const INVALID_JSON_DESCRIPTION: &str = "INVALID_JSON_DESCRIPTION";
    /// A field is missing, unknown, of the wrong type or has a wrong value.
    pub const SCHEMA_VALIDATION_FAILED: &str = "SCHEMA_VALIDATION_FAILED";
    /// A Task's `Resource` cannot be run.
    pub const INVALID_RESOURCE: &str = "INVALID_RESOURCE";
    /// No state ends the state machine.
    pub const MISSING_END_STATE: &str = "MISSING_END_STATE";
    /// Two states have the same name.
    pub const DUPLICATE_STATE_NAME: &str = "DUPLICATE_STATE_NAME";
    /// A state's name is empty or too long.
    pub const INVALID_STATE_NAME: &str = "INVALID_STATE_NAME";
    /// Two Map states have the same `Label`.
    pub const DUPLICATE_LABEL_NAME: &str = "DUPLICATE_LABEL_NAME";
    /// A Map state's `Label` is empty, too long, or has a character that ARNs cannot hold.
    pub const INVALID_LABEL_NAME: &str = "INVALID_LABEL_NAME";
    /// A `Next` names no state of its scope, or no transition leads to a state.
    pub const MISSING_TRANSITION_TARGET: &str = "MISSING_TRANSITION_TARGET";
    /// Too many levels of nesting.
    pub const TOO_DEEPLY_NESTED: &str = "TOO_DEEPLY_NESTED";
    /// A JSONata expression cannot be parsed.
    pub const INVALID_JSONATA_EXPRESSION: &str = "INVALID_JSONATA_EXPRESSION";
    /// A JSONata expression refers to what is not there.
    pub const UNSUPPORTED_JSONATA_EXPRESSION: &str = "UNSUPPORTED_JSONATA_EXPRESSION";
    /// Warning: a value looks like a path, but its name does not end with `.$`.
    pub const NO_DOLLAR: &str = "NO_DOLLAR";
    /// Warning: a value looks like a path, but its name does not end with `Path`.
    pub const NO_PATH: &str = "NO_PATH";
    /// Warning: a path in a Pass state's `Result` is not evaluated.
    pub const PASS_RESULT_IS_STATIC: &str = "PASS_RESULT_IS_STATIC";
    /// Warning: a Retrier's `MaxDelaySeconds` cuts off its `IntervalSeconds`.
    pub const INTERVAL_ABOVE_MAX_DELAY: &str = "INTERVAL_ABOVE_MAX_DELAY";
    /// Warning: a name stands twice in an object; the last one counts.
    pub const DUPLICATE_FIELD: &str = "DUPLICATE_FIELD";
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        if self.location.is_empty() {
            return Ok(());
        }
        write!(f, " at {}", self.location)
    }
}
