//! JSONata expressions in fields: text between `{%` and `%}`.
//!
//! Source: States Language, "JSONata"; Step Functions developer guide, "Transforming data with
//! JSONata".

use super::compiler::Compiler;
use super::jsonata_references;
use super::place::Place;
use crate::query::Expression;

/// Compiles the expression that a field's text is meant as; `None` for a bad one, which is
/// reported.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    text: &str,
) -> Option<Expression> {
    match Expression::parse_delimited(text) {
        Ok(expression) => {
            jsonata_references::check(compiler, place, &expression);
            Some(expression)
        }
        Err(error) => {
            compiler.invalid_jsonata(place, &error);
            None
        }
    }
}
