//! `s3:listObjectsV2`: what objects there are, in the order of their keys.

use asl::Value;
use asl::errors::Fault;
use asl::value::ObjectBuilder;
use object_store::ObjectMeta;

use crate::buckets::Bucket;
use crate::faults;
use crate::limits::StorageLimits;
use crate::parameters::{check, optional_text};

/// Lists the objects whose keys begin with `Prefix`: all of them, however many answers that
/// takes.
pub(crate) async fn run(
    bucket: &dyn Bucket,
    parameters: &Value,
    limits: &StorageLimits,
) -> Result<Value, Fault> {
    check(parameters, &["Bucket", "Prefix"])?;
    let prefix = optional_text(parameters, "Prefix")?.unwrap_or_default();
    let most = limits.listed_objects;
    let listed = bucket.list(prefix, most).await;
    let listed = listed.map_err(|error| faults::of(&error, bucket, prefix))?;
    if listed.len() > most {
        let found = format!("There are more than {most} objects, which is the most that is listed");
        return Err(faults::too_much(&found, bucket.name(), prefix));
    }
    let contents: Vec<Value> = listed.iter().map(entry).collect();
    let answer = ObjectBuilder::default().with("Contents", contents);
    Ok(Value::Object(answer.build()))
}

/// An object as an item: the members, and their spelling, of a distributed Map on AWS. The
/// storage class is not known here.
fn entry(object: &ObjectMeta) -> Value {
    let mut entry = ObjectBuilder::default();
    if let Some(tag) = &object.e_tag {
        entry = entry.with("Etag", tag.as_str());
    }
    let entry = entry
        .with("Key", object.location.as_ref())
        .with("LastModified", object.last_modified.timestamp())
        .with("Size", i64::try_from(object.size).unwrap_or(i64::MAX));
    Value::Object(entry.build())
}
