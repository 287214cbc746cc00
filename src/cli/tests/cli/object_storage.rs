//! `sfn run --object-storage`, and what the operator's options are told.

use std::path::{Path, PathBuf};

use crate::run::FIXED;
use crate::sfn::sfn;
use rstest::rstest;
use tempfile::TempDir;

/// A folder with the buckets `inbox`, which has an object, and `results`.
fn buckets() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for bucket in ["inbox/2024", "results"] {
        std::fs::create_dir_all(folder.path().join(bucket)).unwrap();
    }
    let rows = "name,points\nAda,3\n\"Grace, Rear Admiral\",5\n";
    std::fs::write(folder.path().join("inbox/2024/scores.csv"), rows).unwrap();
    folder
}

fn run(folder: &Path, input: &str) -> String {
    let folder = folder.to_str().unwrap();
    let more = [
        "run",
        "scores.asl.json",
        "--input",
        "-",
        "--object-storage",
        folder,
        "--quiet",
    ];
    sfn(&[&more, &FIXED[..]].concat(), input).transcript()
}

/// All files below a folder, with what is in them.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let content = std::fs::read_to_string(&path).unwrap();
                    found.push((path.strip_prefix(folder).unwrap().to_owned(), content));
                }
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_map_reads_its_items_from_a_folder_and_writes_its_results_there() {
    let buckets = buckets();
    let transcript = run(buckets.path(), r#"{"key": "2024/scores.csv"}"#);
    let written = files(&buckets.path().join("results"));
    let written = written.iter().map(|(path, content)| {
        let path = path.display();
        format!("--- results/{path}\n{content}\n")
    });
    let written: String = written.collect();
    insta::assert_snapshot!("run_object_storage", format!("{transcript}{written}"));
}

#[test]
fn an_object_that_is_not_there_fails_the_map() {
    let buckets = buckets();
    let transcript = run(buckets.path(), r#"{"key": "2025/scores.csv"}"#);
    insta::assert_snapshot!("run_object_storage_no_such_key", transcript);
}

#[test]
fn a_map_that_reads_says_what_it_needs() {
    let done = sfn(
        &["run", "scores.asl.json", "--input", "-"],
        r#"{"key": "k"}"#,
    );
    let advice = "answer it with --mock, or give a folder with --object-storage";
    assert_eq!(done.status, 1, "{}", done.transcript());
    assert!(done.stderr.contains(advice), "{}", done.transcript());
}

#[rstest]
#[case::run(
    &["run", "scores.asl.json", "--object-storage", "nowhere"],
    "error: --object-storage: there is no folder nowhere\n"
)]
#[case::no_buckets(
    &["controller", "--object-storage", "s3"],
    "--object-storage-bucket <BUCKET,…>"
)]
#[case::no_storage(
    &["controller", "--object-storage-bucket", "data"],
    "--object-storage <KIND>"
)]
#[case::endpoint(
    &["controller", "--object-storage", "s3", "--object-storage-bucket", "data", "--object-storage-endpoint", "minio:9000"],
    "a URL is expected that begins with https:// or http://"
)]
#[case::bucket(
    &["controller", "--object-storage", "s3", "--object-storage-bucket", "s3://data"],
    "'s3://data' is no bucket"
)]
fn options_that_cannot_be_used_are_refused(#[case] arguments: &[&str], #[case] message: &str) {
    let done = sfn(arguments, "");
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(message), "{}", done.stderr);
}
