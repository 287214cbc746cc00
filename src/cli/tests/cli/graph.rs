//! `sfn graph`.

use std::fs;

use crate::sfn::sfn;
use rstest::rstest;

#[rstest]
#[case("order", &["graph", "order.asl.json"])]
#[case("shipment", &["graph", "shipment.asl.json"])]
#[case("shipment_svg", &["graph", "shipment.asl.json", "--format", "svg"])]
#[case("manifest", &["graph", "manifest.yaml", "--state-machine", "in-a-block"])]
#[case("invalid", &["graph", "invalid.asl.json"])]
fn a_definition_is_drawn(#[case] name: &str, #[case] arguments: &[&str]) {
    insta::assert_snapshot!(format!("graph_{name}"), sfn(arguments, "").transcript());
}

#[test]
fn the_name_of_the_output_tells_the_format() {
    let path = concat!(env!("CARGO_TARGET_TMPDIR"), "/order.svg");
    let done = sfn(&["graph", "order.asl.json", "--output", path], "");
    assert_eq!(
        (done.status, done.stdout.as_str()),
        (0, ""),
        "{}",
        done.stderr
    );
    assert!(fs::read_to_string(path).unwrap().starts_with("<svg "));
    let done = sfn(
        &[
            "graph",
            "order.asl.json",
            "--format",
            "mermaid",
            "--output",
            path,
        ],
        "",
    );
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(
        fs::read_to_string(path)
            .unwrap()
            .starts_with("flowchart TD\n")
    );
}

#[rstest]
#[case::a_choice_that_leads_to_itself(
    r#""A": {"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "A"}], "Default": "B"}, "B": {"Type": "Succeed"}"#
)]
#[case::a_state_that_catches_its_own_errors(
    r#""A": {"Type": "Task", "Resource": "arn:aws:states:::eks:call", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}], "End": true}"#
)]
fn a_loop_is_drawn_at_the_side_of_its_state(#[case] states: &str) {
    let definition = format!(r#"{{"StartAt": "A", "States": {{{states}}}}}"#);
    let done = sfn(&["graph", "-", "--format", "svg"], &definition);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(
        done.stdout.contains("text-anchor=\"start\""),
        "{}",
        done.stdout
    );
    let done = sfn(&["graph", "-"], &definition);
    assert!(done.stdout.contains("| s1\n"), "{}", done.stdout);
}

#[test]
fn a_definition_of_many_states_is_drawn_in_bounded_time() {
    let states: Vec<String> = (0..2_000)
        .map(|index| {
            let next = index + 1;
            let catch = r#"[{"ErrorEquals": ["States.ALL"], "Next": "Give Up"}]"#;
            format!(
                r#""S{index}": {{"Type": "Task", "Resource": "arn:aws:states:::eks:call", "Catch": {catch}, "Next": "S{next}"}}"#
            )
        })
        .collect();
    let definition = format!(
        r#"{{"StartAt": "S0", "States": {{{}, "S2000": {{"Type": "Succeed"}}, "Give Up": {{"Type": "Fail"}}}}}}"#,
        states.join(", ")
    );
    let done = sfn(&["graph", "-", "--format", "svg"], &definition);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stdout.contains(">S1999</text>"));
}

#[rstest]
#[case::several(&["graph", "manifest.yaml"], "choose with --state-machine among in-a-block, as-an-object, quoted")]
#[case::missing(&["graph", "nowhere.json"], "cannot read nowhere.json")]
#[case::output(&["graph", "order.asl.json", "--output", "nowhere/x.svg"], "cannot write nowhere/x.svg")]
fn what_cannot_be_drawn_has_exit_status_2(#[case] arguments: &[&str], #[case] message: &str) {
    let done = sfn(arguments, "");
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(message), "{}", done.stderr);
}
