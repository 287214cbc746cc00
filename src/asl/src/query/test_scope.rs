//! A scope for the tests of queries.

use std::time::Instant;

use jiff::Timestamp;

use super::{LazyValue, Memory, QueryError, Random, Scope, Variables};
use crate::value::{Value, parse};

/// What a test's query sees.
pub(in crate::query) struct World {
    pub(in crate::query) input: Value,
    pub(in crate::query) context: Value,
    pub(in crate::query) variables: Variables,
    pub(in crate::query) result: Option<Value>,
    pub(in crate::query) deadline: Option<Instant>,
}

impl World {
    pub(in crate::query) fn new(input: &str) -> Self {
        let mut variables = Variables::default();
        let assigned = parse(r#"{"x":5,"list":[1,2,3],"obj":{"a":{"b":[1]}}}"#).unwrap();
        variables.assign(assigned.as_object().unwrap());
        Self {
            input: parse(input).unwrap(),
            context: parse(r#"{"Execution":{"Name":"run-1"}}"#).unwrap(),
            variables,
            result: None,
            deadline: None,
        }
    }

    pub(in crate::query) fn run<T>(
        &self,
        query: impl FnOnce(&Scope<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let context = self.context.clone();
        let build = move || context.clone();
        query(&Scope {
            input: &self.input,
            context: &LazyValue::new(&build),
            variables: &self.variables,
            result: self.result.as_ref(),
            error_output: None,
            random: &Random::new(1),
            now: Timestamp::UNIX_EPOCH,
            deadline: self.deadline,
            memory: &Memory::of(256 * 1024),
        })
    }
}
