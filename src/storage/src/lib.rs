//! Object storage for distributed Map states: where an `ItemReader` gets its items and a
//! `ResultWriter` puts the results.
//!
//! The interpreter asks by tasks that name the resource of the reader or writer:
//! `s3:getObject` is answered `{"Body": "<text>"}`, `s3:listObjectsV2` `{"Contents": [...]}`, and
//! `s3:putObject`, which brings all objects of a writer at once, `{}`.
//!
//! Buckets are those of Amazon S3, of a server that speaks its protocol, or the subfolders of a
//! folder. All requests are made with one set of credentials, whichever state machine they are
//! for: [`AllowedBuckets`] says what may be reached with them.

mod allowed_buckets;
mod bucket_name;
mod buckets;
mod faults;
mod get_object;
mod limits;
mod list_objects;
mod parameters;
mod put_objects;
#[cfg(test)]
mod tests;

use std::path::Path;

use asl::Value;
use asl::errors::{Fault, RUNTIME};
use asl::resource::{Pattern, Resource};
use async_trait::async_trait;
use engine::ports::{RunnerError, Task, TaskRunner, TaskUpdate};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;

pub use crate::allowed_buckets::{AllowedBuckets, BucketPattern, PatternError};
use crate::bucket_name::BucketName;
use crate::buckets::{Bucket, Buckets, Folder, S3};
pub use crate::buckets::{S3Settings, SetupError};
pub use crate::limits::StorageLimits;

/// Reads and writes objects.
pub struct ObjectStorage {
    buckets: Box<dyn Buckets>,
    allowed: AllowedBuckets,
    limits: StorageLimits,
    requests: Semaphore,
}

/// What this runner serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Get,
    List,
    Put,
}

impl ObjectStorage {
    /// The buckets of Amazon S3, or of a server that speaks its protocol. Nothing is sent before
    /// the first task.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub fn s3(
        settings: S3Settings,
        allowed: AllowedBuckets,
        limits: StorageLimits,
    ) -> Result<Self, SetupError> {
        let buckets = S3::new(settings, &limits)?;
        Ok(Self::new(Box::new(buckets), allowed, limits))
    }

    /// The subfolders of a folder are the buckets, and the files in them the objects: for a
    /// person who runs a definition from a command line. Symbolic links are followed.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn folder(folder: &Path, limits: StorageLimits) -> Result<Self, SetupError> {
        let buckets = Folder::new(folder)?;
        Ok(Self::new(Box::new(buckets), AllowedBuckets::all(), limits))
    }

    fn new(buckets: Box<dyn Buckets>, allowed: AllowedBuckets, limits: StorageLimits) -> Self {
        Self {
            buckets,
            allowed,
            requests: Semaphore::new(limits.requests_at_once),
            limits,
        }
    }

    fn bucket(&self, task: &Task) -> Result<Box<dyn Bucket>, Fault> {
        let name = BucketName::of(&task.request.parameters)?;
        if !self.allowed.allows(&task.execution.namespace, &name) {
            return Err(faults::not_allowed(&name));
        }
        self.buckets.open(name)
    }
}

/// Whether [`ObjectStorage`] runs tasks with this resource.
#[must_use]
pub fn serves(resource: &Resource) -> bool {
    decide_action(resource).is_some()
}

fn decide_action(resource: &Resource) -> Option<Action> {
    if resource.pattern() != Pattern::RequestResponse {
        return None;
    }
    let actions = [
        ("getObject", Action::Get),
        ("listObjectsV2", Action::List),
        ("putObject", Action::Put),
    ];
    let mut actions = actions.into_iter();
    let found = actions.find(|(name, _)| resource.is("s3", name));
    found.map(|(_, action)| action)
}

#[async_trait]
impl TaskRunner for ObjectStorage {
    fn serves(&self, resource: &Resource) -> bool {
        serves(resource)
    }

    /// What was written stays, as on AWS.
    fn leaves_something(&self, _: &Resource) -> bool {
        false
    }

    /// All that is done can be done again: an object that was read before is read anew, and one
    /// that was written is written with the same content.
    async fn run(&self, task: Task, _: UnboundedSender<TaskUpdate>) -> Result<Value, Fault> {
        let Some(action) = decide_action(&task.request.resource) else {
            let cause = format!("no runner serves {}", task.request.resource);
            return Err(Fault::new(RUNTIME, cause));
        };
        let bucket = self.bucket(&task)?;
        // It is never closed.
        let _permit = self.requests.acquire().await;
        let parameters = &task.request.parameters;
        match action {
            Action::Get => get_object::run(&*bucket, parameters, &self.limits).await,
            Action::List => list_objects::run(&*bucket, parameters, &self.limits).await,
            Action::Put => put_objects::run(&*bucket, parameters).await,
        }
    }

    /// A request that was sent cannot be taken back.
    async fn cancel(&self, _: &Task) -> Result<(), RunnerError> {
        Ok(())
    }
}
