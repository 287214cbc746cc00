//! JSONata expressions in fields: text between `{%` and `%}`.
//!
//! Source: States Language, "JSONata"; Step Functions developer guide, "Transforming data with
//! JSONata".

use super::compiler::Compiler;
use super::place::Place;
use crate::query::Expression;

/// What an expression begins with.
pub(super) const OPENING: &str = "{%";
/// What it ends with.
const CLOSING: &str = "%}";

/// What stands between the marks; `None` for a text that is no expression.
pub(super) fn inner(text: &str) -> Option<&str> {
    text.strip_prefix(OPENING)?.strip_suffix(CLOSING)
}

/// Compiles the expression that a field's text is; `None` for other texts and for bad ones, which
/// are reported.
pub(super) fn compile(
    compiler: &mut Compiler<'_>,
    place: &Place<'_>,
    text: &str,
) -> Option<Expression> {
    let inner = inner(text)?;
    match Expression::parse(inner) {
        Ok(expression) => Some(expression),
        Err(error) => {
            compiler.invalid_jsonata(place, &error);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::inner;
    use rstest::rstest;

    #[rstest]
    #[case("{% 1 %}", Some(" 1 "))]
    #[case("{%%}", Some(""))]
    #[case("{%}", None)]
    #[case(" {% 1 %}", None)]
    #[case("plain", None)]
    fn an_expression_stands_between_its_marks(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(inner(text), expected);
    }
}
