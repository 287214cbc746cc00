//! What `--help` says.

use crate::sfn::sfn;
use rstest::rstest;

#[rstest]
#[case("sfn", &["--help"])]
#[case("validate", &["validate", "--help"])]
#[case("run", &["run", "--help"])]
#[case("test-state", &["test-state", "--help"])]
#[case("graph", &["graph", "--help"])]
#[case("history", &["history", "--help"])]
#[case("stop", &["stop", "--help"])]
#[case("redrive", &["redrive", "--help"])]
#[case("controller", &["controller", "--help"])]
#[case("crds", &["crds", "--help"])]
fn help_says_what_there_is(#[case] name: &str, #[case] arguments: &[&str]) {
    let done = sfn(arguments, "");
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(format!("help_{name}"), done.stdout);
}
