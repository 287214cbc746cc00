//! `sfn test-state`.

use crate::sfn::sfn;
use rstest::rstest;

const STATE: [&str; 3] = ["test-state", "order.asl.json", "--state-name"];

#[test]
fn a_mocked_task_shows_its_data_on_the_way() {
    let more = [
        "Check Stock",
        "--mock-result",
        "-",
        "--inspection-level",
        "debug",
    ];
    let done = sfn(
        &[&STATE[..], &more].concat(),
        r#"{"StatusCode": 200, "ResponseBody": {"count": 7}}"#,
    );
    insta::assert_snapshot!("test_state_mocked_task", done.transcript());
}

#[rstest]
#[case::tried_again(&["Check Stock", "--mock-error", "EKS.404", "--retrier-retry-count", "1"], "RETRIABLE")]
#[case::caught(&["Check Stock", "--mock-error", "EKS.500"], "CAUGHT_ERROR")]
#[case::failed(&["Give Up"], "FAILED")]
fn what_does_not_succeed_has_exit_status_1(#[case] more: &[&str], #[case] status: &str) {
    let done = sfn(&[&STATE[..], more].concat(), "");
    assert_eq!(done.status, 1, "{}", done.transcript());
    let expected = format!("\"status\": \"{status}\"");
    assert!(done.stdout.contains(&expected), "{}", done.transcript());
}

#[test]
fn a_state_may_stand_alone_in_yaml() {
    let done = sfn(&["test-state", "-"], "Type: Pass\nResult: 7\nEnd: true\n");
    assert_eq!(done.status, 0, "{}", done.transcript());
    assert!(
        done.stdout.contains("\"output\": 7"),
        "{}",
        done.transcript()
    );
}

#[rstest]
#[case::no_state(&["test-state", "order.asl.json"], "choose a state of it with --state-name")]
#[case::unknown_state(&["test-state", "order.asl.json", "--state-name", "x"], "State not found in definition: there is no 'x', only: Check Stock, ")]
#[case::no_mock(&["test-state", "order.asl.json", "--state-name", "Check Stock"], "with --mock-result or --mock-error")]
#[case::a_mock_too_many(&["test-state", "order.asl.json", "--state-name", "Ship", "--mock-error", "E"], "State type 'Pass' is not supported when a mock is specified")]
fn what_cannot_be_tested_has_exit_status_2(#[case] arguments: &[&str], #[case] message: &str) {
    let done = sfn(arguments, "");
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(message), "{}", done.transcript());
}
