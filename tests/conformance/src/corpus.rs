//! Reading a folder of cases.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::Case;

/// The folder of recorded cases, as tests find it, which run in their package's folder: `CORPUS`,
/// or the one beside the project. `None`, and a line that says so, if there is none.
#[must_use]
pub fn recorded() -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = env::var_os("CORPUS").unwrap_or_else(|| "../shared/conformance".into());
    let folder = workspace.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    println!(
        "there is no corpus at {}: nothing of it is tested",
        folder.display()
    );
    None
}

/// The project's own cases.
#[must_use]
pub fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")
}

/// The cases of one file.
#[derive(Debug)]
pub struct CaseFile {
    /// The file's name.
    pub name: String,
    /// Its cases in order.
    pub cases: Vec<Case>,
}

/// Reads all `*.jsonl` files of a folder, in the order of their names.
///
/// # Errors
/// The folder cannot be read, has no such file, or a line is no case.
pub fn read(folder: &Path) -> Result<Vec<CaseFile>> {
    let mut paths = jsonl_files(folder)?;
    paths.sort();
    if paths.is_empty() {
        bail!("no *.jsonl file in {}", folder.display());
    }
    paths.iter().map(|path| read_file(path)).collect()
}

fn jsonl_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn read_file(path: &Path) -> Result<CaseFile> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut cases = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let place = || format!("{}, line {}", path.display(), index + 1);
        let data = asl::value::parse(line).with_context(place)?;
        cases.push(
            Case::from_line(data)
                .map_err(anyhow::Error::msg)
                .with_context(place)?,
        );
    }
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned());
    Ok(CaseFile {
        name: name.unwrap_or_default(),
        cases,
    })
}
