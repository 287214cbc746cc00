//! The definitions in a file: the file itself, or the StateMachine manifests in it.

mod manifest;

use std::cell::OnceCell;

use anyhow::{Context, bail};
use asl::definition::MachineType;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use crd::StateMachineType;

use self::manifest::Manifest;
use crate::document::{self, Key, Node};
use crate::locate::{self, Target};
use crate::text_file;

/// Reads the type of a state machine, as it is given on the command line.
pub fn type_parser() -> impl TypedValueParser<Value = StateMachineType> {
    PossibleValuesParser::new(["STANDARD", "EXPRESS"]).map(|word| match &*word {
        "EXPRESS" => StateMachineType::Express,
        _ => StateMachineType::Standard,
    })
}

/// A definition and where it stands in its file.
pub struct DefinitionText {
    /// The StateMachine's metadata.name; absent for a file that is a definition.
    pub state_machine: Option<String>,
    /// JSON or YAML.
    pub text: String,
    /// The StateMachine's `spec.type_`.
    type_: StateMachineType,
    place: Place,
    /// The text as a tree, where places in it are looked for.
    tree: OnceCell<Option<Node>>,
}

enum Place {
    /// The file is the definition.
    File,
    /// `spec.definition`; `start` is where that begins in the file.
    Text { start: usize },
    /// `spec.definitionObject`, as it stands in the file.
    Object { key: Key, node: Node },
}

/// What a file's text holds.
#[derive(Default)]
pub struct Contents {
    /// Each definition, or why it cannot be looked at.
    pub definitions: Vec<anyhow::Result<DefinitionText>>,
    /// What else there is, in words.
    pub others: Vec<String>,
}

/// The one definition in a file's text, or that of the StateMachine `wanted`.
///
/// # Errors
/// There is none, none of that name, or several to choose from.
pub fn choose(text: &str, wanted: Option<&str>, path: &str) -> anyhow::Result<DefinitionText> {
    let file = text_file::name(path);
    let contents = find(text).with_context(|| file.to_owned())?;
    let found: anyhow::Result<Vec<_>> = contents.definitions.into_iter().collect();
    let mut found = found.with_context(|| file.to_owned())?;
    if found.is_empty() {
        let others = contents.others.join(", ");
        bail!("{file} has no definition of a StateMachine, only: {others}");
    }
    let name = |one: &DefinitionText| one.state_machine.clone().unwrap_or_default();
    let names = found.iter().map(name).collect::<Vec<_>>().join(", ");
    if let Some(wanted) = wanted {
        found.retain(|one| one.state_machine.as_deref() == Some(wanted));
        if found.is_empty() {
            bail!("there is no StateMachine '{wanted}' in {file}, only: {names}");
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => bail!("{file} has several: choose with --state-machine among {names}"),
    }
}

/// Finds the definitions in a file's text.
///
/// # Errors
/// The text holds manifests that cannot be read.
pub fn find(text: &str) -> anyhow::Result<Contents> {
    if !["apiVersion", "kind"]
        .iter()
        .any(|name| text.contains(name))
    {
        return Ok(Contents::of_definition(text));
    }
    match document::read(text) {
        Ok(documents) if documents.iter().any(is_manifest) => {
            let mut contents = Contents::default();
            for root in documents {
                contents.add(text, root);
            }
            Ok(contents)
        }
        Err(error) if has_line_of_manifest(text) => Err(error),
        // Whoever compiles it says what is wrong with it.
        Ok(_) | Err(_) => Ok(Contents::of_definition(text)),
    }
}

/// Only a manifest has these at its root.
fn is_manifest(root: &Node) -> bool {
    root.get("apiVersion").is_some() && root.get("kind").is_some()
}

/// Whether a text that is no YAML is meant as manifests. In a definition these names are indented.
fn has_line_of_manifest(text: &str) -> bool {
    text.lines()
        .any(|line| line.starts_with("apiVersion:") || line.starts_with("kind:"))
}

impl Contents {
    fn of_definition(text: &str) -> Self {
        let definition = DefinitionText {
            state_machine: None,
            text: text.to_owned(),
            type_: StateMachineType::default(),
            place: Place::File,
            tree: OnceCell::new(),
        };
        Self {
            definitions: vec![Ok(definition)],
            others: Vec::new(),
        }
    }

    /// Adds the manifest `root`, of a List each of its items.
    fn add(&mut self, file: &str, root: Node) {
        let mut manifest = Manifest::new(file, root);
        if let Some(items) = manifest.take_items() {
            for item in items {
                self.add(file, item);
            }
            return;
        }
        match manifest.without_definition() {
            None => self.definitions.push(manifest.into_definition()),
            Some(other) if self.others.contains(&other) => {}
            Some(other) => self.others.push(other),
        }
    }
}

impl DefinitionText {
    /// The type of the state machine: `asked`, else that of the manifest.
    pub fn machine_type(&self, asked: Option<StateMachineType>) -> MachineType {
        match asked.unwrap_or(self.type_) {
            StateMachineType::Standard => MachineType::Standard,
            StateMachineType::Express => MachineType::Express,
        }
    }

    /// Where a diagnostic's field stands: in the file's text if `in_file` is set, else in the
    /// definition's. With no location, `offset` counts bytes of the definition's text.
    pub fn locate(&self, file: &str, location: &str, offset: Option<usize>) -> Located {
        match &self.place {
            Place::File => Located::file(self.find(file, location, offset)),
            Place::Object { key, node } => {
                Located::file(locate::find(file, Some(key), node, location, offset))
            }
            Place::Text { start } => {
                let target = self.find(&self.text, location, offset);
                match self.line_in_file(file, *start) {
                    Some(lines) => Located::file(target.and_then(|target| lines.outer(target))),
                    None => Located {
                        in_file: false,
                        target,
                    },
                }
            }
        }
    }

    /// Looks into `text`, which is always the same for one definition and read only once.
    fn find(&self, text: &str, location: &str, offset: Option<usize>) -> Option<Target> {
        if location.is_empty() {
            return offset.map(|offset| locate::character(text, offset));
        }
        let tree = self.tree.get_or_init(|| {
            let documents = document::read(text).ok()?;
            documents.into_iter().next()
        });
        locate::find(text, None, tree.as_ref()?, location, offset)
    }

    /// A literal block scalar (`definition: |`) holds the definition's lines as they are, but for
    /// the indentation; then a place in one is a place in the other.
    fn line_in_file<'a>(&'a self, file: &'a str, start: usize) -> Option<Lines<'a>> {
        let first = file.get(..start)?.rfind('\n')? + 1;
        let indent = start - first;
        let outer = file.get(first..)?;
        let mut inner_lines = self.text.lines();
        let same = outer
            .lines()
            .zip(inner_lines.by_ref())
            .all(|(outer, inner)| {
                inner.trim().is_empty() && outer.trim().is_empty()
                    || outer.get(indent..) == Some(inner)
            });
        (same && inner_lines.next().is_none()).then_some(Lines {
            inner: &self.text,
            outer: file,
            first,
            indent,
        })
    }
}

/// A place, and in which text it is.
#[derive(Debug)]
pub struct Located {
    /// Whether it is a place in the file; else it is one in the definition's text.
    pub in_file: bool,
    /// The place, where it was found.
    pub target: Option<Target>,
}

impl Located {
    fn file(target: Option<Target>) -> Self {
        Self {
            in_file: true,
            target,
        }
    }
}

/// Lines of a definition that stand in a file, indented.
struct Lines<'a> {
    inner: &'a str,
    outer: &'a str,
    first: usize,
    indent: usize,
}

impl Lines<'_> {
    fn outer(&self, target: Target) -> Option<Target> {
        let before = self.inner.get(..target.start)?;
        let line = before.matches('\n').count();
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        let block = self.outer.get(self.first..)?;
        let skipped: usize = block.split_inclusive('\n').take(line).map(str::len).sum();
        let start = self.first + skipped + self.indent + column;
        let length = target.end - target.start;
        let line_end = self.outer.get(start..)?.find('\n').unwrap_or(length);
        Some(start..start + length.min(line_end))
    }
}

#[cfg(test)]
mod tests;
