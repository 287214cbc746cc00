//! What is asked of a JSONata engine, so that another can take its place.

use std::fmt;
use std::time::Duration;

use super::states::States;
use crate::query::{Scope, SyntaxError};
use crate::value::Value;

/// A compiled expression.
pub trait Program: Send + Sync + fmt::Debug {
    /// The names that the expression reads and does not bind itself, without `$`: variables and
    /// functions.
    fn names(&self) -> Box<dyn Iterator<Item = &str> + '_>;

    /// The members of the variable `name` that the expression may read; `None` where it may
    /// read all of it.
    fn members(&self, name: &str) -> Option<Vec<&str>>;

    /// The names that the expression reads from the input document at its top level, with `$` and
    /// `$$` where they are that document.
    fn top_level_names(&self) -> Vec<&str>;

    /// Evaluates the expression; `None` is JSONata's undefined.
    ///
    /// # Errors
    /// The expression fails, or passes a limit.
    fn evaluate(&self, environment: &Environment<'_>) -> Result<Option<Value>, EvaluationError>;
}

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CompileError {
    /// JSONata's code, such as `S0202`.
    pub code: String,
    /// JSONata's text.
    pub message: String,
    /// Bytes into the text.
    pub offset: usize,
}

impl From<CompileError> for SyntaxError {
    fn from(error: CompileError) -> Self {
        Self {
            message: error.message,
            offset: error.offset,
        }
    }
}

/// What an evaluation may see, and what bounds it.
#[derive(Debug)]
pub struct Environment<'a> {
    /// The input document; Step Functions has none.
    pub input: Option<&'a Value>,
    /// Where `$states` and the state machine's variables come from.
    pub scope: Option<&'a Scope<'a>>,
    /// The members of `$states` that are needed.
    pub states: States,
    /// Further variables, without `$`.
    pub variables: &'a [(&'a str, Value)],
    /// `$now()` and `$millis()`, in milliseconds since 1970.
    pub now_millis: i64,
    /// What bounds it.
    pub limits: Limits,
}

/// Bounds of an evaluation. Those on depth, steps and sizes are the same on every machine; the
/// one on time is the last resort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested evaluations.
    pub depth: usize,
    /// Nodes evaluated, functions called and work of regular expressions.
    pub steps: u64,
    /// Items of an array.
    pub array_items: usize,
    /// Bytes of a text.
    pub text_bytes: usize,
    /// Bytes of the result as JSON text.
    pub result_bytes: usize,
    /// Time.
    pub time: Duration,
}

impl Default for Limits {
    /// Step Functions was seen to stop between 95 and 125 nested evaluations and between
    /// 800,000 and 900,000 items (of its memory limit); depth is more generous here.
    fn default() -> Self {
        Self {
            depth: 1_000,
            steps: 10_000_000,
            array_items: 850_000,
            text_bytes: 16 << 20,
            result_bytes: 16 << 20,
            time: Duration::from_secs(1),
        }
    }
}

/// Why an evaluation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct EvaluationError {
    /// JSONata's code, such as `T2001`.
    pub code: String,
    /// JSONata's text.
    pub message: String,
    /// What kind of failure it is.
    pub kind: Kind,
}

/// Kinds of failures, which Step Functions reports differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The expression is wrong for the data.
    Expression,
    /// Nested too deep.
    Depth,
    /// Too large.
    Size,
    /// Too long.
    Time,
}

impl EvaluationError {
    /// There is no time left to evaluate an expression in.
    pub(super) fn out_of_time() -> Self {
        Self {
            code: "D1012".into(),
            message: "The time for all expressions together is used up".into(),
            kind: Kind::Time,
        }
    }

    /// How Step Functions ends the sentence about a failed expression.
    pub(super) fn ending(&self) -> String {
        match self.kind {
            Kind::Expression => format!(". {}: {}", self.code, self.message),
            Kind::Depth => ": Stack overflow error: Check for non-terminating recursive function. \
                            Consider rewriting as tail-recursive"
                .into(),
            Kind::Size => ": Expression evaluation memory limit exceeded: Check for excessive \
                           memory usage"
                .into(),
            Kind::Time => ": Expression evaluation timeout: Check for infinite loop".into(),
        }
    }
}
