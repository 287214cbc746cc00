//! Continuing an execution from what is stored.

use std::collections::HashMap;
use std::sync::Arc;

use asl::Value;
use asl::definition::StateMachine;
use asl::machine::{CheckpointError, Event, NotRedrivable};

use super::writes::{StoredRecord, Writer};
use super::{Driver, Handle, Known, Ports, Settings};
use crate::execution::{Content, Execution, Happening};
use crate::ports::{ExecutionKey, PageId, StoreError};
use crate::progress::TaskView;
use crate::record::{self, Cancelling, Checkpoint, Record, RecordError};
use crate::values::{self, Group};

/// Why an execution cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The record is damaged or of a newer version.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The checkpoint is, or does not fit the definition.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A part of the checkpoint could not be read.
    #[error("a page of the checkpoint cannot be read: {0}")]
    Page(#[from] StoreError),
    /// It ended.
    #[error("the execution ended: there is nothing to continue")]
    Ended,
    /// It cannot be redriven.
    #[error(transparent)]
    NotRedrivable(#[from] NotRedrivable),
}

impl Driver {
    /// A driver that continues an execution from its record. `shown` is what people saw of its
    /// tasks.
    ///
    /// # Errors
    /// See [`ResumeError`].
    pub async fn resume(
        ports: Ports,
        settings: Settings,
        definition: Arc<StateMachine>,
        record_text: &str,
        shown: Vec<TaskView>,
        known: Known,
    ) -> Result<(Self, Handle), ResumeError> {
        let (execution, stored) =
            restore(&ports, &settings, definition, record_text, shown).await?;
        let writer = Writer::new(&ports, &settings, known, Some(stored));
        // A heartbeat that was missed while nobody listened was not missed.
        let first = execution.running().map(|request| {
            let task = request.task;
            Happening::Event(Event::TaskHeartbeat { task })
        });
        let mut first: Vec<_> = first.collect();
        if execution.is_ready() {
            first.push(Happening::Event(Event::TimePassed));
        }
        Ok(Self::new(ports, settings, execution, writer, first))
    }

    /// A driver that has an execution go on that ended without success, from where it ended.
    ///
    /// # Errors
    /// See [`ResumeError`]. Nothing is changed then.
    pub async fn redrive(
        ports: Ports,
        settings: Settings,
        definition: Arc<StateMachine>,
        record_text: &str,
        shown: Vec<TaskView>,
        known: Known,
    ) -> Result<(Self, Handle), ResumeError> {
        let (execution, stored) =
            restore(&ports, &settings, definition, record_text, shown).await?;
        execution.redrivable(ports.clock.now())?;
        let count = execution.redrives().count + 1;
        ports.observer.execution_redriven(&settings.key, count);
        let writer = Writer::new(&ports, &settings, known, Some(stored));
        let first = vec![Happening::Event(Event::Redrive)];
        Ok(Self::new(ports, settings, execution, writer, first))
    }
}

async fn restore(
    ports: &Ports,
    settings: &Settings,
    definition: Arc<StateMachine>,
    record_text: &str,
    shown: Vec<TaskView>,
) -> Result<(Execution, StoredRecord), ResumeError> {
    let record = record::decode(record_text)?;
    let stored = StoredRecord::new(record_text, &record);
    let content = load_content(ports, &settings.key, record).await?;
    let execution = Execution::restore(definition, content, shown, settings.limits)?;
    Ok((execution, stored))
}

async fn load_content(
    ports: &Ports,
    key: &ExecutionKey,
    record: Record,
) -> Result<Content, ResumeError> {
    Ok(Content {
        sealed: load_values(ports, key, &record.values).await?,
        checkpoint: match record.checkpoint {
            Checkpoint::None => return Err(ResumeError::Ended),
            Checkpoint::Inline(bytes) => bytes,
            Checkpoint::Paged(pages) => load_joined(ports, key, &pages).await?,
        },
        cancelling: match record.cancelling {
            Cancelling::Inline(requests) => requests,
            Cancelling::Paged(pages) => {
                record::read_requests(&load_joined(ports, key, &pages).await?)?
            }
        },
        tail: record.tail,
    })
}

async fn load_values(
    ports: &Ports,
    key: &ExecutionKey,
    groups: &[Group],
) -> Result<HashMap<u64, Value>, ResumeError> {
    let mut sealed = HashMap::new();
    for group in groups {
        let texts = load_pages(ports, key, &group.pages).await?;
        values::read_group(texts.iter().map(|text| &**text), &mut sealed)?;
    }
    Ok(sealed)
}

async fn load_joined(
    ports: &Ports,
    key: &ExecutionKey,
    pages: &[PageId],
) -> Result<Vec<u8>, ResumeError> {
    let texts = load_pages(ports, key, pages).await?;
    Ok(record::join_pages(texts.iter().map(|text| &**text))?)
}

async fn load_pages(
    ports: &Ports,
    key: &ExecutionKey,
    pages: &[PageId],
) -> Result<Vec<Arc<str>>, StoreError> {
    let mut texts = Vec::with_capacity(pages.len());
    for id in pages {
        texts.push(ports.store.load_page(key, id).await?);
    }
    Ok(texts)
}
