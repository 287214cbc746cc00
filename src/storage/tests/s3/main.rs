//! Against a server that speaks the protocol of S3, over HTTP, with signed requests.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failure here is a failed test"
)]

mod server;

use std::sync::Arc;

use asl::Value;
use asl::machine::TaskRequest;
use asl::resource::Resource;
use engine::ports::{ExecutionKey, Identity, Task, TaskRunner as _};
use rstest::rstest;
use storage::{AllowedBuckets, ObjectStorage, S3Settings, SetupError, StorageLimits};
use tokio::sync::mpsc::unbounded_channel;

use server::{KEY_ID, SECRET, Server};

fn settings(endpoint: &str, variables: &[(&str, &str)]) -> S3Settings {
    let variables = variables.iter();
    S3Settings {
        environment: variables
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        endpoint: Some(endpoint.to_owned()),
        region: "eu-central-1".to_owned(),
        certificate_authority: None,
    }
}

fn storage_with_secret(server: &Server, secret: &str) -> ObjectStorage {
    let variables = [
        ("AWS_ACCESS_KEY_ID", KEY_ID),
        ("AWS_SECRET_ACCESS_KEY", secret),
    ];
    let settings = settings(&server.url, &variables);
    let allowed = AllowedBuckets::new(vec!["data".parse().unwrap(), "none".parse().unwrap()]);
    ObjectStorage::s3(settings, allowed, StorageLimits::default()).unwrap()
}

fn storage(server: &Server) -> ObjectStorage {
    storage_with_secret(server, SECRET)
}

async fn run(storage: &ObjectStorage, action: &str, parameters: &str) -> Result<Value, String> {
    let resource = format!("arn:aws:states:::s3:{action}");
    let task = Task {
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
    };
    let done = storage.run(task, unbounded_channel().0).await;
    done.map_err(|fault| {
        let cause = fault.cause.as_deref().unwrap_or_default();
        format!("{}: {cause}", fault.name())
    })
}

async fn get(storage: &ObjectStorage, key: &str) -> Result<String, String> {
    let parameters = format!(r#"{{"Bucket": "data", "Key": "{key}"}}"#);
    let answer = run(storage, "getObject", &parameters).await?;
    Ok(answer.get("Body").unwrap().as_str().unwrap().to_owned())
}

async fn list(storage: &ObjectStorage, prefix: &str) -> Result<Vec<Value>, String> {
    let parameters = format!(r#"{{"Bucket": "data", "Prefix": "{prefix}"}}"#);
    let answer = run(storage, "listObjectsV2", &parameters).await?;
    Ok(answer.get("Contents").unwrap().as_array().unwrap().to_vec())
}

#[tokio::test]
async fn what_a_writer_wrote_a_reader_reads() {
    let server = Server::start().await;
    let storage = storage(&server);
    let parameters = r#"{"Bucket": "data", "Objects": {"out/a ä+b.json": "[\"ü\"]"}}"#;
    for _ in 0..2 {
        run(&storage, "putObject", parameters).await.unwrap();
    }
    assert_eq!(get(&storage, "out/a ä+b.json").await.unwrap(), r#"["ü"]"#);
    assert_eq!(server.read("out/a ä+b.json"), r#"["ü"]"#);
}

#[tokio::test]
async fn a_listing_goes_on_over_as_many_answers_as_it_takes() {
    let server = Server::start().await;
    for number in 0..2_100 {
        server.write(&format!("in/part-{number:04}"), "");
    }
    server.write("in/other", "");
    let listed = list(&storage(&server), "in/part-").await.unwrap();
    let key = |entry: &Value| entry.get("Key").unwrap().as_str().unwrap().to_owned();
    let keys: Vec<String> = listed.iter().map(key).collect();
    let expected = (0..2_100).map(|number| format!("in/part-{number:04}"));
    assert_eq!(keys, expected.collect::<Vec<_>>());
    assert!(server.requests() >= 3);
}

#[tokio::test]
async fn refusals_have_the_names_that_step_functions_gives_them() {
    let server = Server::start().await;
    let ours = storage(&server);
    let fault = get(&ours, "none").await.unwrap_err();
    let (name, cause) = fault.split_once(": ").unwrap();
    assert_eq!(name, "S3.NoSuchKeyException");
    let expected = "The specified key does not exist. (Service: S3, Status Code: 404";
    assert!(cause.starts_with(expected), "{cause}");
    assert!(cause.ends_with("): s3://data/none"), "{cause}");

    let fault = run(&ours, "listObjectsV2", r#"{"Bucket": "none"}"#).await;
    let fault = fault.unwrap_err();
    assert!(fault.starts_with("S3.NoSuchBucketException: "), "{fault}");
    assert!(fault.ends_with("): s3://none/"), "{fault}");

    let theirs = storage_with_secret(&server, "wrong");
    server.write("a", "");
    let fault = get(&theirs, "a").await.unwrap_err();
    assert!(fault.starts_with("S3.S3Exception: "), "{fault}");
    assert!(fault.contains("(Service: S3, Status Code: 403"), "{fault}");
}

#[tokio::test]
async fn a_server_that_is_busy_or_gone_for_a_moment_is_asked_again() {
    let server = Server::start().await;
    server.write("a", "content");
    server.fail_next(3);
    assert_eq!(get(&storage(&server), "a").await.unwrap(), "content");
    assert_eq!(server.requests(), 4);

    server.fail_next(2);
    let parameters = r#"{"Bucket": "data", "Objects": {"b": "written"}}"#;
    run(&storage(&server), "putObject", parameters)
        .await
        .unwrap();
    assert_eq!(server.read("b"), "written");
}

#[rstest]
#[case::none(&[], false)]
#[case::half_a_key(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token")], false)]
#[case::key(&[("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")], true)]
#[case::service_account(&[("AWS_WEB_IDENTITY_TOKEN_FILE", "/token"), ("AWS_ROLE_ARN", "arn:aws:iam::1:role/r")], true)]
#[case::pod_identity(&[("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.170.23/v1/credentials"), ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "/token")], true)]
#[case::public(&[("AWS_SKIP_SIGNATURE", "true")], true)]
fn credentials_must_be_the_operators_own(
    #[case] variables: &[(&str, &str)],
    #[case] expected: bool,
) {
    let settings = settings("http://localhost:1", variables);
    let made = ObjectStorage::s3(
        settings,
        AllowedBuckets::default(),
        StorageLimits::default(),
    );
    let refused = matches!(made.err(), Some(SetupError::NoCredentials));
    assert_eq!(!refused, expected);
}

#[test]
fn a_certificate_authority_must_have_certificates() {
    let variables = [("AWS_SKIP_SIGNATURE", "true")];
    let settings = S3Settings {
        certificate_authority: Some(b"none".to_vec()),
        ..settings("https://localhost:1", &variables)
    };
    let made = ObjectStorage::s3(
        settings,
        AllowedBuckets::default(),
        StorageLimits::default(),
    );
    assert!(matches!(made.err(), Some(SetupError::NoCertificates)));
}
