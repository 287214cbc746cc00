//! What a query can see.

use std::cell::OnceCell;
use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Memory, Random, Variables};
use crate::value::Value;

/// Everything a path, template or expression may refer to.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// `$` in JSONPath, `$states.input` in JSONata.
    pub input: &'a Value,
    /// `$$` in JSONPath, `$states.context` in JSONata.
    pub context: &'a LazyValue<'a>,
    /// `$name` in both.
    pub variables: &'a Variables,
    /// `$states.result`, where a result exists.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`, in a Catcher.
    pub error_output: Option<&'a Value>,
    /// The source of `States.UUID`, `States.MathRandom`, `$random` and `$uuid`.
    pub random: &'a Random,
    /// `$now()` and `$millis()`.
    pub now: Timestamp,
    /// When all is to be evaluated that is evaluated together; `None` is never.
    pub deadline: Option<Instant>,
    /// What is left for the values that are made.
    pub memory: &'a Memory,
}

impl Scope<'_> {
    /// The time until the deadline.
    pub(super) fn time_left(&self) -> Duration {
        self.deadline.map_or(Duration::MAX, |deadline| {
            deadline.saturating_duration_since(Instant::now())
        })
    }
}

/// A value that is built when it is first looked at. Most states never look at `$$`.
pub struct LazyValue<'a> {
    build: &'a dyn Fn() -> Value,
    value: OnceCell<Value>,
}

impl<'a> LazyValue<'a> {
    /// A value that `build` makes.
    #[must_use]
    pub fn new(build: &'a dyn Fn() -> Value) -> Self {
        Self {
            build,
            value: OnceCell::new(),
        }
    }

    /// The value.
    #[must_use]
    pub fn get(&self) -> &Value {
        self.value.get_or_init(|| (self.build)())
    }
}

impl fmt::Debug for LazyValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LazyValue").field(&self.value.get()).finish()
    }
}
