//! The definitions in a file: the file itself, or the StateMachine manifests in it.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use anyhow::bail;
use asl::definition::MachineType;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use crd::StateMachineType;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use crate::locate::{self, Fields, Target};

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
    fields: OnceCell<Option<Fields>>,
}

enum Place {
    /// The file is the definition.
    File,
    /// `spec.definition`; `start` is where that begins in the file.
    Text { start: usize },
    /// `spec.definitionObject` of the document `index`.
    Object { index: usize },
}

/// What a file's text holds.
#[derive(Default)]
pub struct Contents {
    /// Each definition, or why it cannot be looked at.
    pub definitions: Vec<anyhow::Result<DefinitionText>>,
    /// What else there is, in words.
    pub others: Vec<String>,
}

/// What a manifest may hold, as far as it is of interest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<Metadata>,
    spec: Option<Spec>,
}

#[derive(Deserialize)]
struct Metadata {
    name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    definition: Option<Spanned<String>>,
    definition_object: Option<serde_json::Value>,
    definition_from: Option<IgnoredAny>,
    #[serde(default)]
    definition_substitutions: BTreeMap<String, String>,
    #[serde(default, rename = "type_")]
    type_: Option<StateMachineType>,
}

/// Only a manifest has these at its root.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    api_version: Option<IgnoredAny>,
    kind: Option<IgnoredAny>,
}

/// The one definition in a file's text, or that of the StateMachine `wanted`.
///
/// # Errors
/// There is none, none of that name, or several to choose from.
pub fn choose(text: &str, wanted: Option<&str>, file: &str) -> anyhow::Result<DefinitionText> {
    let contents = find(text)?;
    let found: anyhow::Result<Vec<_>> = contents.definitions.into_iter().collect();
    let mut found = found?;
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
    let mut contents = Contents::default();
    if !holds_manifests(text) {
        contents.definitions.push(Ok(DefinitionText {
            state_machine: None,
            text: text.to_owned(),
            type_: StateMachineType::default(),
            place: Place::File,
            fields: OnceCell::new(),
        }));
        return Ok(contents);
    }
    let manifests: Vec<Option<Manifest>> = serde_saphyr::from_multiple(text)?;
    for (index, manifest) in manifests.into_iter().enumerate() {
        let Some(manifest) = manifest else { continue };
        match manifest.without_definition() {
            None => contents.definitions.push(manifest.definition(text, index)),
            Some(other) if contents.others.contains(&other) => {}
            Some(other) => contents.others.push(other),
        }
    }
    Ok(contents)
}

fn holds_manifests(text: &str) -> bool {
    let probes: Result<Vec<Option<Probe>>, _> = serde_saphyr::from_multiple(text);
    let probes = probes.unwrap_or_default();
    let mut documents = probes.into_iter().flatten();
    documents.any(|probe| probe.api_version.is_some() && probe.kind.is_some())
}

impl Manifest {
    fn is_state_machine(&self) -> bool {
        let group = self
            .api_version
            .as_deref()
            .and_then(|version| version.split('/').next());
        self.kind.as_deref() == Some("StateMachine") && group == Some(crd::metadata::GROUP)
    }

    fn name(&self) -> &str {
        let name = self
            .metadata
            .as_ref()
            .and_then(|metadata| metadata.name.as_deref());
        name.unwrap_or("without a name")
    }

    /// What it is, in words, if it holds no definition and is none the worse for it.
    fn without_definition(&self) -> Option<String> {
        if !self.is_state_machine() {
            return Some(self.kind.clone().unwrap_or_else(|| "no kind".to_owned()));
        }
        let spec = self.spec.as_ref()?;
        let elsewhere = spec.definition_from.is_some()
            && spec.definition.is_none()
            && spec.definition_object.is_none();
        elsewhere.then(|| {
            let name = self.name();
            format!("StateMachine {name}, whose definition is in the cluster (definitionFrom)")
        })
    }

    fn definition(self, file: &str, index: usize) -> anyhow::Result<DefinitionText> {
        let name = self.name().to_owned();
        let Some(spec) = self.spec else {
            bail!("the StateMachine {name} has no spec");
        };
        let values = &spec.definition_substitutions;
        let type_ = spec.type_.unwrap_or_default();
        let (text, place) = match (
            spec.definition,
            spec.definition_object,
            spec.definition_from,
        ) {
            (Some(text), None, None) => {
                let start =
                    locate::byte_range(file, &text.referenced).map_or(0, |range| range.start);
                let text = crd::substitute(&text.value, values)?;
                (text, Place::Text { start })
            }
            (None, Some(object), None) => {
                (crd::substitute_in(object, values)?, Place::Object { index })
            }
            _ => bail!(
                "the StateMachine {name} must have exactly one of definition, definitionObject and definitionFrom"
            ),
        };
        Ok(DefinitionText {
            state_machine: Some(name),
            text,
            type_,
            place,
            fields: OnceCell::new(),
        })
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
        match self.place {
            Place::File => Located::file(self.find(file, 0, &[], location, offset)),
            Place::Object { index } => {
                let path = ["spec", "definitionObject"];
                Located::file(self.find(file, index, &path, location, offset))
            }
            Place::Text { start } => {
                let target = self.find(&self.text, 0, &[], location, offset);
                match self.line_in_file(file, start) {
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
    fn find(
        &self,
        text: &str,
        index: usize,
        path: &[&str],
        location: &str,
        offset: Option<usize>,
    ) -> Option<Target> {
        if location.is_empty() {
            return offset.map(|offset| locate::character(text, offset));
        }
        let fields = self.fields.get_or_init(|| Fields::of(text)).as_ref()?;
        fields.find(text, index, path, location, offset)
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
