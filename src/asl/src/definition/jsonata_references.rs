//! What JSONata expressions may refer to: variables and `$states`, but no input document.
//!
//! Source: Step Functions developer guide, "Transforming data with JSONata", "Reserved variable:
//! $states".

use super::compiler::Compiler;
use super::diagnostic::code;
use super::place::Place;
use crate::query::{Expression, Template};
use crate::value::Value;

/// The members of `$states` everywhere; whether there is a result is known when the state runs.
const MEMBERS: [&str; 3] = ["input", "context", "result"];

/// The member of `$states` that only Catchers have.
const ERROR_OUTPUT: &str = "errorOutput";

/// Refuses references to what is not there.
pub(super) fn check(compiler: &mut Compiler<'_>, place: &Place<'_>, expression: &Expression) {
    for name in expression.top_level_names() {
        compiler.error_with(
            code::UNSUPPORTED_JSONATA_EXPRESSION,
            place,
            format!("Reference to '{name}' at the top level is not supported."),
        );
    }
    for name in expression.states_members() {
        let exists = MEMBERS.contains(&name) || name == ERROR_OUTPUT && compiler.in_catcher;
        if !exists {
            compiler.error_with(
                code::UNSUPPORTED_JSONATA_EXPRESSION,
                place,
                format!("Field '$states.{name}' does not exist."),
            );
        }
    }
}

/// Checks all expressions of a template, which `value` was compiled to.
pub(super) fn check_template(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
    template: &Template,
) {
    let expressions = template.expressions();
    if !expressions.is_empty() {
        check_parts(compiler, place, value, &mut expressions.into_iter());
    }
}

/// Expressions come in the order in which they are written.
fn check_parts<'e>(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    value: &Value,
    expressions: &mut impl Iterator<Item = &'e Expression>,
) {
    match value {
        Value::String(text) if Expression::delimited(text).is_some() => {
            if let Some(expression) = expressions.next() {
                check(compiler, place, expression);
            }
        }
        Value::Object(object) => {
            for (name, value) in object.members() {
                check_parts(compiler, &place.member(name), value, expressions);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.items().iter().enumerate() {
                check_parts(compiler, &place.item(index), item, expressions);
            }
        }
        _ => {}
    }
}
