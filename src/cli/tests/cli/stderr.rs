//! Standard error that nobody can read.

use crate::sfn::sfn_redirected;
use rstest::rstest;

const FAILS: &str = r#"{"StartAt": "A", "States": {"A": {"Type": "Fail"}}}"#;

#[rstest]
#[case::validate(&["validate", "invalid.asl.json"], 1)]
#[case::validate_with_a_note(&["validate", "manifest.yaml"], 1)]
#[case::run(&["run", "-"], 1)]
#[case::run_invalid(&["run", "invalid.asl.json"], 2)]
#[case::graph(&["graph", "invalid.asl.json"], 1)]
#[case::no_file(&["validate", "nowhere.json"], 2)]
fn a_command_ends_as_it_would(
    #[case] arguments: &[&str],
    #[case] status: i32,
    #[values("2>/dev/full", "2>&-")] redirection: &str,
) {
    let done = sfn_redirected(redirection, arguments, FAILS);
    assert_eq!(done.status, status, "{}", done.transcript());
}
