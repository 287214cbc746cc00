//! Tasks that are to be cancelled, as a record has them.

use std::sync::Arc;

use asl::Value;
use asl::machine::{TaskId, TaskRequest};
use asl::resource::Resource;
use serde::{Deserialize, Serialize};

use super::{RecordError, to_json, unreadable};
use crate::ports::PageId;

/// Where the tasks are that are to be cancelled and may not have been.
#[derive(Debug, Clone, PartialEq)]
pub enum Cancelling {
    /// In the record.
    Inline(Vec<TaskRequest>),
    /// In pages, in this order: their parameters are large.
    Paged(Vec<PageId>),
}

impl Cancelling {
    /// The pages, none if they are in the record.
    #[must_use]
    pub fn pages(&self) -> &[PageId] {
        match self {
            Self::Inline(_) => &[],
            Self::Paged(pages) => pages,
        }
    }

    /// The tasks in the record, none if they are in pages.
    #[must_use]
    pub fn inline(&self) -> &[TaskRequest] {
        match self {
            Self::Inline(requests) => requests,
            Self::Paged(_) => &[],
        }
    }
}

/// What a runner needs to know of a task to cancel it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredRequest {
    task: TaskId,
    state: Arc<str>,
    resource: Arc<str>,
    parameters: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credentials: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Arc<str>>,
}

impl From<&TaskRequest> for StoredRequest {
    fn from(request: &TaskRequest) -> Self {
        Self {
            task: request.task,
            state: request.state.clone(),
            resource: request.resource.arn.clone(),
            parameters: request.parameters.clone(),
            credentials: request.credentials.clone(),
            token: request.token.clone(),
        }
    }
}

impl TryFrom<StoredRequest> for TaskRequest {
    type Error = RecordError;

    fn try_from(stored: StoredRequest) -> Result<Self, RecordError> {
        let resource = Resource::parse(&stored.resource);
        Ok(Self {
            task: stored.task,
            state: stored.state,
            resource: Arc::new(resource.map_err(unreadable)?),
            parameters: stored.parameters,
            credentials: stored.credentials,
            token: stored.token,
            deadline: None,
        })
    }
}

/// Requests as they are in pages.
///
/// # Errors
/// They cannot be written as JSON.
pub fn write_requests(requests: &[TaskRequest]) -> Result<Vec<u8>, RecordError> {
    let stored: Vec<_> = requests.iter().map(StoredRequest::from).collect();
    Ok(to_json(&stored)?.into_bytes())
}

/// Reads what [`write_requests`] wrote.
///
/// # Errors
/// It is damaged.
pub fn read_requests(bytes: &[u8]) -> Result<Vec<TaskRequest>, RecordError> {
    let stored: Vec<StoredRequest> = serde_json::from_slice(bytes).map_err(unreadable)?;
    stored.into_iter().map(TaskRequest::try_from).collect()
}
