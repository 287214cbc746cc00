use asl::machine::{Activity, Doing};
use rstest::rstest;

use super::*;
use asl::machine::{NotRedrivable, Redrives};

const NOW: Time = Time(Timestamp::UNIX_EPOCH);

fn progress(outcome: Option<Outcome>) -> Progress {
    Progress {
        stopped: outcome
            .is_some()
            .then(|| "2026-01-01T00:01:07Z".parse().unwrap()),
        outcome,
        started: "2026-01-01T00:00:00Z".parse().unwrap(),
        current_states: vec!["A".into(), "B".into(), "C".into(), "D".into()],
        current_state_count: 40,
        activities: vec![Activity {
            state: "M".into(),
            doing: Doing::Mapping { ended: 34, of: 100 },
        }],
        input_bytes: 2,
        tasks: Vec::new(),
        history_length: 7,
        redrives: Redrives::default(),
        redrivable: Ok(()),
    }
}

fn fixed() -> Fixed {
    Fixed {
        arn: "arn:aws:states:us-east-1:123456789012:execution:M:e".to_owned(),
        place: Place {
            partition: "aws".to_owned(),
            region: "us-east-1".to_owned(),
            account: "123456789012".to_owned(),
        },
        revision_id: "m-0123456789".to_owned(),
    }
}

fn status(outcome: Option<Outcome>) -> ExecutionStatus {
    build_status(&fixed(), Some(3), &progress(outcome), "1.abc", &[], &NOW)
}

fn conditions<'a>(status: &'a ExecutionStatus) -> Vec<(&'a str, &'a str, &'a str)> {
    let words = |condition: &'a Condition| {
        let Condition {
            type_,
            status,
            reason,
            ..
        } = condition;
        (type_.as_str(), status.as_str(), reason.as_deref().unwrap())
    };
    status.conditions.iter().map(words).collect()
}

#[test]
fn a_running_execution_says_where_it_is() {
    let status = status(None);
    assert_eq!(status.status, Some(RunStatus::Running));
    assert_eq!(status.current_states, ["A", "B", "C", "D"]);
    assert_eq!(status.current_state_count, Some(40));
    assert_eq!(status.progress.as_deref(), Some("M: 34/100 items"));
    assert_eq!(status.stop_date, None);
    assert_eq!(
        conditions(&status),
        [
            ("ACK.ResourceSynced", "False", "Running"),
            ("Ready", "False", "Running")
        ]
    );
    let message = status.conditions[1].message.as_deref();
    assert_eq!(message, Some("in A, B, C and 37 more"));
}

#[test]
fn an_execution_that_succeeded_is_ready_and_has_its_output() {
    let status = status(Some(Outcome::Succeeded(Value::from("Hello World!"))));
    assert_eq!(status.status, Some(RunStatus::Succeeded));
    assert_eq!(status.output, Some("Hello World!".into()));
    assert_eq!(status.output_details, None);
    assert_eq!(status.progress, None);
    assert_eq!(status.duration.as_deref(), Some("1m7s"));
    assert_eq!(
        conditions(&status),
        [
            ("ACK.ResourceSynced", "True", "Succeeded"),
            ("Ready", "True", "Succeeded")
        ]
    );
}

#[test]
fn an_output_for_which_there_is_no_room_is_told_and_left_to_the_history() {
    let output = |bytes: usize| {
        let quoted = Value::from("x".repeat(bytes - 2));
        status(Some(Outcome::Succeeded(quoted)))
    };
    assert!(output(MAX_PAYLOADS - 2).output.is_some());
    let status = output(MAX_PAYLOADS - 1);
    assert_eq!(status.output, None);
    assert_eq!(
        status.output_details,
        Some(OutputDetails { included: false })
    );
    let ready = status.conditions.last().unwrap().message.as_deref();
    assert_eq!(
        ready,
        Some(
            "the output has 524287 bytes, for which a status has no room: the last event of the \
             history has it"
        )
    );
}

#[test]
fn an_output_of_null_is_an_output() {
    let status = status(Some(Outcome::Succeeded(Value::Null)));
    assert_eq!(status.output, Some(serde_json::Value::Null));
}

#[rstest]
#[case(Outcome::Failed, RunStatus::Failed, "Failed")]
#[case(Outcome::TimedOut, RunStatus::TimedOut, "TimedOut")]
#[case(Outcome::Aborted, RunStatus::Aborted, "Aborted")]
fn an_execution_that_did_not_succeed_is_terminal(
    #[case] outcome: fn(Fault) -> Outcome,
    #[case] expected: RunStatus,
    #[case] reason: &str,
) {
    let status = status(Some(outcome(Fault::new("E", "c"))));
    assert_eq!(status.status, Some(expected));
    assert_eq!(
        (status.error.as_deref(), status.cause.as_deref()),
        (Some("E"), Some("c"))
    );
    assert_eq!(
        conditions(&status),
        [
            ("ACK.ResourceSynced", "True", reason),
            ("ACK.Terminal", "True", reason),
            ("Ready", "False", reason)
        ]
    );
    assert_eq!(status.conditions[1].message.as_deref(), Some("E: c"));
}

#[test]
fn a_task_reads_back_as_it_was_shown() {
    let view = TaskView {
        task: 5,
        state: "Run".into(),
        resource: "arn:aws:states:::eks:runJob.sync".into(),
        scheduled: "2026-01-01T00:00:00Z".parse().unwrap(),
        phase: TaskPhase::Failed,
        progress: TaskProgress {
            job_name: Some("j".to_owned()),
            failed: 2,
            pods: vec!["p".to_owned()],
            ..TaskProgress::default()
        },
    };
    assert_eq!(read_task(&build_task(&view)), view);
}

#[rstest]
#[case(0, "0.000s")]
#[case(5_078, "5.078s")]
#[case(59_999, "59s")]
#[case(67_000, "1m7s")]
#[case(3_600_000, "1h0m")]
#[case(90_000_000, "1d1h")]
fn durations_read_as_kubectl_writes_them(#[case] millis: i64, #[case] expected: &str) {
    let start = Timestamp::UNIX_EPOCH;
    let end = Timestamp::from_millisecond(millis).unwrap();
    assert_eq!(in_words(start, end), expected);
}

#[test]
fn an_execution_that_ended_says_whether_it_can_be_redriven() {
    let failed = status(Some(Outcome::Failed(Fault::default())));
    assert_eq!(failed.redrive_status, Some(RedriveStatus::Redrivable));
    assert_eq!(failed.redrive_status_reason, None);
    assert_eq!((failed.redrive_count, failed.redrive_date), (None, None));
    let progress = Progress {
        redrivable: Err(NotRedrivable::Succeeded),
        ..progress(Some(Outcome::Succeeded(Value::Null)))
    };
    let succeeded = build_status(&fixed(), Some(3), &progress, "1.abc", &[], &NOW);
    assert_eq!(succeeded.redrive_status, Some(RedriveStatus::NotRedrivable));
    assert_eq!(
        succeeded.redrive_status_reason.as_deref(),
        Some("Execution is SUCCEEDED and cannot be redriven")
    );
    assert_eq!(status(None).redrive_status, None);
}

#[test]
fn a_redriven_execution_says_how_often_and_when() {
    let last = "2026-01-02T00:00:00Z".parse().unwrap();
    let progress = Progress {
        redrives: Redrives {
            count: 2,
            last: Some(last),
        },
        redrivable: Err(NotRedrivable::Running),
        ..progress(None)
    };
    let status = build_status(&fixed(), Some(3), &progress, "1.abc", &[], &NOW);
    assert_eq!(status.redrive_count, Some(2));
    assert_eq!(status.redrive_date, Some(Time(last)));
    assert_eq!(
        (status.redrive_status, status.redrive_status_reason),
        (None, None)
    );
}

#[test]
fn an_execution_that_is_not_redriven_says_why_once() {
    let mut refused = status(Some(Outcome::Failed(Fault::new("E", "why"))));
    refused.conditions = build_advised(&refused, reasons::NOT_REDRIVABLE, "too late", &NOW);
    assert_eq!(
        conditions(&refused),
        [
            ("ACK.ResourceSynced", "True", "Failed"),
            ("ACK.Terminal", "True", "Failed"),
            ("ACK.Advisory", "True", "NotRedrivable"),
            ("Ready", "False", "Failed"),
        ]
    );
    let again = build_advised(&refused, reasons::NOT_REDRIVABLE, "too late", &NOW);
    assert_eq!(again, refused.conditions);
    let queued = build_advised(&refused, reasons::QUEUED, "", &NOW);
    assert_eq!(queued.len(), refused.conditions.len());
}
