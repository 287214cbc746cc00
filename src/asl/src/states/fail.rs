//! The Fail state: ends its scope with an error.
//!
//! Source: States Language, "Fail State".

use std::sync::Arc;

use crate::errors::Fault;
use crate::machine::stage::{Stage, unexpected_type};
use crate::query::Dynamic;
use crate::value::Value;

/// The fields of a Fail state.
#[derive(Debug, Default)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<Dynamic<Arc<str>>>,
    /// `Cause` or `CausePath`
    pub cause: Option<Dynamic<Arc<str>>>,
}

impl Fail {
    /// The error that the state ends its scope with.
    pub(crate) fn run(&self, stage: &Stage<'_>) -> Result<Fault, Fault> {
        let input = stage.state.data_flow.effective_input(stage)?;
        Ok(Fault {
            error: text(stage, &input, self.error.as_ref(), "Error")?,
            cause: text(stage, &input, self.cause.as_ref(), "Cause")?,
            ..Fault::default()
        })
    }
}

fn text(
    stage: &Stage<'_>,
    input: &Value,
    field: Option<&Dynamic<Arc<str>>>,
    name: &str,
) -> Result<Option<Arc<str>>, Fault> {
    let Some(field) = field else {
        return Ok(None);
    };
    let name = &*field.field_name(name);
    let read = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        _ => Err(()),
    };
    stage
        .dynamic(field, name, input, read, |(), value, text| match field {
            Dynamic::Expression(_) => unexpected_type(text, name, "string", value),
            _ => format!(
                "The {name} field refers to value \"{value}\" which is not a valid string: {text}"
            ),
        })
        .map(Some)
}
