//! Checks mocked results against what services answer.

use super::FieldValidationMode;
use super::response_shapes::response_of;
use crate::resource::Resource;
use crate::value::{Object, Value};

/// What a field of a response may hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Anything.
    Any,
    /// A text; dates and binary data are texts, too.
    Text,
    /// A text of at least so many characters.
    TextOf(usize),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A number.
    Number,
    /// A number within bounds.
    NumberIn(f64, f64),
    /// True or false.
    Boolean,
    /// An array of these.
    List(&'static Shape),
    /// An object with these fields, and others.
    Structure(&'static [Field]),
    /// An object with any names.
    Map(&'static Shape),
}

/// A field of a response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// Its name as Step Functions writes it.
    pub name: &'static str,
    /// What it holds.
    pub shape: Shape,
    /// Whether every response has it.
    pub required: bool,
}

/// Refuses a result that the service could not have answered. Services whose answers are not
/// known here are not checked.
pub(super) fn validate(
    resource: &Resource,
    result: &Value,
    mode: FieldValidationMode,
) -> Result<(), String> {
    let (Some(fields), Value::Object(result)) = (response_of(resource), result) else {
        return Ok(());
    };
    if mode == FieldValidationMode::None {
        return Ok(());
    }
    structure(fields, result, mode == FieldValidationMode::Strict)
        .map_err(|problem| format!("Mock result schema validation error: {problem}"))
}

fn structure(fields: &[Field], object: &Object, strict: bool) -> Result<(), String> {
    for field in fields {
        match object.get(field.name) {
            Some(value) => field.shape.validate(field.name, value, strict)?,
            None if field.required && strict => {
                return Err(format!("Required field '{}' is missing", field.name));
            }
            None => {}
        }
    }
    Ok(())
}

impl Shape {
    fn validate(&self, name: &str, value: &Value, strict: bool) -> Result<(), String> {
        let must_be = |kind| Err(format!("Field '{name}' must be {kind}"));
        match (self, value) {
            (Self::Any, _) | (Self::Text, Value::String(_)) | (Self::Number, Value::Number(_)) => {
                Ok(())
            }
            (Self::TextOf(least), Value::String(text)) if text.chars().count() < *least => {
                Err(format!("Field '{name}' is smaller than the minimum length"))
            }
            (Self::OneOf(values), Value::String(text)) if !values.contains(&&**text) => {
                Err(format!("Field '{name}' is not an expected value"))
            }
            (Self::TextOf(_) | Self::OneOf(_), Value::String(_))
            | (Self::Boolean, Value::Bool(_)) => Ok(()),
            (Self::NumberIn(least, most), Value::Number(number)) => {
                if number.as_f64() < *least {
                    return Err(format!("Field '{name}' is less than the minimum value"));
                }
                if number.as_f64() > *most {
                    return Err(format!("Field '{name}' exceeds the maximum value"));
                }
                Ok(())
            }
            (Self::List(item), Value::Array(array)) => array
                .items()
                .iter()
                .try_for_each(|value| item.validate(name, value, strict)),
            (Self::Structure(fields), Value::Object(object)) => structure(fields, object, strict),
            (Self::Map(shape), Value::Object(object)) => object
                .members()
                .iter()
                .try_for_each(|(key, value)| shape.validate(key, value, strict)),
            (Self::Text | Self::TextOf(_) | Self::OneOf(_), _) => must_be("a string"),
            (Self::Number | Self::NumberIn(..), _) => must_be("a number"),
            (Self::Boolean, _) => must_be("a boolean"),
            (Self::List(_), _) => must_be("an array"),
            (Self::Structure(_) | Self::Map(_), _) => must_be("an object"),
        }
    }
}
