//! `s3:getObject`: the content of an object, as text.

use asl::Value;
use asl::errors::Fault;
use asl::value::ObjectBuilder;
use futures::TryStreamExt as _;
use object_store::{GetOptions, GetResult};

use crate::buckets::Bucket;
use crate::faults;
use crate::limits::StorageLimits;
use crate::parameters::{check, invalid, key, optional_text, text};

/// Reads `Key`, in its newest version or in `VersionId`.
pub(crate) async fn run(
    bucket: &dyn Bucket,
    parameters: &Value,
    limits: &StorageLimits,
) -> Result<Value, Fault> {
    check(parameters, &["Bucket", "Key", "VersionId"])?;
    let name = text(parameters, "Key")?;
    let version = optional_text(parameters, "VersionId")?.map(str::to_owned);
    if version.is_some() && !bucket.keeps_versions() {
        return Err(invalid(
            "VersionId is given, but no versions are kept here".into(),
        ));
    }
    let path = key(name)?;
    let options = GetOptions {
        version,
        ..GetOptions::default()
    };
    let found = bucket.store().get_opts(&path, options).await;
    let found = found.map_err(|error| faults::of(&error, bucket, name))?;
    let content = read(found, bucket, name, limits.object_bytes).await?;
    let body = String::from_utf8(content).map_err(|_| {
        invalid(format!(
            "s3://{}/{name} is not text in UTF-8",
            bucket.name()
        ))
    })?;
    let answer = ObjectBuilder::default().with("Body", body);
    Ok(Value::Object(answer.build()))
}

async fn read(
    found: GetResult,
    bucket: &dyn Bucket,
    name: &str,
    most: usize,
) -> Result<Vec<u8>, Fault> {
    let too_much = |size: u64| {
        let found = format!("The object has {size} bytes; at most {most} are read");
        faults::too_much(&found, bucket.name(), name)
    };
    let size = found.meta.size;
    let mut content = match usize::try_from(size) {
        Ok(size) if size <= most => Vec::with_capacity(size),
        _ => return Err(too_much(size)),
    };
    let mut chunks = found.into_stream();
    while let Some(chunk) = chunks
        .try_next()
        .await
        .map_err(|error| faults::of(&error, bucket, name))?
    {
        if content.len() + chunk.len() > most {
            return Err(too_much(size.max(most as u64 + 1)));
        }
        content.extend_from_slice(&chunk);
    }
    Ok(content)
}
