//! Payload templates in fields, and the warnings about what looks like a path in them.
//!
//! Source: States Language, "Payload Template".

use super::compiler::Compiler;
use super::diagnostic::code;
use super::expression;
use super::fields::wrong_type;
use super::place::Place;
use crate::query::{QueryLanguage, Template};
use crate::value::Value;

/// Compiles a template; reports all its bad parts.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
    language: QueryLanguage,
) -> Option<Template> {
    if language == QueryLanguage::JsonPath {
        warn_of_paths_without_dollar(compiler, place, value);
    }
    let problems = match Template::compile(value, language) {
        Ok(template) => return Some(template),
        Err(problems) => problems,
    };
    for problem in problems {
        let location = format!("{place}{}", problem.pointer);
        let (code, message) = match language {
            QueryLanguage::Jsonata => (code::INVALID_JSONATA_EXPRESSION, problem.message),
            QueryLanguage::JsonPath => {
                let name = problem.pointer.rsplit('/').next().unwrap_or_default();
                let message = format!(
                    "The value for the field '{name}' must be a valid JSONPath or a valid \
                     intrinsic function call: {}",
                    problem.message
                );
                (code::SCHEMA_VALIDATION_FAILED, message)
            }
        };
        compiler.syntax_error(code, location, message, problem.offset);
    }
    None
}

/// An object in JSONPath states; in JSONata states an object or an expression.
pub(super) fn is_object_or_expression(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
    language: QueryLanguage,
) -> bool {
    let expected = match (language, value) {
        (_, Value::Object(_)) => return true,
        (QueryLanguage::Jsonata, Value::String(text)) if expression::inner(text).is_some() => {
            return true;
        }
        (QueryLanguage::Jsonata, _) => "Object or JSONata expression",
        (QueryLanguage::JsonPath, _) => "Object",
    };
    wrong_type(compiler, place, expected, value);
    false
}

/// Whether a text looks like a path or a call of an intrinsic function.
pub(super) fn looks_like_a_query(text: &str) -> bool {
    let looks_like_a_path = text
        .strip_prefix('$')
        .is_some_and(|rest| rest.starts_with(['.', '[', '$']) || rest.is_empty());
    looks_like_a_path || text.starts_with("States.") && text.ends_with(')')
}

fn warn_of_paths_without_dollar(compiler: &mut Compiler<'_>, place: &Place<'_>, value: &Value) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.members() {
                let place = place.member(name);
                match value {
                    Value::String(text) if !name.ends_with(".$") && looks_like_a_query(text) => {
                        compiler.warn(
                            code::NO_DOLLAR,
                            &place,
                            format!(
                                "The value of '{name}' looks like a path or an intrinsic \
                                 function, but is taken as text: its name does not end with '.$'"
                            ),
                        );
                    }
                    value => warn_of_paths_without_dollar(compiler, &place, value),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.items().iter().enumerate() {
                warn_of_paths_without_dollar(compiler, &place.item(index), item);
            }
        }
        _ => {}
    }
}
