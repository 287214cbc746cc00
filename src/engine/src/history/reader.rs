//! Reading a whole history, event by event: from the first on, or from the last back. One page is
//! in memory at a time, however long the history is.

use std::sync::Arc;

use asl::history::EventId;

use super::{Tail, read_page};
use crate::ports::{PageId, StoreError};
use crate::record::RecordError;

/// A history that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A page could not be loaded.
    #[error("a page of the history cannot be read: {0}")]
    Page(#[from] StoreError),
    /// A page is damaged.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// One event: JSON as `GetExecutionHistory` writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number.
    pub id: EventId,
    /// The JSON, on one line.
    pub text: String,
}

/// Reads from an event on to the last.
pub struct Forward<L> {
    load: L,
    /// The pages that are still to be read, the next one last.
    ahead: Vec<PageId>,
    tail: Option<String>,
    /// What was read and not given yet. It begins where a line does.
    text: String,
    at: usize,
    next: EventId,
}

impl<L: AsyncFn(&PageId) -> Result<Arc<str>, StoreError>> Forward<L> {
    /// Reads what comes after the event `after`; 0 for all.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn open(tail: &Tail, after: EventId, load: L) -> Result<Self, ReadError> {
        let mut ahead = Vec::new();
        let mut first = tail.first();
        let mut previous = tail.last_page().cloned();
        // The first line of a page may be the end of one that began before.
        while first > after
            && let Some(id) = previous
        {
            let page = read_page(&load(&id).await?)?;
            (first, previous) = (page.first, page.previous);
            ahead.push(id);
        }
        let mut reader = Self {
            load,
            ahead,
            tail: Some(tail.text().to_owned()),
            text: String::new(),
            at: 0,
            next: first,
        };
        while reader.next <= after && reader.next().await?.is_some() {}
        Ok(reader)
    }

    /// The next event; none after the last.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn next(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            if let Some(end) = rest.find('\n') {
                let text = rest.get(..end).unwrap_or_default().to_owned();
                self.at += end + 1;
                let id = self.next;
                self.next += 1;
                return Ok(Some(Line { id, text }));
            }
            self.text.drain(..self.at);
            self.at = 0;
            let Some(more) = self.read_on().await? else {
                return Ok(None);
            };
            self.text.push_str(&more);
        }
    }

    async fn read_on(&mut self) -> Result<Option<String>, ReadError> {
        match self.ahead.pop() {
            Some(id) => Ok(Some(read_page(&(self.load)(&id).await?)?.text)),
            None => Ok(self.tail.take()),
        }
    }
}

/// Reads from the last event back to the first.
pub struct Backward<L> {
    load: L,
    /// The page before what is in `text`.
    previous: Option<PageId>,
    /// What was read and not given yet.
    text: String,
    /// How many events are in `text` or before it.
    left: EventId,
}

impl<L: AsyncFn(&PageId) -> Result<Arc<str>, StoreError>> Backward<L> {
    /// Reads all.
    #[must_use]
    pub fn open(tail: &Tail, load: L) -> Self {
        Self {
            load,
            previous: tail.last_page().cloned(),
            text: tail.text().to_owned(),
            left: tail.next().saturating_sub(1),
        }
    }

    /// The event before; none before the first.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn next(&mut self) -> Result<Option<Line>, ReadError> {
        loop {
            let lines = self.text.strip_suffix('\n').unwrap_or(&self.text);
            let start = lines.rfind('\n').map(|end| end + 1);
            if start.is_none()
                && let Some(id) = self.previous.take()
            {
                let page = read_page(&(self.load)(&id).await?)?;
                self.text.insert_str(0, &page.text);
                self.previous = page.previous;
                continue;
            }
            if self.text.is_empty() {
                return Ok(None);
            }
            let start = start.unwrap_or_default();
            let text = lines.get(start..).unwrap_or_default().to_owned();
            self.text.truncate(start);
            let id = self.left;
            self.left = self.left.saturating_sub(1);
            return Ok(Some(Line { id, text }));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::HashMap;

    use rstest::rstest;

    use super::*;
    use crate::history::PAGE_BYTES;

    /// Pages by name, and how many were loaded.
    #[derive(Default)]
    struct Pages(HashMap<PageId, Arc<str>>, RefCell<usize>);

    impl Pages {
        fn load(&self, id: &PageId) -> Result<Arc<str>, StoreError> {
            *self.1.borrow_mut() += 1;
            self.0.get(id).cloned().ok_or(StoreError::Gone)
        }
    }

    /// A history of these lines; all but the last `open` of them are in pages.
    fn history(lines: &[String], open: usize) -> (Tail, Pages) {
        let (sealed, last) = lines.split_at(lines.len() - open);
        let text = |lines: &[String]| lines.iter().map(|line| format!("{line}\n")).collect();
        let mut tail = Tail::stored(text(sealed), 1, None);
        let mut pages = Pages::default();
        while !tail.text().is_empty() {
            let piece = tail.build_page().unwrap();
            tail.seal(&piece);
            pages.0.insert(piece.page.id, piece.page.data);
        }
        let tail = Tail::stored(text(last), tail.first(), tail.last_page().cloned());
        (tail, pages)
    }

    async fn read_forward(tail: &Tail, pages: &Pages, after: EventId) -> Vec<(EventId, String)> {
        let load = async |id: &PageId| pages.load(id);
        let mut reader = Forward::open(tail, after, load).await.unwrap();
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            lines.push((line.id, line.text));
        }
        lines
    }

    async fn read_backward(tail: &Tail, pages: &Pages) -> Vec<(EventId, String)> {
        let mut reader = Backward::open(tail, async |id: &PageId| pages.load(id));
        let mut lines = Vec::new();
        while let Some(line) = reader.next().await.unwrap() {
            lines.push((line.id, line.text));
        }
        lines
    }

    fn numbered(lengths: &[usize]) -> Vec<String> {
        let lines = lengths.iter().zip(1..);
        lines
            .map(|(length, id)| format!("{id}{}", "ä".repeat(length / 2)))
            .collect()
    }

    #[rstest]
    #[case::nothing(&[], 0)]
    #[case::only_a_tail(&[3, 3], 2)]
    #[case::all_in_pages(&[100_000, 100_000, 100_000, 100_000], 0)]
    #[case::pages_and_a_tail(&[100_000, 100_000, 100_000, 5, 6], 2)]
    #[case::lines_longer_than_pages(&[7, 3 * PAGE_BYTES, 2, 2 * PAGE_BYTES, 9, 4], 1)]
    #[tokio::test]
    async fn a_history_reads_the_same_from_either_end(
        #[case] lengths: &[usize],
        #[case] open: usize,
    ) {
        let lines = numbered(lengths);
        let (tail, pages) = history(&lines, open);
        let mut expected: Vec<_> = (1..).zip(lines).collect();
        for after in 0..expected.len() {
            let read = read_forward(&tail, &pages, after as EventId).await;
            assert!(read == expected[after..], "after {after}");
        }
        expected.reverse();
        assert!(read_backward(&tail, &pages).await == expected);
    }

    #[tokio::test]
    async fn the_last_events_are_read_without_the_pages_before_them() {
        let lines = numbered(&[200_000; 20]);
        let (tail, pages) = history(&lines, 2);
        assert_eq!(read_forward(&tail, &pages, 19).await.len(), 1);
        assert_eq!(*pages.1.borrow(), 0);
        let load = async |id: &PageId| pages.load(id);
        let mut reader = Backward::open(&tail, load);
        assert_eq!(reader.next().await.unwrap().unwrap().id, 20);
        assert_eq!(*pages.1.borrow(), 0);
    }

    #[tokio::test]
    async fn a_page_that_is_missing_is_told() {
        let (tail, mut pages) = history(&numbered(&[9]), 0);
        pages.0.clear();
        let load = async |id: &PageId| pages.load(id);
        let read = Backward::open(&tail, load).next().await;
        let expected = "a page of the history cannot be read: the object does not exist any more";
        assert_eq!(read.unwrap_err().to_string(), expected);
    }
}
