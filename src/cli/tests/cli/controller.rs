//! `sfn controller`: what it refuses at once.

use rstest::rstest;
use serde_json::Value;

use crate::sfn::sfn;

#[test]
fn a_payload_limit_above_16_mebibytes_is_refused() {
    let done = sfn(&["controller", "--payload-limit", "16777217"], "");
    let refusal = "invalid value '16777217' for '--payload-limit <BYTES>': 16777217 is not in \
                   1..=16777216";
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(refusal), "{}", done.transcript());
}

#[rstest]
#[case::misspelt("inf", "inf")]
#[case::a_target_without_a_level("info,tasks", "tasks")]
fn a_log_level_that_is_none_is_refused(#[case] level: &str, #[case] word: &str) {
    let done = sfn(&["controller", "--log-level", level], "");
    let refusal = format!(
        "invalid value '{level}' for '--log-level <LEVEL>': '{word}' is neither a level (error, \
         warn, info, debug, trace, off) nor TARGET=LEVEL"
    );
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(&refusal), "{}", done.transcript());
}

#[test]
fn a_log_in_json_has_nothing_else_in_it() {
    let done = sfn(&["controller", "--log-format", "json"], "");
    assert_eq!(done.status, 2, "{}", done.transcript());
    let lines: Result<Vec<Value>, _> = done.stderr.lines().map(serde_json::from_str).collect();
    let lines = lines.unwrap();
    let last = lines.last().unwrap();
    assert_eq!(last["level"], "ERROR");
    let error = last["error"].as_str().unwrap();
    assert!(error.starts_with("there is neither a cluster "), "{error}");
}
