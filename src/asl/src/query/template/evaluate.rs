//! Evaluating templates.

use super::Node;
use crate::errors;
use crate::query::jsonpath::Failure;
use crate::query::location::Location;
use crate::query::{Path, QueryError, Scope};
use crate::value::{ObjectBuilder, Value};

pub(super) fn template(node: &Node, scope: &Scope<'_>, field: &str) -> Result<Value, QueryError> {
    part(node, scope, &Location::Field(field))
}

fn part(node: &Node, scope: &Scope<'_>, location: &Location<'_>) -> Result<Value, QueryError> {
    match node {
        Node::Constant(value) => Ok(value.clone()),
        Node::Path(path) => at_path(path, scope, location),
        Node::Intrinsic(intrinsic) => intrinsic.evaluate(scope),
        Node::Expression(expression) => expression.evaluate_at(scope, location),
        Node::Array(items) => {
            let mut values = Vec::with_capacity(items.len());
            for (position, item) in items.iter().enumerate() {
                values.push(part(item, scope, &Location::Item(location, position))?);
            }
            Ok(values.into())
        }
        Node::Object(members) => {
            let mut builder = ObjectBuilder::with_capacity(members.len());
            for member in members {
                let location = Location::Member(location, &member.field);
                let value = part(&member.node, scope, &location)?;
                builder.set(member.name.clone(), value);
            }
            Ok(builder.build().into())
        }
    }
}

fn at_path(path: &Path, scope: &Scope<'_>, location: &Location<'_>) -> Result<Value, QueryError> {
    match path.resolve(scope) {
        Ok(value) => scope.memory.kept(value.into_owned()),
        Err(Failure::Exhausted) => Err(path.exhausted()),
        Err(Failure::Missing) => {
            let field = match location {
                Location::Field(name) | Location::Member(_, name) => name,
                Location::Item(..) => "",
            };
            Err(QueryError::new(
                errors::RUNTIME,
                format!(
                    "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
                    path.text(),
                    scope.input
                ),
            ))
        }
    }
}
