//! The reserved variable `$states`.
//!
//! Source: Step Functions developer guide, "Transforming data with JSONata", "Reserved variable:
//! $states".

use super::Program;
use crate::query::Scope;
use crate::value::{ObjectBuilder, Value};

/// Its name.
pub(super) const NAME: &str = "states";

/// Which members of `$states` an expression may read. Only these are gathered: the context
/// object in particular is built for those who look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct States {
    input: bool,
    context: bool,
    result: bool,
    error_output: bool,
}

impl States {
    pub(super) fn read_by(program: &dyn Program) -> Self {
        if !program.names().any(|name| name == NAME) {
            return Self::default();
        }
        let members = program.members(NAME);
        let reads = |name| {
            members
                .as_ref()
                .is_none_or(|members| members.contains(&name))
        };
        Self {
            input: reads("input"),
            context: reads("context"),
            result: reads("result"),
            error_output: reads("errorOutput"),
        }
    }

    #[cfg(test)]
    pub(super) fn includes(self, member: &str) -> bool {
        match member {
            "input" => self.input,
            "context" => self.context,
            "result" => self.result,
            "errorOutput" => self.error_output,
            _ => false,
        }
    }

    pub(super) fn gather(self, scope: &Scope<'_>) -> Value {
        let mut members = ObjectBuilder::with_capacity(4);
        if self.input {
            members.set("input".into(), scope.input.clone());
        }
        if self.context {
            members.set("context".into(), scope.context.get().clone());
        }
        if let Some(result) = scope.result.filter(|_| self.result) {
            members.set("result".into(), result.clone());
        }
        if let Some(error) = scope.error_output.filter(|_| self.error_output) {
            members.set("errorOutput".into(), error.clone());
        }
        members.build().into()
    }

    /// A member as a value of the scope.
    pub(super) fn member<'v>(scope: &Scope<'v>, name: &str) -> Option<&'v Value> {
        match name {
            "input" => Some(scope.input),
            "context" => Some(scope.context.get()),
            "result" => scope.result,
            "errorOutput" => scope.error_output,
            _ => None,
        }
    }
}
