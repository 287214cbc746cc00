//! Damaged checkpoints.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;
use crate::machine::{Event, ExecutionInfo, Moment};

fn definition() -> Arc<StateMachine> {
    const TEXT: &str = r#"{"StartAt": "P", "States": {"P": {
        "Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "T", "States": {"T": {
                "Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": true,
                "TimeoutSeconds": 60, "HeartbeatSeconds": 5}}},
            {"StartAt": "V", "States": {
                "V": {"Type": "Pass", "Assign": {"x": [1, 2]}, "Next": "W"},
                "W": {"Type": "Wait", "Seconds": 7, "End": true}}},
            {"StartAt": "M", "States": {"M": {
                "Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "End": true,
                "ItemProcessor": {"StartAt": "I", "States": {"I": {
                    "Type": "Task", "Resource": "arn:aws:states:::eks:call", "End": true}}}}}}
        ]}}}"#;
    let compiled = StateMachine::compile(TEXT, &|_| true);
    Arc::new(
        compiled
            .unwrap_or_else(|found| panic!("{found:?}"))
            .state_machine,
    )
}

/// A task, a Wait with variables, and a Map of which one item is over.
fn machine() -> Machine {
    let info = ExecutionInfo {
        id: "arn:aws:states:us-east-1:123456789012:execution:M:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input: crate::value::parse(r#"{"items": [{"a": 1}, {"a": 2}, 3]}"#).unwrap(),
        state_machine_id: "arn:aws:states:us-east-1:123456789012:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
    };
    let mut machine = Machine::new(definition(), info, Limits::default());
    let moment = Moment {
        now: Timestamp::UNIX_EPOCH,
        entropy: 1,
    };
    machine.handle(Event::Started, moment);
    let item = machine.running_tasks().pop().unwrap().task;
    let output = Value::from("result");
    machine.handle(Event::TaskSucceeded { task: item, output }, moment);
    machine
}

static CHECKPOINT: LazyLock<Vec<u8>> = LazyLock::new(|| machine().checkpoint().bytes);

fn restore(bytes: &[u8]) -> Result<Machine, CheckpointError> {
    Machine::restore(definition(), bytes, &HashMap::new(), Limits::default())
}

/// Everything that is asked of a machine before an event reaches it.
fn look_at(machine: &Machine) {
    let _ = machine.running_tasks();
    let _ = machine.current_states(10);
    let _ = machine.activities(10);
    let _ = machine.deadline();
    let _ = machine.checkpoint();
}

#[test]
fn a_checkpoint_reads_back_as_it_was_written() {
    let restored = restore(&CHECKPOINT).unwrap();
    assert_eq!(restored.checkpoint().bytes, *CHECKPOINT);
    assert_eq!(restored.running_tasks(), machine().running_tasks());
}

#[rstest]
#[case("/format", json!(3), "the checkpoint has format 3, this version reads up to 2")]
#[case("/threads", json!(7), "the checkpoint cannot be read: invalid type: integer")]
#[case("/threads/0/state", json!("X"), "the checkpoint refers to the state 'X'")]
#[case("/threads/0/id", json!(u32::MAX), "thread 4294967295 is beyond 1048576")]
#[case("/sealed", json!([9]), "the sealed value 9, which is missing")]
fn what_cannot_be_continued_is_refused(
    #[case] pointer: &str,
    #[case] damage: Json,
    #[case] message: &str,
) {
    let mut checkpoint: Json = serde_json::from_slice(&CHECKPOINT).unwrap();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    checkpoint.pointer_mut(parent).unwrap()[name] = damage;
    let error = restore(checkpoint.to_string().as_bytes()).unwrap_err();
    assert!(error.to_string().contains(message), "{error}");
}

#[test]
fn a_checkpoint_cut_anywhere_is_refused() {
    for length in 0..CHECKPOINT.len() {
        assert!(restore(&CHECKPOINT[..length]).is_err(), "{length}");
    }
}

proptest! {
    #[test]
    fn bytes_that_are_no_checkpoint_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(restore(&bytes).is_err());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused_or_read_and_nothing_panics(
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4)
    ) {
        let mut bytes = CHECKPOINT.clone();
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Ok(machine) = restore(&bytes) {
            look_at(&machine);
        }
    }

    #[test]
    fn a_checkpoint_with_any_other_number_in_it_is_refused_or_read_and_nothing_panics(
        at in any::<proptest::sample::Index>(),
        number in prop_oneof![any::<i64>(), Just(0), Just(i64::from(u32::MAX))],
    ) {
        let text = String::from_utf8(CHECKPOINT.clone()).unwrap();
        let numbers: Vec<_> = regex::Regex::new(r"\d+").unwrap().find_iter(&text)
            .map(|found| found.range()).collect();
        let range = numbers[at.index(numbers.len())].clone();
        let mut changed = text;
        changed.replace_range(range, &number.to_string());
        if let Ok(machine) = restore(changed.as_bytes()) {
            look_at(&machine);
        }
    }
}
