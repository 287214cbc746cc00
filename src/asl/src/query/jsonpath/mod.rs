//! JSONPath as Step Functions speaks it.
//!
//! Source: States Language, "Paths" and "Reference Paths"; where those are silent, the JSONPath
//! implementation that Step Functions is seen to use (Jayway): a definite path (names and
//! indexes alone) finds one value or fails, any other finds a list, which may be empty.

mod budget;
mod cursor;
mod filter;
mod filter_parse;
mod function;
mod missing;
mod parse;
mod pattern;
mod reference;
mod segment;
mod select;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

pub(in crate::query) use cursor::Cursor;
pub use reference::ReferencePath;

pub use super::intrinsics::Intrinsic;

use self::budget::Budget;
use self::parse::Place;
use self::segment::{Root, Steps};
use super::{QueryError, Scope, SyntaxError};
use crate::errors;
use crate::value::Value;

/// A compiled path: `$.a[0]`, `$$.Execution.Name`, `$variable.b`, `$..c`. Cloning is cheap.
#[derive(Clone)]
pub struct Path(Arc<Compiled>);

struct Compiled {
    text: Arc<str>,
    root: Root,
    steps: Steps,
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Path").field(&self.0.text).finish()
    }
}

/// Why a path gave no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Failure {
    /// A definite path found nothing.
    Missing,
    /// The path looked at more values than one evaluation may, or took too long with others.
    Exhausted,
}

impl Path {
    /// Compiles a path.
    ///
    /// # Errors
    /// The text is no path.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        let path = Self::parse_prefix(&mut cursor)?;
        if cursor.at_end() {
            return Ok(path);
        }
        Err(cursor.expected("'.', '[' or the end of the path"))
    }

    /// Compiles the path that the rest of a text begins with.
    pub(in crate::query) fn parse_prefix(cursor: &mut Cursor<'_>) -> Result<Self, SyntaxError> {
        let start = cursor.offset();
        let root = parse::root(cursor)?;
        let steps = parse::steps(cursor, Place::Field)?;
        Ok(Self(Arc::new(Compiled {
            text: cursor.since(start).into(),
            root,
            steps,
        })))
    }

    /// The path as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the path can find one value at most; if not, it finds a list.
    #[must_use]
    pub fn is_definite(&self) -> bool {
        self.0.steps.definite
    }

    /// Whether the path reads the context object (`$$`).
    #[must_use]
    pub fn reads_context(&self) -> bool {
        self.0.root == Root::Context
    }

    /// The name of the variable that the path reads, without `$`.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match &self.0.root {
            Root::Variable(name) => Some(name),
            Root::Input | Root::Context => None,
        }
    }

    /// The value at a definite path, or the list of values that an indefinite path selects, for
    /// a field such as `InputPath`, `OutputPath` or `SecondsPath`. Payload templates have a
    /// message of their own; see [`Template`](super::Template).
    ///
    /// # Errors
    /// `States.Runtime` where a definite path finds nothing, or where the path looks at too many
    /// values.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, QueryError> {
        match self.resolve(scope) {
            Ok(value) => Ok(value.into_owned()),
            Err(Failure::Exhausted) => Err(self.exhausted()),
            Err(Failure::Missing) => Err(self.invalid(scope)),
        }
    }

    /// The value, `None` when a definite path finds nothing (`IsPresent`).
    ///
    /// # Errors
    /// `States.Runtime` where the path looks at too many values.
    pub fn find(&self, scope: &Scope<'_>) -> Result<Option<Value>, QueryError> {
        match self.resolve(scope) {
            Ok(value) => Ok(Some(value.into_owned())),
            Err(Failure::Exhausted) => Err(self.exhausted()),
            Err(Failure::Missing) => Ok(None),
        }
    }

    pub(in crate::query) fn resolve<'v>(
        &'v self,
        scope: &Scope<'v>,
    ) -> Result<Cow<'v, Value>, Failure> {
        let root = self.root(scope).ok_or(Failure::Missing)?;
        let steps = &self.0.steps;
        // Most paths are names and indexes that find something: these take the short way.
        if steps.function.is_none()
            && let Some(Some(value)) = select::follow(steps, root)
        {
            return Ok(Cow::Borrowed(value));
        }
        let time_left = scope.time_left();
        if time_left.is_zero() {
            return Err(Failure::Exhausted);
        }
        match select::resolve(steps, root, root, &mut Budget::new(time_left)) {
            Ok(found) => found.ok_or(Failure::Missing),
            Err(_) => Err(Failure::Exhausted),
        }
    }

    fn root<'v>(&self, scope: &Scope<'v>) -> Option<&'v Value> {
        match &self.0.root {
            Root::Input => Some(scope.input),
            Root::Context => Some(scope.context.get()),
            Root::Variable(name) => scope.variables.get(name),
        }
    }

    /// The failure of a path that looks at too many values.
    pub(in crate::query) fn exhausted(&self) -> QueryError {
        QueryError::new(
            errors::RUNTIME,
            format!(
                "Invalid path '{}' : it selects too many values",
                self.text()
            ),
        )
    }

    fn invalid(&self, scope: &Scope<'_>) -> QueryError {
        let path = self.text();
        let message = match self.root(scope) {
            None => format!(
                "Invalid path '{path}' : The variable '{}' is not assigned",
                self.variable().unwrap_or_default()
            ),
            Some(Value::Null) => {
                "Unable to apply Path transformation to null or empty input.".to_owned()
            }
            Some(root) => format!(
                "Invalid path '{path}' : {}",
                missing::explain(&self.0.steps, root)
            ),
        };
        QueryError::new(errors::RUNTIME, message)
    }
}

#[cfg(test)]
mod tests;
