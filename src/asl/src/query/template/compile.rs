//! Compiling templates.

use super::{Member, Node, TemplateProblem};
use crate::query::jsonpath::Intrinsic;
use crate::query::{Expression, Path, QueryLanguage, SyntaxError};
use crate::value::{Key, MAX_DEPTH, Object, Value};

pub(super) fn template(
    template: &Value,
    language: QueryLanguage,
) -> Result<Node, Vec<TemplateProblem>> {
    let mut compiler = Compiler {
        language,
        pointer: Vec::new(),
        problems: Vec::new(),
    };
    let node = compiler.node(template);
    if compiler.problems.is_empty() {
        Ok(node)
    } else {
        Err(compiler.problems)
    }
}

struct Compiler {
    language: QueryLanguage,
    /// The names and positions that lead to the present part.
    pointer: Vec<String>,
    problems: Vec<TemplateProblem>,
}

impl Compiler {
    fn node(&mut self, value: &Value) -> Node {
        if self.pointer.len() >= MAX_DEPTH {
            self.problem(
                format!("The template is nested more than {MAX_DEPTH} levels deep"),
                SyntaxError::default(),
            );
            return Node::Constant(Value::Null);
        }
        match value {
            Value::Array(array) => self.array(value, array.items()),
            Value::Object(object) => self.object(value, object),
            Value::String(text) if self.language == QueryLanguage::Jsonata => {
                self.expression(value, text)
            }
            _ => Node::Constant(value.clone()),
        }
    }

    fn array(&mut self, value: &Value, items: &[Value]) -> Node {
        let nodes: Vec<Node> = items
            .iter()
            .enumerate()
            .map(|(position, item)| self.within(&position.to_string(), |this| this.node(item)))
            .collect();
        if nodes.iter().all(is_constant) {
            return Node::Constant(value.clone());
        }
        Node::Array(nodes)
    }

    fn object(&mut self, value: &Value, object: &Object) -> Node {
        let members: Vec<Member> = object
            .members()
            .iter()
            .map(|(field, value)| self.member(field, value))
            .collect();
        let changes_nothing = members
            .iter()
            .all(|member| is_constant(&member.node) && member.field == member.name);
        if changes_nothing {
            return Node::Constant(value.clone());
        }
        Node::Object(members)
    }

    fn member(&mut self, field: &Key, value: &Value) -> Member {
        let evaluated = match self.language {
            QueryLanguage::JsonPath => field.strip_suffix(".$"),
            QueryLanguage::Jsonata => None,
        };
        let (name, node) = match evaluated {
            Some(name) => (
                name.into(),
                self.within(field, |this| this.query(field, value)),
            ),
            None => (field.clone(), self.within(field, |this| this.node(value))),
        };
        Member {
            field: field.clone(),
            name,
            node,
        }
    }

    /// The value of a member whose name ends in `.$`.
    fn query(&mut self, field: &str, value: &Value) -> Node {
        let compiled = match value.as_str() {
            Some(text) if text.starts_with('$') => Path::parse(text).map(Node::Path),
            Some(text) => Intrinsic::parse(text).map(Node::Intrinsic),
            None => Err(SyntaxError {
                message: format!("expected a text, found {}", value.kind()),
                offset: 0,
            }),
        };
        compiled.unwrap_or_else(|error| {
            self.problem(
                format!(
                    "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
                ),
                error,
            );
            Node::Constant(Value::Null)
        })
    }

    fn expression(&mut self, value: &Value, text: &str) -> Node {
        if !Expression::is_meant(text) {
            return Node::Constant(value.clone());
        }
        match Expression::parse_delimited(text) {
            Ok(expression) => Node::Expression(expression),
            Err(error) => {
                self.problem(error.message.clone(), error);
                Node::Constant(Value::Null)
            }
        }
    }

    fn within<T>(&mut self, name: &str, work: impl FnOnce(&mut Self) -> T) -> T {
        self.pointer.push(name.to_owned());
        let done = work(self);
        self.pointer.pop();
        done
    }

    fn problem(&mut self, message: String, error: SyntaxError) {
        let mut pointer = String::new();
        for name in &self.pointer {
            pointer.push('/');
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        }
        self.problems.push(TemplateProblem {
            pointer,
            message,
            reason: error.message,
            offset: error.offset,
        });
    }
}

fn is_constant(node: &Node) -> bool {
    matches!(node, Node::Constant(_))
}
