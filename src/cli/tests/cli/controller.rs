//! `sfn controller`: what it refuses at once.

use crate::sfn::sfn;

#[test]
fn a_payload_limit_above_16_mebibytes_is_refused() {
    let done = sfn(&["controller", "--payload-limit", "16777217"], "");
    let refusal = "invalid value '16777217' for '--payload-limit <BYTES>': 16777217 is not in \
                   1..=16777216";
    assert_eq!(done.status, 2, "{}", done.transcript());
    assert!(done.stderr.contains(refusal), "{}", done.transcript());
}
