//! The history as it is kept: a stream of lines, its end in the record, the rest in pages.
//!
//! Each line is one event as AWS's `GetExecutionHistory` writes it. Once the tail is long it is
//! sealed into pages that are never written again, so that the bytes written grow with the work
//! and not with its square. A page is a piece of the stream of at most [`PAGE_BYTES`]; it ends at
//! a line's end where it can, and begins with a line that names the page before it; the record
//! names the last one. Reading the pages in order, and the tail after them, gives the stream.

mod kept_event;
mod reader;
mod states;

use asl::history::{EventId, HistoryEvent};
use serde::{Deserialize, Serialize};

use crate::ports::{PageId, PageKind};
use crate::record::{self, Page, RecordError};

pub use kept_event::KeptEvent;
pub use reader::{Backward, Forward, Line, ReadError};
pub use states::StateTrace;

/// The tail is sealed when it is longer than this, in bytes of text. A status write costs about
/// 0.5 ms per KiB and a page about 5 ms; with some 25 KB of text (2 KiB compressed) for each Job
/// step the cost of both is least near this length.
pub const TAIL_BYTES: usize = 96 * 1024;

/// The longest piece of text in a page. Text that does not compress stays below 350 KiB with it.
pub const PAGE_BYTES: usize = 256 * 1024;

/// The end of the history, and how much lies before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tail {
    text: String,
    first: EventId,
    last_page: Option<PageId>,
}

/// The first line of a page.
#[derive(Serialize, Deserialize)]
struct PageHeader {
    /// The event that the first line belongs to.
    first: EventId,
    /// The page before.
    previous: Option<PageId>,
}

impl Tail {
    /// The tail of a new execution.
    #[must_use]
    pub fn new() -> Self {
        Self {
            first: 1,
            ..Self::default()
        }
    }

    /// A tail that was stored: its text, the event its first line belongs to, and the page before
    /// it.
    #[must_use]
    pub fn stored(text: String, first: EventId, last_page: Option<PageId>) -> Self {
        Self {
            text,
            first,
            last_page,
        }
    }

    /// Adds events; they follow those that are there.
    pub fn push(&mut self, events: &[HistoryEvent]) {
        use std::fmt::Write as _;
        for event in events {
            // Writing to a String cannot fail.
            let _ = writeln!(self.text, "{}", event.to_json());
        }
    }

    /// The text, one event a line.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The event that the first line belongs to.
    #[must_use]
    pub fn first(&self) -> EventId {
        self.first
    }

    /// The event that comes after the last line.
    #[must_use]
    pub fn next(&self) -> EventId {
        self.first + count_lines(&self.text)
    }

    /// The page before.
    #[must_use]
    pub fn last_page(&self) -> Option<&PageId> {
        self.last_page.as_ref()
    }

    /// Whether it is time to seal.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.text.len() > TAIL_BYTES
    }

    /// The next page to write. Nothing changes before [`Tail::seal`] says that it was.
    ///
    /// # Errors
    /// It could not be compressed.
    pub fn build_page(&self) -> Result<SealedPiece, RecordError> {
        let length = piece_length(&self.text);
        let piece = self.text.get(..length).unwrap_or_default();
        let header = record::to_json(&PageHeader {
            first: self.first,
            previous: self.last_page.clone(),
        })?;
        let text = format!("{header}\n{piece}");
        let sequence = self.last_page.as_ref().map_or(0, |last| last.sequence + 1);
        Ok(SealedPiece {
            length,
            lines: count_lines(piece),
            page: Page::new(
                PageKind::History,
                sequence,
                record::encode_text(text.as_bytes())?,
            ),
        })
    }

    /// A page built here was stored: its piece leaves the tail.
    pub fn seal(&mut self, piece: &SealedPiece) {
        self.text.drain(..piece.length.min(self.text.len()));
        self.text.shrink_to(TAIL_BYTES);
        self.first += piece.lines;
        self.last_page = Some(piece.page.id.clone());
    }
}

/// What a history page holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedText {
    /// The event that the first line belongs to. The line may have begun in the page before.
    pub first: EventId,
    /// The page before.
    pub previous: Option<PageId>,
    /// A piece of the stream.
    pub text: String,
}

/// Reads a page's data.
///
/// # Errors
/// The data is damaged.
pub fn read_page(data: &str) -> Result<SealedText, RecordError> {
    let text = record::decode_text(data)?;
    let mut text = String::from_utf8(text).map_err(record::unreadable)?;
    let (header, _) = text
        .split_once('\n')
        .ok_or_else(|| record::unreadable("a page without its first line"))?;
    let read: PageHeader = serde_json::from_str(header).map_err(record::unreadable)?;
    text.drain(..=header.len());
    Ok(SealedText {
        first: read.first,
        previous: read.previous,
        text,
    })
}

/// A piece of the tail as a page.
#[derive(Debug, Clone)]
pub struct SealedPiece {
    length: usize,
    lines: u64,
    /// What to store.
    pub page: Page,
}

fn count_lines(text: &str) -> u64 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u64
}

/// How much of the text goes into one page: whole lines where one ends early enough.
fn piece_length(text: &str) -> usize {
    if text.len() <= PAGE_BYTES {
        return text.len();
    }
    let limit = text.floor_char_boundary(PAGE_BYTES);
    let piece = text.get(..limit).unwrap_or_default();
    piece.rfind('\n').map_or(limit, |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tail(text: &str) -> Tail {
        Tail::stored(text.to_owned(), 1, None)
    }

    fn seal_all(tail: &mut Tail) -> Vec<Page> {
        let mut pages = Vec::new();
        while !tail.text().is_empty() {
            let piece = tail.build_page().unwrap();
            tail.seal(&piece);
            pages.push(piece.page);
        }
        pages
    }

    /// The stream, read from the last page back.
    fn read(tail: &Tail, pages: &[Page]) -> (usize, String) {
        let mut next = tail.last_page().cloned();
        let mut pieces = Vec::new();
        while let Some(id) = next {
            let page = pages.iter().find(|page| page.id == id).unwrap();
            let page = read_page(&page.data).unwrap();
            pieces.insert(0, page.text);
            next = page.previous;
        }
        (pieces.len(), pieces.concat() + tail.text())
    }

    #[test]
    fn pages_hold_whole_lines_and_lead_back_to_the_first() {
        let text: String = (1..=4)
            .map(|id| format!("{id}{}\n", "x".repeat(100_000)))
            .collect();
        let mut tail = tail(&text);
        let pages = seal_all(&mut tail);
        assert_eq!(read(&tail, &pages), (2, text));
        assert_eq!(tail.first(), 5);
        assert_eq!(tail.last_page().unwrap().sequence, 1);
    }

    #[test]
    fn a_line_longer_than_a_page_goes_on_in_the_next() {
        let text = format!("{}\n{}\n", "ä".repeat(PAGE_BYTES), "b");
        let mut tail = tail(&text);
        let pages = seal_all(&mut tail);
        assert_eq!(read(&tail, &pages), (3, text));
        assert_eq!(tail.first(), 3);
    }

    #[test]
    fn no_page_is_larger_than_an_object_may_be() {
        let mut state = 1_u64;
        let noise: String = (0..PAGE_BYTES)
            .map(|_| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                char::from(b' ' + u8::try_from(state >> 33 & 0x3f).unwrap())
            })
            .collect();
        let page = tail(&noise).build_page().unwrap().page;
        assert!(page.data.len() < 400 * 1024, "{}", page.data.len());
    }
}
