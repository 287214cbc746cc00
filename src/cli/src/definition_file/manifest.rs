//! Kubernetes objects as they stand in a file. Only StateMachines must have their shape.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use crd::StateMachineType;

use super::{DefinitionText, Place};
use crate::document::{Content, Key, Node, line_and_column};

/// An object of Kubernetes.
pub struct Manifest<'a> {
    file: &'a str,
    root: Node,
}

impl<'a> Manifest<'a> {
    /// The object `root` of the text `file`.
    pub fn new(file: &'a str, root: Node) -> Self {
        Self { file, root }
    }

    /// Takes the objects out of a List, as `kubectl get` prints it; none where it is no List, or
    /// holds nothing.
    pub fn take_items(&mut self) -> Option<Vec<Node>> {
        let is_list = self.text("apiVersion") == Some("v1") && self.text("kind") == Some("List");
        if !is_list {
            return None;
        }
        match self.root.take("items")?.1.content {
            Content::Sequence(items) if !items.is_empty() => Some(items),
            _ => None,
        }
    }

    /// What it is, in words, if it holds no definition and is none the worse for it.
    pub fn without_definition(&self) -> Option<String> {
        if !self.is_state_machine() {
            return Some(self.text("kind").unwrap_or("no kind").to_owned());
        }
        let spec = self.root.get("spec")?;
        let elsewhere = spec.get("definitionFrom").is_some()
            && spec.get("definition").is_none()
            && spec.get("definitionObject").is_none()
            && self.root.duplicate().is_none();
        elsewhere.then(|| {
            let name = self.name();
            format!("StateMachine {name}, whose definition is in the cluster (definitionFrom)")
        })
    }

    /// The definition of a StateMachine.
    ///
    /// # Errors
    /// It is not one that the API server would take.
    pub fn into_definition(mut self) -> anyhow::Result<DefinitionText> {
        let name = self.name().to_owned();
        if let Some((path, again)) = self.root.duplicate() {
            let (line, _) = line_and_column(self.file, again.range().start);
            bail!("the StateMachine {name} has the field {path} more than once (line {line})");
        }
        let mut spec = match self.root.take("spec") {
            Some((_, node)) if !node.is_null() => Spec {
                file: self.file,
                node,
            },
            _ => bail!("the StateMachine {name} has no spec"),
        };
        spec.check_shape()
            .with_context(|| format!("the StateMachine {name}"))?;
        let Some(source) = spec.take_source() else {
            bail!(
                "the StateMachine {name} must have exactly one of definition, definitionObject and definitionFrom"
            );
        };
        let definition = spec.definition(name.clone(), source);
        definition.with_context(|| format!("the StateMachine {name}"))
    }

    fn is_state_machine(&self) -> bool {
        let version = self.text("apiVersion");
        let group = version.and_then(|version| version.split('/').next());
        self.text("kind") == Some("StateMachine") && group == Some(crd::metadata::GROUP)
    }

    fn name(&self) -> &str {
        let metadata = self.root.get("metadata");
        let name = metadata.and_then(|metadata| metadata.get("name")?.text(self.file));
        name.unwrap_or("without a name")
    }

    fn text(&self, field: &str) -> Option<&str> {
        self.root.get(field)?.text(self.file)
    }
}

/// What a StateMachine's definition is made of.
enum Source {
    Text(Node),
    Object(Key, Node),
}

/// The `spec` of a StateMachine.
struct Spec<'a> {
    file: &'a str,
    node: Node,
}

impl Spec<'_> {
    fn check_shape(&self) -> anyhow::Result<()> {
        match self.node.content {
            Content::Mapping(_) => Ok(()),
            _ => Err(self.mismatch("spec", &self.node, "a mapping")),
        }
    }

    fn take_source(&mut self) -> Option<Source> {
        let mut take = |field| self.node.take(field).filter(|(_, node)| !node.is_null());
        match (
            take("definition"),
            take("definitionObject"),
            take("definitionFrom"),
        ) {
            (Some((_, text)), None, None) => Some(Source::Text(text)),
            (None, Some((key, object)), None) => Some(Source::Object(key, object)),
            _ => None,
        }
    }

    fn definition(&self, name: String, source: Source) -> anyhow::Result<DefinitionText> {
        let values = self.substitutions()?;
        let (text, place) = match source {
            Source::Text(node) => {
                let Some(text) = node.text(self.file) else {
                    return Err(self.mismatch("spec.definition", &node, "a text"));
                };
                let start = node.range().start;
                (crd::substitute(text, &values)?, Place::Text { start })
            }
            Source::Object(key, node) => {
                let Some(object) = node.to_json() else {
                    bail!("spec.definitionObject has a number that is not finite");
                };
                let text = crd::substitute_in(object, &values)?;
                (text, Place::Object { key, node })
            }
        };
        Ok(DefinitionText {
            state_machine: Some(name),
            text,
            type_: self.type_()?,
            place,
            tree: OnceCell::new(),
        })
    }

    fn substitutions(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let field = "spec.definitionSubstitutions";
        let Some(node) = self.node.get("definitionSubstitutions") else {
            return Ok(BTreeMap::new());
        };
        let Content::Mapping(members) = &node.content else {
            return Err(self.mismatch(field, node, "a mapping"));
        };
        let value = |node: &Node, name: &str| match node.text(self.file) {
            Some(text) => Ok((name.to_owned(), text.to_owned())),
            None => Err(self.mismatch(&format!("{field}.{name}"), node, "a text")),
        };
        let members = members.iter();
        members.map(|(key, node)| value(node, &key.name)).collect()
    }

    fn type_(&self) -> anyhow::Result<StateMachineType> {
        let Some(node) = self.node.get("type_") else {
            return Ok(StateMachineType::default());
        };
        match node.text(self.file) {
            Some("STANDARD") => Ok(StateMachineType::Standard),
            Some("EXPRESS") => Ok(StateMachineType::Express),
            Some(other) => bail!("spec.type_ is '{other}', but STANDARD or EXPRESS is expected"),
            None => Err(self.mismatch("spec.type_", node, "STANDARD or EXPRESS")),
        }
    }

    fn mismatch(&self, field: &str, found: &Node, expected: &str) -> anyhow::Error {
        let (line, _) = line_and_column(self.file, found.range().start);
        let found = found.kind();
        anyhow!("{field} is {found}, but {expected} is expected (line {line})")
    }
}
