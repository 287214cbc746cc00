//! Where buckets are.

mod folder;
mod s3;

use asl::errors::Fault;
use async_trait::async_trait;
use object_store::{ObjectMeta, ObjectStore};

use crate::bucket_name::BucketName;
pub(crate) use folder::Folder;
#[cfg(test)]
pub(crate) use folder::Plain;
pub use s3::S3Settings;
pub(crate) use s3::{Refusal, S3};

/// Why object storage cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// There are no credentials. Those of the node are never used: they are not the operator's.
    #[error(
        "there are no credentials for S3 in the environment: AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY, or those of EKS Pod Identity \
         (AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE) or of \
         IAM roles for service accounts (AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE), or \
         AWS_SKIP_SIGNATURE=true for buckets that everybody may use"
    )]
    NoCredentials,
    /// The certificate authority is no PEM text with certificates.
    #[error("the certificate authority has no certificates in PEM")]
    NoCertificates,
    /// Another setting cannot be used.
    #[error(transparent)]
    Settings(#[from] object_store::Error),
}

/// Buckets by name.
pub(crate) trait Buckets: Send + Sync {
    /// A bucket. That it exists is not promised.
    ///
    /// # Errors
    /// It is known not to exist, or cannot be reached with these settings.
    fn open(&self, name: BucketName) -> Result<Box<dyn Bucket>, Fault>;
}

/// One bucket, opened for one task.
#[async_trait]
pub(crate) trait Bucket: Send + Sync {
    /// Its name.
    fn name(&self) -> &BucketName;

    /// Its objects.
    fn store(&self) -> &dyn ObjectStore;

    /// Whether earlier versions of objects can be had.
    fn keeps_versions(&self) -> bool;

    /// The objects whose keys begin with a prefix, in the order of their keys; if there are more
    /// than `most`, a few more than that.
    async fn list(&self, prefix: &str, most: usize)
    -> Result<Vec<ObjectMeta>, object_store::Error>;

    /// How the server refused the last request, if it did.
    fn refusal(&self) -> Option<Refusal>;
}
