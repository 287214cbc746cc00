//! `sfn run`.

use crate::sfn::{sfn, sfn_terminated};
use rstest::rstest;

/// What makes a run the same each time.
pub const FIXED: [&str; 5] = [
    "--no-wait",
    "--start-time",
    "2024-01-31T12:00:00Z",
    "--seed",
    "1",
];

#[rstest]
#[case("in_stock", "InStock", &["--history"])]
#[case("in_stock_json", "InStock", &["--json", "--quiet"])]
#[case("out_of_stock", "OutOfStock", &[])]
fn a_definition_runs_with_mocks(#[case] name: &str, #[case] case: &str, #[case] more: &[&str]) {
    let fixed = [
        "run",
        "order.asl.json",
        "--input",
        "-",
        "--mock",
        "order.mocks.json",
        "--test-case",
        case,
    ];
    let arguments = [&fixed, &FIXED[..], more].concat();
    let done = sfn(&arguments, r#"{"wanted": 5}"#);
    insta::assert_snapshot!(format!("run_{name}"), done.transcript());
}

#[test]
fn sigterm_stops_the_execution() {
    let waits =
        r#"{"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 60, "End": true}}}"#;
    let done = sfn_terminated(&["run", "-"], waits);
    assert_eq!(done.status, 1, "{}", done.transcript());
    let told = "ABORTED: Interrupted: stopped by SIGTERM";
    assert!(done.stderr.contains(told), "{}", done.transcript());
}

#[rstest]
#[case::valid(
    "Succeed",
    "is valid, but nothing here runs all of its tasks: answer them with --mock"
)]
#[case::invalid("Suceed", "is not a valid definition")]
fn what_only_lacks_mocks_is_told_from_what_is_invalid(#[case] type_: &str, #[case] told: &str) {
    let definition = format!(
        "StartAt: A\nStates:\n  A: {{Type: Task, Resource: 'arn:aws:states:::lambda:invoke', \
         Parameters: {{FunctionName: f}}, Next: B}}\n  B: {{Type: {type_}}}\n"
    );
    let done = sfn(&["run", "-"], &definition);
    assert_eq!(done.status, 2, "{}", done.transcript());
    let told = format!("error: standard input {told}\n");
    assert!(done.stderr.ends_with(&told), "{}", done.transcript());
}

#[rstest]
#[case::too_large("x".repeat(262_143), "--input has 262145 bytes as JSON: at most 262144 are allowed")]
#[case::too_deep("[".repeat(101) + &"]".repeat(101), "--input is nested in more than 100 levels")]
fn an_input_beyond_the_limits_is_refused(#[case] input: String, #[case] told: &str) {
    let done = sfn(&["run", "order.asl.json", "--input", "-"], &input);
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert_eq!(done.stderr, format!("error: {told}\n"));
}

#[test]
fn a_task_without_mock_or_cluster_says_what_to_do() {
    let done = sfn(&["run", "order.asl.json", "--json", "--history"], "");
    assert_eq!(done.status, 1, "{}", done.transcript());
    let advice = "answer it with --mock, or give a cluster with --kubeconfig";
    assert!(done.stdout.contains(advice), "{}", done.transcript());
}

#[test]
fn a_state_machine_of_a_manifest_runs_with_its_substitutions() {
    let done = sfn(
        &["run", "manifest.yaml", "--state-machine", "in-a-block"],
        "",
    );
    assert_eq!((done.status, done.stdout.as_str()), (0, "\"Hello\"\n"));
}

#[rstest]
#[case::several(&["run", "manifest.yaml"], "choose with --state-machine among in-a-block, as-an-object, quoted")]
#[case::unknown(&["run", "manifest.yaml", "--state-machine", "x"], "no StateMachine 'x'")]
#[case::invalid(&["run", "invalid.asl.json"], "is not a valid definition")]
#[case::input(&["run", "order.asl.json", "--input", "nowhere.json"], "cannot read nowhere.json")]
#[case::name(&["run", "order.asl.json", "--name", "a b/c"], "invalid value 'a b/c' for '--name <NAME>': it has ' '")]
#[case::no_name(&["run", "order.asl.json", "--name", ""], "for '--name <NAME>': it has 0 characters")]
#[case::kubeconfig(&["run", "order.asl.json", "--kubeconfig", "nowhere"], "cannot use the kubeconfig nowhere")]
#[case::mock(&["run", "order.asl.json", "--mock", "order.mocks.json"], "choose with --test-case among InStock, OutOfStock")]
fn what_cannot_be_run_has_exit_status_2(#[case] arguments: &[&str], #[case] message: &str) {
    let done = sfn(arguments, "");
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(message), "{}", done.stderr);
}
