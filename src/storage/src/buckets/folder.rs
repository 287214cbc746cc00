//! The subfolders of a folder as buckets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use asl::errors::Fault;
use async_trait::async_trait;
use futures::TryStreamExt as _;
use object_store::local::LocalFileSystem;
use object_store::{ObjectMeta, ObjectStore};

use super::{Bucket, Buckets, Refusal, SetupError};
use crate::bucket_name::BucketName;
use crate::faults;

/// The buckets in a folder.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// # Errors
    /// There is no such folder.
    pub(crate) fn new(folder: &Path) -> Result<Self, SetupError> {
        LocalFileSystem::new_with_prefix(folder)?;
        Ok(Self(folder.to_owned()))
    }
}

impl Buckets for Folder {
    fn open(&self, name: BucketName) -> Result<Box<dyn Bucket>, Fault> {
        let folder = self.0.join(name.as_str());
        if !folder.is_dir() {
            return Err(faults::no_such_bucket(&name));
        }
        let store = LocalFileSystem::new_with_prefix(folder);
        let store = store.map_err(|error| faults::unusable(&error, &name))?;
        Ok(Box::new(Plain {
            name,
            store: Arc::new(store),
        }))
    }
}

/// A bucket without versions, whose objects are listed by the folder.
pub(crate) struct Plain {
    pub(crate) name: BucketName,
    pub(crate) store: Arc<dyn ObjectStore>,
}

#[async_trait]
impl Bucket for Plain {
    fn name(&self) -> &BucketName {
        &self.name
    }

    fn store(&self) -> &dyn ObjectStore {
        &*self.store
    }

    fn keeps_versions(&self) -> bool {
        false
    }

    async fn list(
        &self,
        prefix: &str,
        most: usize,
    ) -> Result<Vec<ObjectMeta>, object_store::Error> {
        let folder = prefix.rsplit_once('/').map(|(folder, _)| folder);
        let folder = folder
            .map(object_store::path::Path::parse)
            .transpose()
            .map_err(object_store::Error::from)?;
        let mut found = self.store.list(folder.as_ref());
        let mut listed = Vec::new();
        while let Some(object) = found.try_next().await? {
            if object.location.as_ref().starts_with(prefix) {
                listed.push(object);
            }
            if listed.len() > most {
                break;
            }
        }
        listed.sort_unstable_by(|one, other| one.location.cmp(&other.location));
        Ok(listed)
    }

    fn refusal(&self) -> Option<Refusal> {
        None
    }
}
