//! Names at the top level of an expression: they are read from an input document, and Step
//! Functions gives none.

use std::collections::HashSet;

use jlens_core::ast::{Node, NodeKind};

/// The names that the expression reads from its input document, each once. Names after a path's
/// first step, in predicates and in the bodies of functions are read from other values.
pub(super) fn names(root: &Node) -> Vec<&str> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        match &node.kind {
            NodeKind::Name { name } if seen.insert(name.as_str()) => found.push(name.as_str()),
            NodeKind::Path { steps, .. } => open.extend(steps.first()),
            NodeKind::Binary { lhs, rhs, .. }
            | NodeKind::Apply { lhs, rhs }
            | NodeKind::Fallback { lhs, rhs, .. } => open.extend([&**rhs, &**lhs]),
            NodeKind::Negate { expr } => open.push(expr),
            NodeKind::Bind { rhs, .. } => open.push(rhs),
            NodeKind::Array { items } => open.extend(items.iter().rev()),
            NodeKind::Block { exprs, .. } => open.extend(exprs.iter().rev()),
            NodeKind::Function { args, .. } | NodeKind::Partial { args, .. } => {
                open.extend(args.iter().rev());
            }
            NodeKind::Object { pairs } => {
                let parts = pairs.iter().flat_map(|(name, value)| [name, value]);
                open.extend(parts.rev());
            }
            NodeKind::Condition {
                condition,
                then,
                otherwise,
            } => {
                open.extend(otherwise.as_deref());
                open.extend([&**then, &**condition]);
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::query::Expression;

    #[rstest]
    #[case("phone", &["phone"])]
    #[case("a.b + [c]", &["a", "c"])]
    #[case("$states.input.a[b = 1].(c)", &[])]
    #[case("$map($states.input.a, function($v) { $v.x + y })", &[])]
    #[case("$sum(a)", &["a"])]
    #[case("{'k': v}", &["v"])]
    #[case("($x := a; $x.b)", &["a"])]
    #[case("$n ? a : b", &["a", "b"])]
    #[case("'text' & 1", &[])]
    #[case("a & a", &["a"])]
    fn names_at_the_top_level_are_found(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(Expression::parse(text).unwrap().top_level_names(), expected);
    }
}
