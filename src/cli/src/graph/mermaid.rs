//! A Mermaid flowchart.
//!
//! Source: Mermaid documentation, "Flowcharts - Basic Syntax", with "Special characters that break
//! syntax" and "Entity codes to escape characters".

use std::fmt::{self, Display, Write};

use super::{Edge, EdgeKind, Node, Scope, Shape};

/// The flowchart's text.
pub fn render(scope: &Scope) -> String {
    let mut writer = Writer {
        text: "flowchart TD\n".to_owned(),
        depth: 1,
        nodes: 0,
    };
    writer.scope(scope);
    writer.text
}

struct Writer {
    text: String,
    depth: usize,
    /// How many nodes have an identifier so far.
    nodes: usize,
}

/// The identifiers of a scope's nodes: state names are only shown, never identifiers.
struct Ids {
    first: usize,
}

impl Ids {
    fn of(&self, node: usize) -> String {
        format!("s{}", self.first + node)
    }
}

impl Writer {
    fn scope(&mut self, scope: &Scope) {
        let ids = Ids { first: self.nodes };
        self.nodes += scope.nodes.len();
        for (index, node) in scope.nodes.iter().enumerate() {
            self.node(&ids.of(index), node);
        }
        for edge in &scope.edges {
            self.edge(&ids, edge);
        }
    }

    fn node(&mut self, id: &str, node: &Node) {
        let label = Label(node);
        match node.shape {
            Shape::Terminal | Shape::Succeed => self.line(format_args!("{id}([\"{label}\"])")),
            Shape::Step => self.line(format_args!("{id}[\"{label}\"]")),
            Shape::Choice => self.line(format_args!("{id}{{\"{label}\"}}")),
            Shape::Fail => self.line(format_args!("{id}[[\"{label}\"]]")),
            Shape::Map => self.frame(id, &label, |writer| {
                node.inner.iter().for_each(|scope| writer.scope(scope));
            }),
            Shape::Parallel => self.frame(id, &label, |writer| {
                for (branch, scope) in node.inner.iter().enumerate() {
                    let title = format!("Branch {}", branch + 1);
                    writer.frame(&format!("{id}b{branch}"), &title, |writer| {
                        writer.scope(scope);
                    });
                }
            }),
        }
    }

    fn frame(&mut self, id: &str, label: &dyn Display, inside: impl FnOnce(&mut Self)) {
        self.line(format_args!("subgraph {id}[\"{label}\"]"));
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line(format_args!("end"));
    }

    fn edge(&mut self, ids: &Ids, edge: &Edge) {
        let arrow = match edge.kind {
            EdgeKind::Next => "-->",
            EdgeKind::Catch => "-.->",
        };
        let (from, to) = (ids.of(edge.from), ids.of(edge.to));
        if edge.label.is_empty() {
            self.line(format_args!("{from} {arrow} {to}"));
        } else {
            let label = Escaped(&edge.label);
            self.line(format_args!("{from} {arrow}|\"{label}\"| {to}"));
        }
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = 4 * self.depth);
    }
}

/// A node's name, and its kind below.
struct Label<'a>(&'a Node);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Escaped(&self.0.name))?;
        if !self.0.kind.is_empty() {
            write!(f, "<br/>{}", Escaped(&self.0.kind))?;
        }
        Ok(())
    }
}

/// Text between double quotes. What could end them, or begin HTML, Markdown, a directive or a
/// formula, is written as an entity.
struct Escaped<'a>(&'a str);

/// Punctuation that means nothing to Mermaid, neither in its syntax nor in the Markdown of labels.
const PLAIN: &str = " ,.?!()/='{}-$";

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut before = None;
        // `1. ` and `- ` at the beginning make a list.
        let mut only_digits = true;
        for character in self.0.chars() {
            let begins_formula = character == '$' && before == Some('$');
            let begins_list = only_digits && matches!(character, '-' | '.' | ')');
            let plain = PLAIN.contains(character) && !begins_formula && !begins_list;
            if character.is_alphanumeric() || plain {
                f.write_char(character)?;
            } else if character.is_control() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            } else {
                write!(f, "#{};", u32::from(character))?;
            }
            only_digits &= character.is_ascii_digit();
            before = Some(character);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;
    use rstest::rstest;

    #[rstest]
    #[case("Enough?", "Enough?")]
    #[case("Überprüfen (中文)", "Überprüfen (中文)")]
    #[case(r#"a"] --> b["#, "a#34;#93; --#62; b#91;")]
    #[case("<script>alert(1)</script>", "#60;script#62;alert(1)#60;/script#62;")]
    #[case("%%{init}%%", "#37;#37;{init}#37;#37;")]
    #[case("`**bold**`", "#96;#42;#42;bold#42;#42;#96;")]
    #[case("$.a == $$.b$$", "$.a == $#36;.b$#36;")]
    #[case("#quot;", "#35;quot#59;")]
    #[case("1. first", "1#46; first")]
    #[case("- first", "#45; first")]
    #[case("a\nend\u{1b}[31m", "a\u{fffd}end\u{fffd}#91;31m")]
    fn a_name_is_only_ever_text(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(Escaped(name).to_string(), expected);
    }
}
