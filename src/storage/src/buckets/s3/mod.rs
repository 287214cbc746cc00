//! Buckets of Amazon S3, and of servers that speak its protocol.

mod connection;
mod refusal;

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::errors::Fault;
use async_trait::async_trait;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::list::{PaginatedListOptions, PaginatedListStore as _};
use object_store::{Certificate, ClientOptions, ObjectMeta, ObjectStore, RetryConfig};

use super::{Bucket, Buckets, SetupError};
use crate::bucket_name::BucketName;
use crate::faults;
use crate::limits::StorageLimits;
use connection::{Connection, Connector};
use refusal::LastAnswer;
pub(crate) use refusal::Refusal;

/// Which S3, and by whose rights.
#[derive(Debug, Clone, Default)]
pub struct S3Settings {
    /// The environment's `AWS_*` variables, which SDKs of AWS understand: credentials, region,
    /// endpoint, proxy.
    pub environment: BTreeMap<String, String>,
    /// The server's URL; `None` for that of the region.
    pub endpoint: Option<String>,
    /// The region, where the environment names none.
    pub region: String,
    /// Certificate authorities to trust besides the system's, as PEM text.
    pub certificate_authority: Option<Vec<u8>>,
}

/// The buckets that one set of credentials reaches.
pub(crate) struct S3 {
    builder: AmazonS3Builder,
    connection: Connection,
}

impl S3 {
    /// # Errors
    /// The settings cannot be used.
    pub(crate) fn new(settings: S3Settings, limits: &StorageLimits) -> Result<Self, SetupError> {
        let builder = configure(settings, limits)?;
        if !has_credentials(&builder) {
            return Err(SetupError::NoCredentials);
        }
        connection::choose_cryptography();
        // The credentials are the same for all buckets, and are fetched and renewed once.
        let any = builder.clone().with_bucket_name("any").build()?;
        Ok(Self {
            builder: builder.with_credentials(any.credentials().clone()),
            connection: Connection::default(),
        })
    }
}

fn configure(settings: S3Settings, limits: &StorageLimits) -> Result<AmazonS3Builder, SetupError> {
    let user_agent = concat!("sfn-operator/", env!("CARGO_PKG_VERSION"));
    let mut options = ClientOptions::new()
        .with_user_agent(object_store::HeaderValue::from_static(user_agent))
        .with_timeout(limits.answer_time);
    if let Some(authorities) = &settings.certificate_authority {
        let certificates = Certificate::from_pem_bundle(authorities)?;
        if certificates.is_empty() {
            return Err(SetupError::NoCertificates);
        }
        for certificate in certificates {
            options = options.with_root_certificate(certificate);
        }
    }
    let retry = RetryConfig {
        retry_timeout: limits.retry_time,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_region(settings.region)
        .with_client_options(options)
        .with_retry(retry);
    for (name, value) in settings.environment {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    if let Some(endpoint) = settings.endpoint {
        builder = builder
            .with_allow_http(endpoint.starts_with("http://"))
            .with_endpoint(endpoint);
    }
    Ok(builder)
}

/// Whether there are credentials to use, or none are wanted. Without any the library would take
/// those of the node from its metadata service.
fn has_credentials(builder: &AmazonS3Builder) -> bool {
    use AmazonS3ConfigKey as Key;
    let has = |key: Key| builder.get_config_value(&key).is_some();
    has(Key::AccessKeyId)
        || has(Key::WebIdentityTokenFile) && has(Key::RoleArn)
        || has(Key::ContainerCredentialsRelativeUri)
        || has(Key::ContainerCredentialsFullUri) && has(Key::ContainerAuthorizationTokenFile)
        || builder.get_config_value(&Key::SkipSignature).as_deref() == Some("true")
}

impl Buckets for S3 {
    fn open(&self, name: BucketName) -> Result<Box<dyn Bucket>, Fault> {
        let last_answer = LastAnswer::default();
        let connector = Connector::new(self.connection.clone(), last_answer.clone());
        let builder = self.builder.clone().with_bucket_name(name.as_str());
        let store = builder.with_http_connector(connector).build();
        let store = store.map_err(|error| faults::unusable(&error, &name))?;
        Ok(Box::new(S3Bucket {
            name,
            store: Arc::new(store),
            last_answer,
        }))
    }
}

struct S3Bucket {
    name: BucketName,
    store: Arc<AmazonS3>,
    last_answer: LastAnswer,
}

#[async_trait]
impl Bucket for S3Bucket {
    fn name(&self) -> &BucketName {
        &self.name
    }

    fn store(&self) -> &dyn ObjectStore {
        &*self.store
    }

    fn keeps_versions(&self) -> bool {
        true
    }

    /// S3 gives up to 1,000 objects in an answer.
    async fn list(
        &self,
        prefix: &str,
        most: usize,
    ) -> Result<Vec<ObjectMeta>, object_store::Error> {
        let prefix = Some(prefix).filter(|prefix| !prefix.is_empty());
        let mut listed = Vec::new();
        let mut page_token = None;
        loop {
            let options = PaginatedListOptions {
                page_token,
                ..PaginatedListOptions::default()
            };
            let page = self.store.list_paginated(prefix, options).await?;
            listed.extend(page.result.objects);
            page_token = page.page_token;
            if page_token.is_none() || listed.len() > most {
                return Ok(listed);
            }
        }
    }

    fn refusal(&self) -> Option<Refusal> {
        self.last_answer.refusal()
    }
}
