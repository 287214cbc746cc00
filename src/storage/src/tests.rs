//! Reading, listing and writing, in memory and in a folder.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::Value;
use asl::errors::Fault;
use asl::machine::TaskRequest;
use asl::resource::Resource;
use engine::ports::{ExecutionKey, Identity, Task, TaskRunner as _};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};
use rstest::rstest;
use tokio::sync::mpsc::unbounded_channel;

use crate::bucket_name::BucketName;
use crate::buckets::{Bucket, Buckets, Plain};
use crate::{AllowedBuckets, ObjectStorage, StorageLimits, faults, serves};

/// Buckets in memory.
#[derive(Default)]
struct Memory(BTreeMap<String, Arc<InMemory>>);

impl Buckets for Memory {
    fn open(&self, name: BucketName) -> Result<Box<dyn Bucket>, Fault> {
        let store = self.0.get(name.as_str()).cloned();
        let store = store.ok_or_else(|| faults::no_such_bucket(&name))?;
        Ok(Box::new(Plain { name, store }))
    }
}

/// Object storage with the bucket `data`, in which each object holds its own key.
async fn storage(keys: &[&str], limits: StorageLimits) -> (ObjectStorage, Arc<InMemory>) {
    let data = Arc::new(InMemory::new());
    for key in keys {
        let body = (*key).to_owned().into();
        data.put(&Path::parse(key).unwrap(), body).await.unwrap();
    }
    let buckets = Memory(BTreeMap::from([("data".to_owned(), data.clone())]));
    let allowed = AllowedBuckets::new(
        ["data", "data-2", "other/mine"]
            .map(|pattern| pattern.parse().unwrap())
            .to_vec(),
    );
    (ObjectStorage::new(Box::new(buckets), allowed, limits), data)
}

fn task(action: &str, parameters: &str) -> Task {
    let resource = format!("arn:aws:states:::s3:{action}");
    Task {
        execution: ExecutionKey {
            namespace: "flows".into(),
            name: "run-1".into(),
            uid: "uid".into(),
        },
        identity: Identity::None,
        request: TaskRequest {
            task: 1,
            state: "Map".into(),
            resource: Arc::new(Resource::parse(&resource).unwrap()),
            parameters: asl::value::parse(parameters).unwrap(),
            credentials: None,
            token: None,
            deadline: None,
        },
        resumed: false,
        submitted: false,
        retain_jobs: false,
        leaving: Arc::default(),
    }
}

/// The result as text; for a fault its name and cause.
async fn run(storage: &ObjectStorage, action: &str, parameters: &str) -> String {
    let (updates, _) = unbounded_channel();
    match storage.run(task(action, parameters), updates).await {
        Ok(value) => value.to_string(),
        Err(fault) => {
            let cause = fault.cause.as_deref().unwrap_or_default();
            format!("{}: {cause}", fault.name())
        }
    }
}

fn listed_keys(answer: &str) -> Vec<String> {
    let answer = asl::value::parse(answer).unwrap();
    let contents = answer.get("Contents").and_then(Value::as_array).unwrap();
    let keys = contents.iter().map(|entry| entry.get("Key").unwrap());
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

#[rstest]
#[case("s3:getObject", true)]
#[case("s3:listObjectsV2", true)]
#[case("s3:putObject", true)]
#[case("s3:deleteObject", false)]
#[case("s3:getObject.sync", false)]
#[case("aws-sdk:s3:getObject", false)]
fn the_resources_of_readers_and_writers_are_served(#[case] resource: &str, #[case] expected: bool) {
    let resource = Resource::parse(&format!("arn:aws:states:::{resource}")).unwrap();
    assert_eq!(serves(&resource), expected);
}

#[tokio::test]
async fn an_object_is_read_as_text() {
    let (storage, _) = storage(&["in/ä.csv"], StorageLimits::default()).await;
    let answer = run(
        &storage,
        "getObject",
        r#"{"Bucket": "data", "Key": "in/ä.csv"}"#,
    )
    .await;
    assert_eq!(answer, r#"{"Body":"in/ä.csv"}"#);
}

#[rstest]
#[case(
    "getObject",
    r#"{"Bucket": "data", "Key": "none"}"#,
    "S3.NoSuchKeyException: The specified key does not exist. (Service: S3): s3://data/none"
)]
#[case(
    "getObject",
    r#"{"Bucket": "data-2", "Key": "a"}"#,
    "S3.NoSuchBucketException: The specified bucket does not exist (Service: S3): s3://data-2/"
)]
#[case(
    "getObject",
    r#"{"Bucket": "mine", "Key": "a"}"#,
    "S3.BucketNotAllowed: The operator's settings do not let executions of this namespace reach the bucket 'mine'"
)]
#[case(
    "getObject",
    r#"{"Bucket": "data/../secret", "Key": "a"}"#,
    "States.Runtime: Bucket is 'data/../secret', but a bucket's name has 3 to 255 letters, digits, dots, hyphens and underscores"
)]
#[case(
    "getObject",
    r#"{"Bucket": "data", "Key": "a/../../b"}"#,
    "States.Runtime: The key 'a/../../b' is not supported: a key's parts between '/' must not be empty, '.' or '..', nor have control characters"
)]
#[case(
    "getObject",
    r#"{"Bucket": "data"}"#,
    "States.Runtime: The parameter 'Key' is missing"
)]
#[case(
    "getObject",
    r#"{"Bucket": "data", "Key": 1}"#,
    "States.Runtime: The parameter 'Key' must be a string, but is of type number"
)]
#[case(
    "getObject",
    r#"{"Bucket": "data", "Key": "a", "VersionId": "v"}"#,
    "States.Runtime: VersionId is given, but no versions are kept here"
)]
#[case(
    "listObjectsV2",
    r#"{"Bucket": "data", "Delimiter": "/"}"#,
    "States.Runtime: The parameter 'Delimiter' is not supported. Supported are: Bucket, Prefix"
)]
#[case(
    "putObject",
    r#"{"Bucket": "data", "Objects": {"a": 1}}"#,
    "States.Runtime: The content of 'a' is no text"
)]
#[tokio::test]
async fn what_cannot_be_done_is_told(
    #[case] action: &str,
    #[case] parameters: &str,
    #[case] expected: &str,
) {
    let (storage, _) = storage(&["a"], StorageLimits::default()).await;
    assert_eq!(run(&storage, action, parameters).await, expected);
}

#[tokio::test]
async fn what_is_not_text_is_refused() {
    let (storage, data) = storage(&[], StorageLimits::default()).await;
    let body = vec![0xff, 0xfe].into();
    data.put(&Path::from("a"), body).await.unwrap();
    assert_eq!(
        run(&storage, "getObject", r#"{"Bucket": "data", "Key": "a"}"#).await,
        "States.Runtime: s3://data/a is not text in UTF-8"
    );
}

#[rstest]
#[case(5, r#"{"Body":"12345"}"#)]
#[case(
    4,
    "States.DataLimitExceeded: The object has 5 bytes; at most 4 are read: s3://data/12345"
)]
#[tokio::test]
async fn a_large_object_is_not_read(#[case] object_bytes: usize, #[case] expected: &str) {
    let limits = StorageLimits {
        object_bytes,
        ..StorageLimits::default()
    };
    let (storage, _) = storage(&["12345"], limits).await;
    let answer = run(
        &storage,
        "getObject",
        r#"{"Bucket": "data", "Key": "12345"}"#,
    )
    .await;
    assert_eq!(answer, expected);
}

const KEYS: [&str; 5] = ["in/part-2", "in/part-1", "in/other", "in/part/3", "in"];

#[rstest]
#[case("", &["in", "in/other", "in/part-1", "in/part-2", "in/part/3"])]
#[case("in/part", &["in/part-1", "in/part-2", "in/part/3"])]
#[case("in/part/", &["in/part/3"])]
#[case("i", &["in", "in/other", "in/part-1", "in/part-2", "in/part/3"])]
#[case("out", &[])]
#[tokio::test]
async fn a_prefix_is_the_beginning_of_keys(#[case] prefix: &str, #[case] expected: &[&str]) {
    let (storage, _) = storage(&KEYS, StorageLimits::default()).await;
    let parameters = format!(r#"{{"Bucket": "data", "Prefix": "{prefix}"}}"#);
    let answer = run(&storage, "listObjectsV2", &parameters).await;
    assert_eq!(listed_keys(&answer), expected);
}

#[tokio::test]
async fn a_listed_object_is_described_as_for_a_distributed_map() {
    let (storage, _) = storage(&["a"], StorageLimits::default()).await;
    let answer = run(&storage, "listObjectsV2", r#"{"Bucket": "data"}"#).await;
    let answer = asl::value::parse(&answer).unwrap();
    let entry = answer.get("Contents").and_then(Value::as_array).unwrap()[0].clone();
    let members = entry.as_object().unwrap().members().iter();
    let names: Vec<String> = members.map(|(name, _)| name.to_string()).collect();
    assert_eq!(names, ["Etag", "Key", "LastModified", "Size"]);
    assert_eq!(entry.get("Size").and_then(Value::as_i64), Some(1));
    assert!(entry.get("LastModified").and_then(Value::as_i64) > Some(1_700_000_000));
}

#[rstest]
#[case(5, true)]
#[case(4, false)]
#[tokio::test]
async fn a_long_listing_is_refused(#[case] listed_objects: usize, #[case] is_listed: bool) {
    let limits = StorageLimits {
        listed_objects,
        ..StorageLimits::default()
    };
    let (storage, _) = storage(&KEYS, limits).await;
    let answer = run(&storage, "listObjectsV2", r#"{"Bucket": "data"}"#).await;
    let refused = "States.DataLimitExceeded: There are more than 4 objects, which is the most \
                   that is listed: s3://data/";
    match is_listed {
        true => assert_eq!(listed_keys(&answer).len(), 5),
        false => assert_eq!(answer, refused),
    }
}

#[tokio::test]
async fn objects_are_written_again_with_the_same_content() {
    let (storage, data) = storage(&[], StorageLimits::default()).await;
    let parameters = r#"{"Bucket": "data", "Objects": {"out/a": "[1]", "out/b": "ü"}}"#;
    for _ in 0..2 {
        assert_eq!(run(&storage, "putObject", parameters).await, "{}");
    }
    let mut bodies = Vec::new();
    for key in ["out/a", "out/b"] {
        let found = data.get(&Path::from(key)).await.unwrap();
        bodies.push(String::from_utf8(found.bytes().await.unwrap().into()).unwrap());
    }
    assert_eq!(bodies, ["[1]", "ü"]);
    let all = data.list_with_delimiter(Some(&Path::from("out"))).await;
    assert_eq!(all.unwrap().objects.len(), 2);
}

#[tokio::test]
async fn the_subfolders_of_a_folder_are_buckets() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("data/in")).unwrap();
    std::fs::write(folder.path().join("data/in/a b#1.csv"), "x,y").unwrap();
    std::fs::write(folder.path().join("file"), "no bucket").unwrap();
    let storage = ObjectStorage::folder(folder.path(), StorageLimits::default()).unwrap();
    let parameters = r#"{"Bucket": "data", "Objects": {"out/b.json": "[]"}}"#;
    assert_eq!(run(&storage, "putObject", parameters).await, "{}");
    let written = std::fs::read_to_string(folder.path().join("data/out/b.json"));
    assert_eq!(written.unwrap(), "[]");
    let listed = run(&storage, "listObjectsV2", r#"{"Bucket": "data"}"#).await;
    assert_eq!(listed_keys(&listed), ["in/a b#1.csv", "out/b.json"]);
    let parameters = r#"{"Bucket": "data", "Prefix": "none/a"}"#;
    let listed = run(&storage, "listObjectsV2", parameters).await;
    assert_eq!(listed, r#"{"Contents":[]}"#);
    let parameters = r#"{"Bucket": "data", "Key": "in/a b#1.csv"}"#;
    assert_eq!(
        run(&storage, "getObject", parameters).await,
        r#"{"Body":"x,y"}"#
    );
    for bucket in ["none", "file"] {
        let parameters = format!(r#"{{"Bucket": "{bucket}", "Key": "a"}}"#);
        let expected = format!(
            "S3.NoSuchBucketException: The specified bucket does not exist (Service: S3): \
             s3://{bucket}/"
        );
        assert_eq!(run(&storage, "getObject", &parameters).await, expected);
    }
}

#[test]
fn a_folder_must_be_there() {
    let error = ObjectStorage::folder("nowhere".as_ref(), StorageLimits::default()).err();
    assert!(error.unwrap().to_string().contains("nowhere"));
}
