//! What a state's behaviour works with: its fields, its data, and how it fails.

use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use super::context::ContextSource;
use super::interface::{ExecutionInfo, Limits};
use super::redrive::Redrives;
use super::thread::Thread;
use crate::errors::{DATA_LIMIT_EXCEEDED, Fault, QUERY_EVALUATION_ERROR, RUNTIME};
use crate::query::{Dynamic, LazyValue, Memory, QueryError, Random, Scope};
use crate::states::State;
use crate::value::{MAX_DEPTH, Value};

/// One state of one thread at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stage<'a> {
    /// The execution.
    pub info: &'a ExecutionInfo,
    /// Its limits.
    pub limits: Limits,
    /// How much the variables of the execution take.
    pub stored_bytes: usize,
    /// How often it was redriven.
    pub redrives: Redrives,
    /// The state.
    pub state: &'a State,
    /// The thread in it.
    pub thread: &'a Thread,
    /// The token of the task that is being made, where it has one.
    pub token: Option<&'a Arc<str>>,
    /// A context object in place of the execution's own.
    pub context: Option<&'a Value>,
    /// The time.
    pub now: Timestamp,
    /// Randomness.
    pub random: &'a Random,
    /// When its queries are to be over; `None` is never.
    pub query_deadline: Option<Instant>,
}

/// The data beside the input that a query may refer to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Given<'a> {
    /// `$states.result`
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`
    pub error_output: Option<&'a Value>,
}

impl Stage<'_> {
    /// Runs a query against `input`; a failure is told as this state's fault.
    pub fn query<T>(
        &self,
        input: &Value,
        given: Given<'_>,
        query: impl FnOnce(&Scope<'_>) -> Result<T, QueryError>,
    ) -> Result<T, Fault> {
        let source = ContextSource {
            info: self.info,
            redrives: self.redrives,
            state: &self.state.name,
            entered: self.thread.entered,
            retry_count: self
                .state
                .counts_retries()
                .then_some(self.thread.retries.total),
            token: self.token,
            item: self.thread.item.as_deref(),
        };
        let build = || self.context.map_or_else(|| source.build(), Value::clone);
        let context = LazyValue::new(&build);
        let scope = Scope {
            input,
            context: &context,
            variables: &self.thread.variables,
            result: given.result,
            error_output: given.error_output,
            random: self.random,
            now: self.now,
            deadline: self.query_deadline,
            memory: &Memory::of(self.limits.payload_bytes),
        };
        query(&scope).map_err(|error| self.fault(error))
    }

    /// Evaluates a field that may be fixed, against the effective input.
    pub fn dynamic<T: Clone, E>(
        &self,
        field: &Dynamic<T>,
        name: &str,
        input: &Value,
        read: impl FnOnce(&Value) -> Result<T, E>,
        wrong: impl FnOnce(E, &Value, &str) -> String,
    ) -> Result<T, Fault> {
        let (value, text) = match field {
            Dynamic::Fixed(value) => return Ok(value.clone()),
            Dynamic::Path(path) => {
                let value = self.query(input, Given::default(), |s| path.evaluate(s))?;
                (value, path.text())
            }
            Dynamic::Intrinsic(intrinsic) => {
                let value = self.query(input, Given::default(), |s| intrinsic.evaluate(s))?;
                (value, name)
            }
            Dynamic::Expression(expression) => {
                let value =
                    self.query(input, Given::default(), |s| expression.evaluate(s, name))?;
                (value, expression.text())
            }
        };
        read(&value).map_err(|error| {
            let message = wrong(error, &value, text);
            match field {
                Dynamic::Expression(_) => self.fault(QueryError {
                    name: QUERY_EVALUATION_ERROR,
                    message,
                    location: Some(name.to_owned()),
                }),
                _ => self.runtime(&message),
            }
        })
    }

    /// A failed query as a fault. AWS puts the state and its event before every such text, but
    /// where data is too large.
    pub fn fault(&self, error: QueryError) -> Fault {
        if error.name == DATA_LIMIT_EXCEEDED {
            return too_large(&self.state.name);
        }
        Fault {
            location: error.location.map(Into::into),
            ..Fault::new(error.name, self.in_this_state(&error.message))
        }
    }

    /// A `States.Runtime` fault of this state.
    pub fn runtime(&self, message: &str) -> Fault {
        Fault::new(RUNTIME, self.in_this_state(message))
    }

    /// AWS's text for where an error happened, before the error's own.
    pub fn in_this_state(&self, message: &str) -> String {
        format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {message}",
            self.state.name, self.thread.entered.event
        )
    }

    /// Refuses a payload over the limits of size and nesting.
    pub fn check_size(&self, payload: &Value, returned_by: &str) -> Result<(), Fault> {
        if payload.depth() > MAX_DEPTH {
            let cause = format!(
                "The state/task '{returned_by}' returned a result that is nested in more than \
                 {MAX_DEPTH} levels."
            );
            return Err(Fault::new(DATA_LIMIT_EXCEEDED, cause));
        }
        if payload.text_len() <= self.limits.payload_bytes {
            return Ok(());
        }
        Err(too_large(returned_by))
    }

    /// Refuses variables with which all that the execution stores is over the limit.
    pub fn check_variables(&self, assigned: &Value) -> Result<(), Fault> {
        let most = self.limits.variables_bytes;
        if self.stored_bytes + assigned.text_len() <= most {
            return Ok(());
        }
        let variables = &self.thread.variables;
        let others = self.stored_bytes - variables.own_bytes();
        if let Some(assigned) = assigned.as_object()
            && others + variables.own_bytes_with(assigned) <= most
        {
            return Ok(());
        }
        let cause = format!("The variables of the execution take more than {most} bytes.");
        Err(Fault::new(DATA_LIMIT_EXCEEDED, self.in_this_state(&cause)))
    }
}

/// AWS's fault for a payload over the limit of size.
fn too_large(returned_by: &str) -> Fault {
    Fault::new(
        DATA_LIMIT_EXCEEDED,
        format!(
            "The state/task '{returned_by}' returned a result with a size exceeding the maximum \
             number of bytes service limit."
        ),
    )
}

/// AWS's text for an expression whose result has the wrong type.
pub(crate) fn unexpected_type(text: &str, field: &str, expected: &str, found: &Value) -> String {
    format!(
        "The JSONata expression '{text}' specified for the field '{field}' returned an unexpected \
         result type. Expected '{expected}', but was '{}' for value: {found}",
        found.kind()
    )
}
