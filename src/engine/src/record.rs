//! The record: the one text from which an execution is continued.
//!
//! `1.<base64>`, the base64 of a zstd frame holding a header (JSON), the interpreter's checkpoint
//! and the history's tail, each after its length. One opaque string is much cheaper for the API
//! server than structure: it is neither validated, nor tracked field by field (measured: 134
//! against 99 writes a second at 16 KiB). A checkpoint that is large goes into pages of its own,
//! and the header says which.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use asl::history::EventId;
use asl::machine::TaskRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zstd::bulk::Compressor;

use crate::history::Tail;
use crate::ports::{PageId, PageKind};
use crate::values::Group;
use cancelling::StoredRequest;
pub use cancelling::{Cancelling, read_requests, write_requests};

mod cancelling;

/// The format written here. To be raised with every change that an older version would misread,
/// be it that it ignores a new field; older formats stay readable.
pub const FORMAT: u32 = 1;

/// A checkpoint that is still larger than this when compressed goes into pages.
const INLINE_BYTES: usize = 24 * 1024;
/// The bytes of one part of a checkpoint, before base64.
const PART_BYTES: usize = 320 * 1024;
/// The largest checkpoint or tail that is read back: a damaged or forged record cannot take more
/// memory than this.
const LARGEST_BYTES: usize = 256 * 1024 * 1024;
/// zstd's default; higher levels cost more than the bytes they save.
const LEVEL: i32 = 3;

/// A page: an object that is written once and belongs to an execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Which.
    pub id: PageId,
    /// The data: base64 of zstd.
    pub data: Arc<str>,
}

impl Page {
    /// A page of this data.
    #[must_use]
    pub fn new(kind: PageKind, sequence: u64, data: String) -> Self {
        let digest = Sha256::digest(data.as_bytes());
        let digest: String = digest
            .iter()
            .take(5)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            id: PageId {
                kind,
                sequence,
                digest: digest.into(),
            },
            data: data.into(),
        }
    }
}

/// A record that cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not a record, or a damaged one.
    #[error("the record cannot be read: {0}")]
    Unreadable(String),
    /// Written by a newer version.
    #[error("the record has format {found}, this version reads up to {FORMAT}")]
    Format {
        /// The format found.
        found: u32,
    },
    /// Compression failed.
    #[error("compression failed: {0}")]
    Compression(#[from] io::Error),
}

/// Where the interpreter's checkpoint is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checkpoint {
    /// Nothing to continue from: the execution ended well.
    None,
    /// In the record.
    Inline(Vec<u8>),
    /// In pages, in this order.
    Paged(Vec<PageId>),
}

/// A record's content.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The interpreter's state.
    pub checkpoint: Checkpoint,
    /// The sealed values that the checkpoint refers to.
    pub values: Vec<Group>,
    /// The history's end.
    pub tail: Tail,
    /// Tasks that are to be cancelled and may not have been.
    pub cancelling: Cancelling,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header {
    first: EventId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_page: Option<PageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checkpoint: Vec<PageId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<Group>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cancelling: Vec<StoredRequest>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cancelling_pages: Vec<PageId>,
}

/// Writes a record's text.
///
/// # Errors
/// Compression failed.
pub fn encode(
    checkpoint: &Checkpoint,
    values: &[Group],
    tail: &Tail,
    cancelling: &Cancelling,
) -> Result<String, RecordError> {
    let (inline, parts): (&[u8], _) = match checkpoint {
        Checkpoint::None => (&[], Vec::new()),
        Checkpoint::Inline(bytes) => (bytes, Vec::new()),
        Checkpoint::Paged(parts) => (&[], parts.clone()),
    };
    let header = to_json(&Header {
        first: tail.first(),
        last_page: tail.last_page().cloned(),
        checkpoint: parts,
        values: values.to_vec(),
        cancelling: cancelling
            .inline()
            .iter()
            .map(StoredRequest::from)
            .collect(),
        cancelling_pages: cancelling.pages().to_vec(),
    })?;
    let tail = tail.text().as_bytes();
    let mut bytes = Vec::with_capacity(12 + header.len() + inline.len() + tail.len());
    for section in [header.as_bytes(), inline, tail] {
        let length = u32::try_from(section.len()).map_err(unreadable)?;
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(section);
    }
    Ok(format!("{FORMAT}.{}", encode_text(&bytes)?))
}

/// Reads a record's text.
///
/// # Errors
/// It is none, or of a newer format.
pub fn decode(text: &str) -> Result<Record, RecordError> {
    let (format, data) = text
        .split_once('.')
        .ok_or_else(|| unreadable("it has no format"))?;
    let found: u32 = format.parse().map_err(unreadable)?;
    if found != FORMAT {
        return Err(RecordError::Format { found });
    }
    let bytes = decode_text(data)?;
    let mut rest = bytes.as_slice();
    let header: Header = serde_json::from_slice(section(&mut rest)?).map_err(unreadable)?;
    let checkpoint = section(&mut rest)?.to_vec();
    let tail = String::from_utf8(section(&mut rest)?.to_vec()).map_err(unreadable)?;
    let inline = header.cancelling.into_iter().map(TaskRequest::try_from);
    let cancelling = match header.cancelling_pages {
        pages if !pages.is_empty() => Cancelling::Paged(pages),
        _ => Cancelling::Inline(inline.collect::<Result<_, _>>()?),
    };
    Ok(Record {
        checkpoint: match header.checkpoint {
            parts if !parts.is_empty() => Checkpoint::Paged(parts),
            _ if checkpoint.is_empty() => Checkpoint::None,
            _ => Checkpoint::Inline(checkpoint),
        },
        values: header.values,
        tail: Tail::stored(tail, header.first, header.last_page),
        cancelling,
    })
}

fn section<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], RecordError> {
    let short = || unreadable("it ends early");
    let (length, after) = rest.split_first_chunk::<4>().ok_or_else(short)?;
    let length = u32::from_le_bytes(*length) as usize;
    let (section, after) = after.split_at_checked(length).ok_or_else(short)?;
    *rest = after;
    Ok(section)
}

/// Splits a checkpoint, or what else may be large, into pages if it is too large for a record;
/// `None` if it is not.
///
/// # Errors
/// Compression failed.
pub fn build_checkpoint_pages(bytes: &[u8]) -> Result<Option<Vec<Page>>, RecordError> {
    if bytes.len() <= INLINE_BYTES {
        return Ok(None);
    }
    let compressed = compress(bytes)?;
    if compressed.len() <= INLINE_BYTES {
        return Ok(None);
    }
    Ok(Some(split(&compressed, PageKind::Checkpoint, 0)))
}

/// Compresses bytes into as many pages as it takes, counted from `first`.
///
/// # Errors
/// Compression failed.
pub(crate) fn split_into_pages(
    bytes: &[u8],
    kind: PageKind,
    first: u64,
) -> Result<Vec<Page>, RecordError> {
    Ok(split(&compress(bytes)?, kind, first))
}

fn split(compressed: &[u8], kind: PageKind, first: u64) -> Vec<Page> {
    let parts = compressed.chunks(PART_BYTES).zip(first..);
    parts
        .map(|(part, number)| Page::new(kind, number, BASE64.encode(part)))
        .collect()
}

/// Puts the parts of a checkpoint, or of a group of values, together.
///
/// # Errors
/// They are damaged.
pub fn join_pages<'a>(parts: impl IntoIterator<Item = &'a str>) -> Result<Vec<u8>, RecordError> {
    let mut compressed = Vec::new();
    for part in parts {
        BASE64
            .decode_vec(part, &mut compressed)
            .map_err(unreadable)?;
    }
    decompress(&compressed)
}

/// Compresses bytes into a text.
pub(crate) fn encode_text(bytes: &[u8]) -> Result<String, RecordError> {
    Ok(BASE64.encode(compress(bytes)?))
}

/// The bytes in a text: that of a record without its format, or the data of a history page.
///
/// # Errors
/// It is damaged.
pub fn decode_text(text: &str) -> Result<Vec<u8>, RecordError> {
    decompress(&BASE64.decode(text).map_err(unreadable)?)
}

thread_local! {
    /// Its memory, a megabyte and more, is what takes longest about a small record.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|kept| match kept {
        Some(compressor) => compressor.compress(bytes),
        None => kept.insert(Compressor::new(LEVEL)?).compress(bytes),
    })
}

fn decompress(compressed: &[u8]) -> Result<Vec<u8>, RecordError> {
    // To zstd, nothing is any number of frames; here a frame was cut off.
    if compressed.is_empty() {
        return Err(unreadable("there are no data"));
    }
    zstd::bulk::decompress(compressed, LARGEST_BYTES).map_err(unreadable)
}

pub(crate) fn to_json<T: Serialize>(data: &T) -> Result<String, RecordError> {
    serde_json::to_string(data).map_err(unreadable)
}

pub(crate) fn unreadable(why: impl ToString) -> RecordError {
    RecordError::Unreadable(why.to_string())
}

#[cfg(test)]
mod tests;
