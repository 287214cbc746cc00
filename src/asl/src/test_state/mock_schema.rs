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

#[cfg(test)]
mod tests {
    use super::validate;
    use crate::resource::Resource;
    use crate::test_state::FieldValidationMode::{self, None, Present, Strict};
    use crate::value::parse;
    use rstest::rstest;

    #[rstest]
    #[case::complete("eks:call", r#"{"StatusCode":200,"ResponseBody":{}}"#, Strict, "")]
    #[case::missing("eks:call", "{}", Strict, "Required field 'ResponseBody' is missing")]
    #[case::missing_but_not_asked_for("eks:call", "{}", Present, "")]
    #[case::wrong_but_not_asked_for("eks:call", r#"{"StatusCode":"x"}"#, None, "")]
    #[case::no_number(
        "eks:call",
        r#"{"StatusCode":"x"}"#,
        Present,
        "Field 'StatusCode' must be a number"
    )]
    #[case::in_a_list(
        "events:putEvents",
        r#"{"Entries":[{"EventId":"a"},{"EventId":1}]}"#,
        Strict,
        "Field 'EventId' must be a string"
    )]
    #[case::no_list(
        "events:putEvents",
        r#"{"Entries":1}"#,
        Strict,
        "Field 'Entries' must be an array"
    )]
    #[case::in_a_map(
        "aws-sdk:eks:describeCluster",
        r#"{"Cluster":{"Tags":{"a":1}}}"#,
        Strict,
        "Field 'a' must be a string"
    )]
    #[case::no_such_value(
        "aws-sdk:s3:getObject",
        r#"{"StorageClass":"x"}"#,
        Strict,
        "Field 'StorageClass' is not an expected value"
    )]
    #[case::too_short(
        "aws-sdk:kms:encrypt",
        r#"{"KeyId":""}"#,
        Strict,
        "Field 'KeyId' is smaller than the minimum length"
    )]
    #[case::too_small(
        "aws-sdk:lambda:getFunction",
        r#"{"Configuration":{"MemorySize":1}}"#,
        Strict,
        "Field 'MemorySize' is less than the minimum value"
    )]
    #[case::unknown_service("aws-sdk:xyz:doIt", r#"{"a":1}"#, Strict, "")]
    fn a_mocked_result_is_checked_against_the_service(
        #[case] service: &str,
        #[case] result: &str,
        #[case] mode: FieldValidationMode,
        #[case] problem: &str,
    ) {
        let resource = Resource::parse(&format!("arn:aws:states:::{service}")).unwrap();
        let found = validate(&resource, &parse(result).unwrap(), mode);
        let expected = match problem {
            "" => Ok(()),
            problem => Err(format!("Mock result schema validation error: {problem}")),
        };
        assert_eq!(found, expected);
    }
}
