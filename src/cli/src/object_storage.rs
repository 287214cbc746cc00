//! Object storage as the options of `sfn controller` say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use storage::{AllowedBuckets, BucketPattern, ObjectStorage, S3Settings, StorageLimits};

/// Where distributed Map states read their items and write their results.
#[derive(Args)]
pub struct ObjectStorageOptions {
    /// Let ItemReader and ResultWriter use Amazon S3, or a server that speaks its protocol [default: they are refused]
    #[arg(
        long,
        env = "SFN_OBJECT_STORAGE",
        value_name = "KIND",
        requires = "object_storage_bucket",
        help_heading = "Object storage"
    )]
    object_storage: Option<Kind>,
    /// The buckets that executions may reach: [NAMESPACE/]BUCKET, with * at its end for any rest
    #[arg(
        long,
        env = "SFN_OBJECT_STORAGE_BUCKET",
        value_name = "BUCKET,…",
        value_delimiter = ',',
        requires = "object_storage",
        help_heading = "Object storage"
    )]
    object_storage_bucket: Vec<BucketPattern>,
    /// The server, if it is not Amazon's [default: S3 in the region AWS_REGION, else --region]
    #[arg(
        long,
        env = "SFN_OBJECT_STORAGE_ENDPOINT",
        value_name = "URL",
        value_parser = url,
        help_heading = "Object storage"
    )]
    object_storage_endpoint: Option<String>,
    /// Certificate authorities to trust besides the system's, in PEM
    #[arg(
        long,
        env = "SFN_OBJECT_STORAGE_CERTIFICATE_AUTHORITY",
        value_name = "FILE",
        help_heading = "Object storage"
    )]
    object_storage_certificate_authority: Option<PathBuf>,
    /// Bytes of an object that is read at most; as items it may take 8 times as many, in memory 80 times
    #[arg(
        long,
        env = "SFN_OBJECT_STORAGE_READ_LIMIT",
        value_name = "BYTES",
        default_value_t = 4 * 1024 * 1024,
        help_heading = "Object storage"
    )]
    object_storage_read_limit: usize,
}

/// The kinds of object storage.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq)]
enum Kind {
    // A comment for the help would change the layout of all of it.
    S3,
}

fn url(text: &str) -> Result<String, &'static str> {
    let is_url = ["http://", "https://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    is_url
        .then(|| text.to_owned())
        .ok_or("a URL is expected that begins with https:// or http://")
}

impl ObjectStorageOptions {
    /// Sets object storage up; `None` where none is wanted. `region` is that of the ARNs.
    ///
    /// # Errors
    /// The options or the environment cannot be used.
    pub fn open(&self, region: &str) -> anyhow::Result<Option<ObjectStorage>> {
        let Some(Kind::S3) = self.object_storage else {
            return Ok(None);
        };
        let settings = S3Settings {
            environment: aws_variables(),
            endpoint: self.object_storage_endpoint.clone(),
            region: region.to_owned(),
            certificate_authority: self.certificate_authority()?,
        };
        let allowed = AllowedBuckets::new(self.object_storage_bucket.clone());
        let limits = StorageLimits {
            object_bytes: self.object_storage_read_limit,
            ..StorageLimits::default()
        };
        let storage = ObjectStorage::s3(settings, allowed, limits);
        storage.context("--object-storage s3").map(Some)
    }

    /// How many bytes of JSON the items of a reader may have.
    pub fn items_bytes(&self) -> usize {
        self.object_storage_read_limit.saturating_mul(8)
    }

    fn certificate_authority(&self) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(file) = &self.object_storage_certificate_authority else {
            return Ok(None);
        };
        let read = std::fs::read(file);
        read.map(Some).with_context(|| {
            let file = file.display();
            format!("--object-storage-certificate-authority: cannot read {file}")
        })
    }
}

/// What SDKs of AWS read from the environment.
fn aws_variables() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("AWS_"))
        .collect()
}
