//! `sfn crds`.

use crate::sfn::sfn;

#[test]
fn the_definitions_in_the_repository_are_those_of_the_types() {
    let done = sfn(&["crds"], "");
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    let documents: Vec<_> = done
        .stdout
        .split("---\n")
        .filter(|text| !text.is_empty())
        .collect();
    let files = ["statemachines", "executions", "executionpages"];
    assert_eq!(documents.len(), files.len());
    for (document, file) in documents.iter().zip(files) {
        let path = format!("{}/../../crds/{file}.yaml", env!("CARGO_MANIFEST_DIR"));
        let written = std::fs::read_to_string(path).unwrap();
        let (_, written) = written.split_once('\n').unwrap();
        assert!(
            written == *document,
            "crds/{file}.yaml differs from src/crd: run `make crds`"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let done = sfn(&["crds", "--output-dir", "order.asl.json/crds"], "");
    assert_eq!(done.status, 2);
    assert!(
        done.stderr
            .starts_with("error: cannot create order.asl.json/crds: "),
        "{}",
        done.stderr
    );
}
