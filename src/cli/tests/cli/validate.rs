//! `sfn validate`.

use crate::sfn::sfn;
use rstest::rstest;

/// A StateMachine whose definition is not in the file.
const ELSEWHERE: &str = "apiVersion: sfn.services.k8s.aws/v1alpha1\nkind: StateMachine\n\
    metadata: {name: a}\nspec: {definitionFrom: {configMapKeyRef: {name: m, key: k}}}\n";

#[rstest]
#[case("valid_definition", &["validate", "order.asl.json"])]
#[case("invalid_definition", &["validate", "invalid.asl.json"])]
#[case("invalid_definition_json", &["validate", "--json", "invalid.asl.json"])]
#[case("manifests", &["validate", "manifest.yaml"])]
#[case("what_can_be", &["validate", "rights.yaml", "nowhere.json", "unclear.yaml", "order.asl.json"])]
#[case("what_can_be_json", &["validate", "--json", "rights.yaml", "nowhere.json", "order.asl.json"])]
fn findings_are_shown_where_they_are(#[case] name: &str, #[case] arguments: &[&str]) {
    insta::assert_snapshot!(format!("validate_{name}"), sfn(arguments, "").transcript());
}

#[rstest]
#[case::valid(r#"{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}"#, 0)]
#[case::yaml("StartAt: A\nStates: {A: {Type: Succeed}}", 0)]
#[case::invalid("{}", 1)]
#[case::neither_json_nor_yaml("{\"StartAt\": ", 1)]
#[case::nothing("", 1)]
#[case::no_state_machine("apiVersion: v1\nkind: Secret\n", 2)]
#[case::a_definition_in_the_cluster(ELSEWHERE, 2)]
#[case::manifests_that_are_no_yaml("apiVersion: v1\nkind: ConfigMap\ndata: [\n", 2)]
#[case::a_list(
    "apiVersion: v1\nkind: List\nitems: [{apiVersion: sfn.services.k8s.aws/v1alpha1, \
    kind: StateMachine, spec: {definition: '{}'}}]\n",
    1
)]
fn the_exit_status_says_whether_it_is_valid(#[case] input: &str, #[case] status: i32) {
    let done = sfn(&["validate", "-"], input);
    assert_eq!(done.status, status, "{}", done.transcript());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let done = sfn(&["validate", "nowhere.json"], "");
    assert_eq!(done.status, 2);
    assert!(
        done.stderr.starts_with("error: cannot read nowhere.json: "),
        "{}",
        done.stderr
    );
}

#[test]
fn a_hostile_definition_is_refused_in_bounded_time() {
    let deep = "[".repeat(1_000_000);
    assert_eq!(sfn(&["validate", "-"], &deep).status, 1);
    let aliases = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned()
        + &(b'b'..=b'z')
            .map(char::from)
            .zip((b'a'..=b'y').map(char::from))
            .map(|(to, from)| {
                format!("{to}: &{to} [*{from},*{from},*{from},*{from},*{from},*{from},*{from}]\n")
            })
            .collect::<String>();
    assert_eq!(sfn(&["validate", "-"], &aliases).status, 1);
}

#[rstest]
#[case::standard(&[], 0)]
#[case::express(&["--type", "EXPRESS"], 1)]
fn the_type_decides_what_is_valid(#[case] type_: &[&str], #[case] status: i32) {
    let definition = r#"{"StartAt": "S", "States": {"S": {"Type": "Task", "End": true,
        "Resource": "arn:aws:states:::eks:runJob.sync"}}}"#;
    let done = sfn(&[&["validate", "-"], type_].concat(), definition);
    assert_eq!(done.status, status, "{}", done.transcript());
}

#[test]
fn nothing_in_a_definition_steers_the_terminal() {
    let done = sfn(
        &["validate", "-"],
        r#"{"StartAt": "\u001b]0;owned\u0007", "States": {"A": {"Type": "\u009b2J"}}}"#,
    );
    let steers = |character: char| character.is_control() && character != '\n';
    assert!(!done.stderr.contains(steers), "{:?}", done.stderr);
    assert!(
        done.stderr.contains(r"\u{1b}]0;owned\u{7}"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_definition_as_deep_as_may_be_is_read_in_a_list() {
    let deep = "[".repeat(124) + &"]".repeat(124);
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: sfn.services.k8s.aws/v1alpha1\n  \
         kind: StateMachine\n  spec:\n    definitionObject:\n      StartAt: A\n      \
         States: {{A: {{Type: Pass, End: true, Result: {deep}}}}}\n"
    );
    let done = sfn(&["validate", "-"], &list);
    assert!(
        !done.stderr.contains("invalid YAML"),
        "{}",
        done.transcript()
    );
    assert!(
        done.stdout.starts_with("standard input: StateMachine"),
        "{}",
        done.transcript()
    );
}
