//! Errors of object storage as Step Functions names them.
//!
//! Source: error names and causes that Step Functions gives to failed requests of its AWS SDK
//! integration of S3: `S3.NoSuchKeyException` and `S3.NoSuchBucketException` have names of their
//! own, other answers are `S3.S3Exception`, and trouble on the way is `S3.SdkClientException`.

use std::error::Error as _;

use asl::errors::{DATA_LIMIT_EXCEEDED, Fault};
use object_store::Error;

use crate::bucket_name::BucketName;
use crate::buckets::{Bucket, Refusal};

const NO_SUCH_BUCKET: &str = "S3.NoSuchBucketException";
const NO_SUCH_KEY: &str = "S3.NoSuchKeyException";
const OTHER: &str = "S3.S3Exception";
const CLIENT: &str = "S3.SdkClientException";

/// What S3 says with these names.
const NO_SUCH_KEY_TEXT: &str = "The specified key does not exist.";
const NO_SUCH_BUCKET_TEXT: &str = "The specified bucket does not exist";

/// What went wrong with a request for an object, or for a listing (`key` is empty then).
pub(crate) fn of(error: &Error, bucket: &dyn Bucket, key: &str) -> Fault {
    let place = place(bucket.name(), key);
    if let Some(refusal) = bucket.refusal() {
        return of_refusal(&refusal, &place);
    }
    match error {
        Error::NotFound { .. } => {
            let cause = format!("{NO_SUCH_KEY_TEXT} (Service: S3): {place}");
            Fault::new(NO_SUCH_KEY, cause)
        }
        error => Fault::new(CLIENT, format!("{}: {place}", in_words(error))),
    }
}

/// The bucket does not exist.
pub(crate) fn no_such_bucket(bucket: &BucketName) -> Fault {
    let place = place(bucket, "");
    let cause = format!("{NO_SUCH_BUCKET_TEXT} (Service: S3): {place}");
    Fault::new(NO_SUCH_BUCKET, cause)
}

/// The connection to the bucket cannot be set up.
pub(crate) fn unusable(error: &Error, bucket: &BucketName) -> Fault {
    let place = place(bucket, "");
    Fault::new(CLIENT, format!("{}: {place}", in_words(error)))
}

/// The operator does not let executions of that namespace reach the bucket.
pub(crate) fn not_allowed(bucket: &BucketName) -> Fault {
    let cause = format!(
        "The operator's settings do not let executions of this namespace reach the bucket '{bucket}'"
    );
    Fault::new("S3.BucketNotAllowed", cause)
}

/// More than what is read or listed.
pub(crate) fn too_much(found: &str, bucket: &BucketName, key: &str) -> Fault {
    let place = place(bucket, key);
    Fault::new(DATA_LIMIT_EXCEEDED, format!("{found}: {place}"))
}

fn place(bucket: &BucketName, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

fn of_refusal(refusal: &Refusal, place: &str) -> Fault {
    let name = match (&*refusal.code, refusal.status) {
        ("NoSuchKey", _) | ("", 404) => NO_SUCH_KEY,
        ("NoSuchBucket", _) => NO_SUCH_BUCKET,
        _ => OTHER,
    };
    let message = match (&*refusal.message, name) {
        ("", NO_SUCH_KEY) => NO_SUCH_KEY_TEXT,
        ("", NO_SUCH_BUCKET) => NO_SUCH_BUCKET_TEXT,
        ("", _) => "The server refused the request",
        (message, _) => message,
    };
    let mut about = format!("Service: S3, Status Code: {}", refusal.status);
    let ids = [
        ("Request ID", &refusal.request_id),
        ("Extended Request ID", &refusal.host_id),
    ];
    for (what, id) in ids.iter().filter(|(_, id)| !id.is_empty()) {
        about.push_str(&format!(", {what}: {id}"));
    }
    Fault::new(name, format!("{message} ({about}): {place}"))
}

/// The error and what caused it, without what is said twice.
fn in_words(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = error.source();
    }
    text
}
