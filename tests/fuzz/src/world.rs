//! What a query sees.

use asl::Value;
use asl::query::{LazyValue, Memory, QueryError, Random, Scope, Variables};
use asl::value::ObjectBuilder;
use jiff::Timestamp;

/// An input, a context object and variables.
pub struct World {
    input: Value,
    context: Value,
    variables: Variables,
}

impl World {
    /// A world whose input, context object and variable `$x` are this value.
    #[must_use]
    pub fn of(value: Value) -> Self {
        let mut variables = Variables::default();
        let assigned = ObjectBuilder::default().with("x", value.clone()).build();
        variables.assign(&assigned);
        Self {
            input: value.clone(),
            context: value,
            variables,
        }
    }

    /// Evaluates a query. Its error must be one of the States Language.
    pub fn ask(
        &self,
        query: impl FnOnce(&Scope<'_>) -> Result<Value, QueryError>,
    ) -> Option<Value> {
        let context = || self.context.clone();
        let found = query(&Scope {
            input: &self.input,
            context: &LazyValue::new(&context),
            variables: &self.variables,
            result: Some(&self.input),
            error_output: None,
            random: &Random::new(1),
            now: Timestamp::UNIX_EPOCH,
            deadline: None,
            memory: &Memory::of(256 * 1024),
        });
        match found {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(error.name.starts_with("States."), "{error}");
                None
            }
        }
    }
}
