//! Intrinsic functions of JSONPath states: `States.Format('Hello {}', $.name)`.
//!
//! Source: States Language, "Intrinsic Functions"; Step Functions developer guide, "Intrinsics
//! for JSONPath states in Step Functions workflows". Each function is in the file named after
//! it.

mod argument;
mod array;
mod array_contains;
mod array_get_item;
mod array_length;
mod array_partition;
mod array_range;
mod array_unique;
mod base64_decode;
mod base64_encode;
mod format;
mod function;
mod hash;
mod json_merge;
mod json_to_string;
mod math_add;
mod math_random;
mod parse;
mod string_split;
mod string_to_json;
mod uuid;

use std::fmt;
use std::sync::Arc;

use self::argument::{Argument, Arguments};
use self::function::Function;
use super::jsonpath::{Cursor, Failure};
use super::{QueryError, Scope, SyntaxError};
use crate::errors;
use crate::value::Value;

pub(in crate::query) use self::hash::hash;

/// A compiled intrinsic function call. Cloning is cheap.
#[derive(Clone)]
pub struct Intrinsic(Arc<Call>);

/// A call, as a field's value or as an argument of another call.
pub(in crate::query) struct Call {
    text: Arc<str>,
    function: Function,
    arguments: Vec<Argument>,
}

impl fmt::Debug for Intrinsic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Intrinsic").field(&self.0.text).finish()
    }
}

impl Intrinsic {
    /// Compiles a call.
    ///
    /// # Errors
    /// The text is no call of a known function, or one with too few or too many arguments.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let mut cursor = Cursor::new(text);
        cursor.skip_spaces();
        let call = parse::call(&mut cursor)?;
        cursor.skip_spaces();
        if cursor.at_end() {
            return Ok(Self(Arc::new(call)));
        }
        Err(cursor.expected("the end of the intrinsic function"))
    }

    /// The call as it was written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// The names of the variables that the arguments read, without `$`; a name may come twice.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.collect_variables(&mut names);
        names
    }

    /// Whether an argument reads the context object (`$$`).
    #[must_use]
    pub fn reads_context(&self) -> bool {
        self.0.reads_context()
    }

    /// Calls the function.
    ///
    /// # Errors
    /// `States.IntrinsicFailure` where the function refuses its arguments; `States.Runtime`
    /// where a path among them finds nothing; `States.DataLimitExceeded` where what it is called
    /// with, or what it gives, takes too much.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, QueryError> {
        self.0.evaluate(scope)
    }
}

impl Call {
    fn evaluate(&self, scope: &Scope<'_>) -> Result<Value, QueryError> {
        if scope.time_left().is_zero() {
            let message = "the state's queries before it took all the time that they have together";
            return Err(self.failed(errors::INTRINSIC_FAILURE, message));
        }
        let answer = scope.memory.lent(|| self.answer(scope))?;
        scope.memory.kept(answer)
    }

    /// The function's answer to the arguments, which are dropped.
    fn answer(&self, scope: &Scope<'_>) -> Result<Value, QueryError> {
        let mut values = Vec::with_capacity(self.arguments.len());
        for argument in &self.arguments {
            values.push(self.argument(argument, scope)?);
        }
        let arguments = Arguments::new(&values);
        self.function
            .call(&arguments, scope)
            .map_err(|message| self.failed(errors::INTRINSIC_FAILURE, &message))
    }

    fn argument(&self, argument: &Argument, scope: &Scope<'_>) -> Result<Value, QueryError> {
        match argument {
            Argument::Constant(value) => Ok(value.clone()),
            Argument::Call(call) => call.evaluate(scope),
            Argument::Path(path) => match path.resolve(scope) {
                Ok(value) => scope.memory.kept(value.into_owned()),
                Err(Failure::Exhausted) => Err(path.exhausted()),
                Err(Failure::Missing) => Err(self.failed(
                    errors::RUNTIME,
                    &format!(
                        "The JsonPath argument for the field '{}' could not be found in the input '{}'",
                        path.text(),
                        scope.input
                    ),
                )),
            },
        }
    }

    fn failed(&self, name: &'static str, message: &str) -> QueryError {
        QueryError::new(
            name,
            format!(
                "The function '{}' had the following error: {message}",
                self.text
            ),
        )
    }

    fn collect_variables<'c>(&'c self, names: &mut Vec<&'c str>) {
        for argument in &self.arguments {
            match argument {
                Argument::Constant(_) => {}
                Argument::Path(path) => names.extend(path.variable()),
                Argument::Call(call) => call.collect_variables(names),
            }
        }
    }

    fn reads_context(&self) -> bool {
        self.arguments.iter().any(|argument| match argument {
            Argument::Constant(_) => false,
            Argument::Path(path) => path.reads_context(),
            Argument::Call(call) => call.reads_context(),
        })
    }
}

#[cfg(test)]
mod tests;
