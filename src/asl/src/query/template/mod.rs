//! Payload templates: JSON with paths, intrinsic functions or expressions inside.
//!
//! Source: States Language, "Payload Template" (JSONPath: members whose names end in `.$`) and
//! "JSONata expressions" (JSONata: texts between `{%` and `%}`).

mod compile;
mod evaluate;

use std::sync::Arc;

use super::jsonpath::Intrinsic;
use super::{Expression, Path, QueryError, QueryLanguage, Scope};
use crate::value::{Key, Value};

/// A compiled template. Parts without anything to evaluate are shared, not rebuilt.
#[derive(Debug)]
pub struct Template(Node);

/// A part of a template.
#[derive(Debug)]
enum Node {
    Constant(Value),
    Path(Path),
    Intrinsic(Intrinsic),
    Expression(Expression),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A member of an object with something to evaluate inside.
#[derive(Debug)]
struct Member {
    /// The name as written, with `.$` where it has one.
    field: Arc<str>,
    /// The name in the result.
    name: Key,
    node: Node,
}

/// A part of a template that cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateProblem {
    /// JSON pointer within the template, such as `/a/b.$`.
    pub pointer: String,
    /// What is wrong, as Step Functions says it where its words are known.
    pub message: String,
    /// What exactly the path, function or expression lacks; for people.
    pub reason: String,
    /// Bytes into the part's text.
    pub offset: usize,
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// All its parts that are no path, call or expression.
    pub fn compile(
        template: &Value,
        language: QueryLanguage,
    ) -> Result<Self, Vec<TemplateProblem>> {
        compile::template(template, language).map(Self)
    }

    /// Evaluates the template for the field `field` (such as `Parameters` or `Arguments`).
    ///
    /// # Errors
    /// The first part that fails.
    pub fn evaluate(&self, scope: &Scope<'_>, field: &str) -> Result<Value, QueryError> {
        evaluate::template(&self.0, scope, field)
    }

    /// The names of the variables that the template reads, without `$`; a name may come twice.
    #[must_use]
    pub fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.0.visit(&mut |node| match node {
            Node::Path(path) => names.extend(path.variable()),
            Node::Intrinsic(intrinsic) => names.extend(intrinsic.variables()),
            Node::Expression(expression) => names.extend(expression.variables()),
            _ => {}
        });
        names
    }

    /// The expressions in the template.
    #[must_use]
    pub fn expressions(&self) -> Vec<&Expression> {
        let mut expressions = Vec::new();
        self.0.visit(&mut |node| {
            if let Node::Expression(expression) = node {
                expressions.push(expression);
            }
        });
        expressions
    }
}

impl Node {
    fn visit<'n>(&'n self, look: &mut impl FnMut(&'n Self)) {
        look(self);
        match self {
            Self::Array(items) => items.iter().for_each(|item| item.visit(look)),
            Self::Object(members) => members.iter().for_each(|member| member.node.visit(look)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
