//! `s3:putObject`: the objects of a result writer.

use asl::Value;
use asl::errors::Fault;
use asl::value::Object;
use object_store::{ObjectStoreExt as _, PutPayload};

use crate::buckets::Bucket;
use crate::faults;
use crate::parameters::{check, invalid, key};

/// Writes `Objects`, texts by key, one after the other: whoever sees one sees all before it.
pub(crate) async fn run(bucket: &dyn Bucket, parameters: &Value) -> Result<Value, Fault> {
    check(parameters, &["Bucket", "Objects"])?;
    let objects = parameters.get("Objects").and_then(Value::as_object);
    for (name, body) in objects.map(Object::members).unwrap_or_default() {
        let path = key(name)?;
        let Some(body) = body.as_str() else {
            return Err(invalid(format!("The content of '{name}' is no text")));
        };
        let payload = PutPayload::from(body.to_owned());
        let written = bucket.store().put(&path, payload).await;
        written.map_err(|error| faults::of(&error, bucket, name))?;
    }
    Ok(Value::empty_object())
}
