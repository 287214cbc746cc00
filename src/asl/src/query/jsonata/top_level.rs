//! What an expression reads from its input document, of which Step Functions gives none: names and
//! `$` at the top level, and `$$`.
//!
//! Source: States Language, "JSONata Restrictions". AWS refuses the definition: floci's
//! `JsonataTopLevelReferencesTest` has what it names and what it lets pass, as measured.

use std::collections::HashSet;

use jlens_core::ast::{Node, NodeKind};

/// The names that the expression reads from its input document, each once; `$` where it reads the
/// document as a whole, `$$` where it does so by that name, be it at the top level or not.
pub(super) fn names(root: &Node) -> Vec<&str> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![root];
    while let Some(node) = open.pop() {
        if let Some(name) = document_name(node).filter(|name| seen.insert(*name)) {
            found.push(name);
        }
        open_parts(node, &mut open);
    }
    root.walk(&mut |node| {
        if document_name(node) == Some("$$") && seen.insert("$$") {
            found.push("$$");
        }
    });
    found
}

/// The name by which a node at the top level reads the input document.
fn document_name(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Name { name } => Some(name),
        NodeKind::Variable { name } if name.is_empty() => Some("$"),
        NodeKind::Variable { name } if name == "$" => Some("$$"),
        _ => None,
    }
}

/// Opens the parts of a node that are at the top level if it is, the first one last. A path's later
/// steps, predicates, sort terms, groups and transforms see other values; the body of a function
/// sees what its definition does.
fn open_parts<'a>(node: &'a Node, open: &mut Vec<&'a Node>) {
    match &node.kind {
        NodeKind::Path { steps, .. } => open.extend(steps.first()),
        NodeKind::Binary { lhs, rhs, .. }
        | NodeKind::Apply { lhs, rhs }
        | NodeKind::Fallback { lhs, rhs, .. } => open.extend([&**rhs, &**lhs]),
        NodeKind::Negate { expr } => open.push(expr),
        NodeKind::Bind { rhs, .. } => open.push(rhs),
        NodeKind::Array { items } => open.extend(items.iter().rev()),
        NodeKind::Block { exprs, .. } => open.extend(exprs.iter().rev()),
        NodeKind::Lambda(definition) => open.push(&definition.body),
        NodeKind::Function { procedure, args } | NodeKind::Partial { procedure, args } => {
            open.extend(args.iter().rev());
            open.push(procedure);
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

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use crate::query::Expression;

    #[rstest]
    #[case("phone", &["phone"])]
    #[case("a.b + [c]", &["a", "c"])]
    #[case("$states.input.a[b = 1].(c)", &[])]
    #[case("$map($states.input.a, function($v) { $v.x + y })", &["y"])]
    #[case("$map($states.input.a, function($v) { $string(y) })", &["y"])]
    #[case("y(1)", &["y"])]
    #[case("(a).b + [c].d", &["a", "c"])]
    #[case("a[b]{'k': c}^(d)", &["a"])]
    #[case("$sum(a)", &["a"])]
    #[case("{'k': v}", &["v"])]
    #[case("($x := a; $x.b)", &["a"])]
    #[case("$n ? a : b", &["a", "b"])]
    #[case("'text' & 1", &[])]
    #[case("a & a", &["a"])]
    fn names_at_the_top_level_are_found(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(Expression::parse(text).unwrap().top_level_names(), expected);
    }

    #[rstest]
    #[case("$", &["$"])]
    #[case("$.total", &["$"])]
    #[case("$[0]", &["$"])]
    #[case("$exists($)", &["$"])]
    #[case("$ ~> $string()", &["$"])]
    #[case("{'k': $.a, 'l': b}", &["$", "b"])]
    #[case("$map($states.input.a, function($v) { $ })", &["$"])]
    #[case("$$", &["$$"])]
    #[case("$$.total", &["$$"])]
    #[case("$states.input.a[b = $$.c]", &["$$"])]
    #[case("$states.input.a.(function() { $$ })()", &["$$"])]
    fn the_document_as_a_whole_is_found(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(Expression::parse(text).unwrap().top_level_names(), expected);
    }

    #[rstest]
    #[case::in_a_predicate("$states.input.a[$ > 1]")]
    #[case::in_a_later_step("$states.input.a.($ + 1)")]
    #[case::in_a_later_step("$states.input.a.$.b")]
    #[case::in_a_sort_term("$states.input.a^($.b)")]
    #[case::in_a_group("$states.input.a{$.k: $.v}")]
    #[case::in_a_transform("$states.input ~> |$.a|{'b': $.c}|")]
    #[case::in_a_function_inside_a_step("$states.input.a.$map(b, function($v) { $ })")]
    #[case::with_another_name("$states.input.a ~> $string()")]
    #[case::with_another_name("($x := $states.input; $x.$string())")]
    fn the_context_of_inner_parts_is_another(#[case] text: &str) {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.top_level_names(), Vec::<&str>::new());
    }
}
