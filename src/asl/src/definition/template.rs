//! Payload templates in fields, and the warnings about what looks like a path in them.
//!
//! Source: States Language, "Payload Template".

use super::compiler::Compiler;
use super::diagnostic::code;
use super::jsonata_references;
use super::place::Place;
use super::values::wrong_type;
use crate::query::{Expression, QueryLanguage, Template};
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
        Ok(template) => {
            if language == QueryLanguage::Jsonata {
                jsonata_references::check_template(compiler, place, value, &template);
            }
            return Some(template);
        }
        Err(problems) => problems,
    };
    let code = match language {
        QueryLanguage::JsonPath => code::SCHEMA_VALIDATION_FAILED,
        QueryLanguage::Jsonata => code::INVALID_JSONATA_EXPRESSION,
    };
    for problem in problems {
        let message = if problem.reason.is_empty() || problem.reason == problem.message {
            problem.message
        } else {
            format!("{}: {}", problem.message, problem.reason)
        };
        let location = location(place, value, &problem.pointer);
        compiler.syntax_error(code, location, message, problem.offset);
    }
    None
}

/// A part of a template, as locations are written.
fn location(place: &Place<'_>, template: &Value, pointer: &str) -> String {
    fn descend(place: &Place<'_>, value: &Value, pointer: &str) -> String {
        let Some(rest) = pointer.strip_prefix('/') else {
            return place.to_string();
        };
        let end = rest.find('/').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let name = name.replace("~1", "/").replace("~0", "~");
        let inner = match value {
            Value::Array(items) => name.parse().ok().and_then(|index: usize| {
                let item = items.items().get(index)?;
                Some(descend(&place.item(index), item, rest))
            }),
            Value::Object(object) => object
                .get(&name)
                .map(|value| descend(&place.member(&name), value, rest)),
            _ => None,
        };
        inner.unwrap_or_else(|| place.to_string())
    }
    descend(place, template, pointer)
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
        (QueryLanguage::Jsonata, Value::String(text)) if Expression::is_meant(text) => {
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
