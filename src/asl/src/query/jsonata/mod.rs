//! JSONata as Step Functions speaks it: release 2.0.6, `$states` and the state machine's
//! variables in place of an input document, six functions more and `$eval` less.
//!
//! Source: Step Functions developer guide, "Transforming data with JSONata in Step Functions".

mod engine;
mod functions;
mod jlens;
mod plain;
mod states;
mod top_level;

use std::fmt;
use std::sync::Arc;

pub use engine::{CompileError, Environment, EvaluationError, Kind, Limits, Program};

use self::plain::Plain;
use self::states::States;
use super::location::Location;
use super::{QueryError, Scope, SyntaxError};
use crate::errors;
use crate::value::Value;

/// Compiles an expression of plain JSONata 2.0.6, without what Step Functions adds and refuses.
///
/// # Errors
/// The text is no expression, or one of a later release.
pub fn compile(text: &str) -> Result<Arc<dyn Program>, CompileError> {
    jlens::compile(text, None)
}

/// A compiled expression. Cloning is cheap.
#[derive(Clone)]
pub struct Expression(Arc<Compiled>);

struct Compiled {
    text: Arc<str>,
    program: Arc<dyn Program>,
    states: States,
    /// Set where the expression is a plain path, which needs no engine.
    plain: Option<Plain>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.0.text).finish()
    }
}

impl Expression {
    /// What an expression begins with in a definition.
    pub const OPENING: &str = "{%";
    /// What it ends with.
    pub const CLOSING: &str = "%}";

    /// What stands between `{%` and `%}`, where a text is all one expression.
    #[must_use]
    pub fn delimited(text: &str) -> Option<&str> {
        text.strip_prefix(Self::OPENING)?
            .strip_suffix(Self::CLOSING)
    }

    /// Whether a text begins or ends as an expression does. With spaces around it, it is a text
    /// like any other.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        text.starts_with(Self::OPENING) || text.ends_with(Self::CLOSING)
    }

    /// Compiles an expression with its `{%` and `%}`.
    ///
    /// # Errors
    /// The text is no expression, or one of its ends is missing.
    pub fn parse_delimited(text: &str) -> Result<Self, SyntaxError> {
        let inside = Self::delimited(text).ok_or_else(|| SyntaxError {
            message: format!(
                "A JSONata expression must begin with '{}' and end with '{}', with nothing around \
                 them",
                Self::OPENING,
                Self::CLOSING
            ),
            offset: 0,
        })?;
        Self::parse(inside).map_err(|error| SyntaxError {
            offset: error.offset + Self::OPENING.len(),
            ..error
        })
    }

    /// Compiles what stands between `{%` and `%}`.
    ///
    /// # Errors
    /// The text is no expression.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let trimmed = text.trim();
        let program = jlens::compile(trimmed, Some(functions::stateless())).map_err(|error| {
            let before = text.len() - text.trim_start().len();
            SyntaxError {
                offset: error.offset + before,
                message: error.message,
            }
        })?;
        Ok(Self(Arc::new(Compiled {
            text: trimmed.into(),
            states: States::read_by(&*program),
            plain: Plain::recognize(trimmed),
            program,
        })))
    }

    /// The expression as it was written, without `{%` and `%}` and the spaces inside them.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The names of the variables that the expression reads, without `$`: not `$states`, the
    /// built-in functions, or what it binds itself.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let names = self.0.program.names();
        names.filter(|name| !functions::is_known(name)).collect()
    }

    /// The names that the expression reads from an input document, which Step Functions does not
    /// give: `name`, but not `$variable.name`; `$` and `$$` where they are that document.
    #[must_use]
    pub fn top_level_names(&self) -> Vec<&str> {
        self.0.program.top_level_names()
    }

    /// The members of `$states` that the expression reads by name.
    #[must_use]
    pub fn states_members(&self) -> Vec<&str> {
        self.0.program.members(states::NAME).unwrap_or_default()
    }

    /// Evaluates the expression for the field `field`, which AWS names in its message.
    ///
    /// # Errors
    /// `States.QueryEvaluationError`, also where the result is undefined;
    /// `States.DataLimitExceeded` where it takes too much.
    pub fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, QueryError> {
        self.evaluate_at(scope, &Location::Field(field))
    }

    pub(in crate::query) fn evaluate_at(
        &self,
        scope: &Scope<'_>,
        location: &Location<'_>,
    ) -> Result<Value, QueryError> {
        let result = match self
            .0
            .plain
            .as_ref()
            .and_then(|plain| plain.evaluate(scope))
        {
            Some(found) => Ok(found),
            None => self.run(&*self.0.program, scope),
        };
        match result {
            Ok(Some(value)) => scope.memory.kept(value),
            Ok(None) if self.gives_function(scope) => {
                Err(self.failed(location, "returned an unsupported result type."))
            }
            Ok(None) => Err(self.failed(location, "returned nothing (undefined).")),
            Err(error) => Err(self.failed(
                location,
                &format!("threw an error during evaluation{}", error.ending()),
            )),
        }
    }

    /// Runs a program that reads what the expression reads.
    fn run(
        &self,
        program: &dyn Program,
        scope: &Scope<'_>,
    ) -> Result<Option<Value>, EvaluationError> {
        let environment = self.environment(scope);
        // The engine looks at the clock only after some steps, however long each of them takes.
        if environment.limits.time.is_zero() {
            return Err(EvaluationError::out_of_time());
        }
        program.evaluate(&environment)
    }

    fn environment<'a>(&'a self, scope: &'a Scope<'a>) -> Environment<'a> {
        let limits = Limits::default();
        Environment {
            input: None,
            scope: Some(scope),
            states: self.0.states,
            variables: &[],
            now_millis: scope.now.as_millisecond(),
            limits: Limits {
                time: limits.time.min(scope.time_left()),
                ..limits
            },
        }
    }

    /// Whether an expression that gave no value gave a function instead. Asked only of
    /// expressions that failed.
    fn gives_function(&self, scope: &Scope<'_>) -> bool {
        let question = format!("$type(({}\n))", self.text());
        let Ok(program) = jlens::compile(&question, Some(functions::stateless())) else {
            return false;
        };
        let answer = self.run(&*program, scope);
        matches!(answer, Ok(Some(kind)) if kind.as_str() == Some("function"))
    }

    fn failed(&self, location: &Location<'_>, what: &str) -> QueryError {
        let location = location.to_string();
        QueryError {
            name: errors::QUERY_EVALUATION_ERROR,
            message: format!(
                "The JSONata expression '{}' specified for the field '{location}' {what}",
                self.text()
            ),
            location: Some(location),
        }
    }
}

#[cfg(test)]
mod tests;
