//! What is wrong with a definition, as `ValidateStateMachineDefinition` reports it.

use std::fmt;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// Whether the definition can be run all the same.
    pub severity: Severity,
    /// Such as `SCHEMA_VALIDATION_FAILED` or `MISSING_TRANSITION_TARGET`.
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
    /// JSON pointer to the field, such as `/States/Hello/Next`.
    pub location: String,
    /// Bytes into the field's text where the problem lies, for paths and expressions.
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

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} at {}", self.code, self.message, self.location)
    }
}
