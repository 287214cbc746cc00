//! What JSONata expressions may refer to: variables and `$states`, but no input document.
//!
//! Source: Step Functions developer guide, "Transforming data with JSONata", "Reserved variable:
//! $states".

use super::compiler::Compiler;
use super::diagnostic::code;
use super::place::Place;
use crate::query::{Expression, Template};
use crate::states::StateKind;
use crate::value::Value;

/// The members of `$states` everywhere.
const MEMBERS: [&str; 2] = ["input", "context"];

/// The member of `$states` that `Assign` and `Output` have of a state whose work has a result.
const RESULT: &str = "result";

/// The member of `$states` that `Assign` and `Output` of Catchers have.
const ERROR_OUTPUT: &str = "errorOutput";

impl Compiler<'_> {
    /// Compiles what such a state makes of its result.
    pub(super) fn after_work<T>(
        &mut self,
        kind: &StateKind,
        compile: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.reading(kind.has_result().then_some(RESULT), compile)
    }

    /// Compiles what a Catcher makes of an error.
    pub(super) fn after_error<T>(&mut self, compile: impl FnOnce(&mut Self) -> T) -> T {
        self.reading(Some(ERROR_OUTPUT), compile)
    }

    fn reading<T>(
        &mut self,
        member: Option<&'static str>,
        compile: impl FnOnce(&mut Self) -> T,
    ) -> T {
        self.readable = member;
        let compiled = compile(self);
        self.readable = None;
        compiled
    }
}

/// Refuses references to what is not there.
pub(super) fn check(compiler: &mut Compiler<'_>, place: &Place<'_>, expression: &Expression) {
    for name in expression.top_level_names() {
        // `$$` is the input document wherever it stands.
        let at = if name == "$$" {
            ""
        } else {
            " at the top level"
        };
        compiler.error_with(
            code::UNSUPPORTED_JSONATA_EXPRESSION,
            place,
            format!("Reference to '{name}'{at} is not supported."),
        );
    }
    for name in expression.states_members() {
        let exists = MEMBERS.contains(&name) || compiler.readable == Some(name);
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
