//! What a fixture says, without what compression does to it.

use std::sync::LazyLock;

use engine::ports::PageKind;
use engine::record;
use regex::Regex;

use crate::fixture::Fixture;

/// A page's digest is that of its compressed data, which another version of zstd may compress
/// otherwise.
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#""digest":"[0-9a-f]{10}""#).unwrap());

/// The record, the checkpoint in pages, the sealed values and the history, each as text.
pub fn content(fixture: &Fixture) -> Vec<String> {
    let (_, data) = fixture.record.split_once('.').unwrap();
    let record = record::decode(&fixture.record).unwrap();
    let mut parts = vec![record::decode_text(data).unwrap(), fixture.checkpoint()];
    parts.extend(record.values.iter().map(|group| fixture.join(&group.pages)));
    let history = |page: &&crate::fixture::StoredPage| page.id.kind == PageKind::History;
    let history = fixture.pages.iter().filter(history);
    parts.extend(history.map(|page| record::decode_text(&page.data).unwrap()));
    parts.iter().map(|part| readable(part)).collect()
}

fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    DIGEST.replace_all(&text, r#""digest":"…""#).into_owned()
}
