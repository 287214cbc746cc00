mod maps;
mod play;

use std::collections::HashMap;
use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;
use crate::definition::StateMachine;
use crate::machine::{Activity, Doing, Event, ExecutionInfo, Limits, Moment, Transition};
use crate::value::Value;
use play::*;

#[test]
fn a_task_is_scheduled_again_and_what_succeeded_before_is_not() {
    let first = json!({"Type": "Pass", "Result": {"made": 1}, "Next": "Work"});
    let mut play =
        Play::start(&json!({"StartAt": "First", "States": {"First": first, "Work": task()}}));
    play.fail("Work");
    assert_eq!(play.status(), "FAILED");
    let entered = play.last("TaskStateEntered")["id"].clone();
    let (scheduled, ended) = (play.last("TaskScheduled").clone(), play.history.len());
    assert_eq!(
        play.redrive(),
        ["ExecutionRedriven", "TaskScheduled", "TaskStarted"]
    );
    let redriven = &play.history[ended];
    assert_eq!(redriven["previousEventId"], json!(ended));
    assert_eq!(
        redriven["executionRedrivenEventDetails"],
        json!({"redriveCount": 1})
    );
    let again = play.last("TaskScheduled");
    assert_eq!(again["previousEventId"], entered);
    assert_eq!(
        again["taskScheduledEventDetails"],
        scheduled["taskScheduledEventDetails"]
    );
    play.succeed("Work", "7");
    assert_eq!(play.output(), json!(7));
}

#[test]
fn retriers_count_anew() {
    let retry =
        json!({"Retry": [{"ErrorEquals": ["Broken"], "MaxAttempts": 1, "IntervalSeconds": 5}]});
    let mut play = Play::start(&single("Work", with(task(), retry)));
    for _ in 0..2 {
        play.fail("Work");
        assert_eq!(play.status(), "RUNNING");
        play.pass(5);
        play.fail("Work");
        assert_eq!(play.status(), "FAILED");
        play.redrive();
    }
    assert_eq!(play.running(), ["Work"]);
}

#[test]
fn a_parallel_state_redrives_only_the_branches_that_failed_or_were_cut_off() {
    let mut play = Play::start(&single("All", parallel(&["A", "B", "C"])));
    play.succeed("A", r#""a""#);
    play.fail("B");
    assert_eq!((play.status(), play.running()), ("FAILED", vec![]));
    assert_eq!(
        play.redrive(),
        [
            "ExecutionRedriven",
            "TaskScheduled",
            "TaskScheduled",
            "TaskStarted",
            "TaskStarted"
        ]
    );
    assert_eq!(play.running(), ["B", "C"]);
    play.succeed("C", r#""c""#);
    play.succeed("B", r#""b""#);
    assert_eq!(play.output(), json!(["a", "b", "c"]));
    assert_eq!(play.threads(), 0);
}

#[test]
fn a_branch_can_fail_again_and_again() {
    let mut play = Play::start(&single("All", parallel(&["A", "B"])));
    play.fail("A");
    play.redrive();
    play.succeed("B", "2");
    play.fail("A");
    play.redrive();
    assert_eq!(play.running(), ["A"]);
    play.succeed("A", "1");
    assert_eq!(play.output(), json!([1, 2]));
    assert_eq!(play.machine.redrives().count, 2);
}

#[test]
fn a_state_that_was_too_large_is_begun_again_as_a_whole() {
    let mut play = Play::start(&single("All", parallel(&["A", "B"])));
    let large = format!(r#""{}""#, "x".repeat(200 * 1024));
    play.succeed("A", &large);
    play.succeed("B", &large);
    let Some(Outcome::Failed(fault)) = play.machine.outcome() else {
        panic!("{}", play.status());
    };
    assert_eq!(fault.name(), DATA_LIMIT_EXCEEDED);
    play.redrive();
    assert_eq!(play.running(), ["A", "B"]);
}

#[test]
fn states_in_states_go_on_where_each_of_them_ended() {
    let inner = json!({"StartAt": "Inner", "States": {"Inner": parallel(&["A", "B"])}});
    let mut play = Play::start(&single("Each", map(inner, json!({"MaxConcurrency": 1}))));
    play.succeed("A", "1");
    play.fail("B");
    play.redrive();
    assert_eq!(play.running(), ["B"]);
    play.succeed("B", "2");
    for _ in 1..5 {
        play.succeed("B", "4");
        play.succeed("A", "3");
    }
    assert_eq!(
        play.output(),
        json!([[1, 2], [3, 4], [3, 4], [3, 4], [3, 4]])
    );
}

#[test]
fn a_state_that_is_left_by_a_catcher_is_not_redriven() {
    let catch = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Clean"}]});
    let states = json!({"All": with(parallel(&["A", "B"]), catch), "Clean": task()});
    let mut play = Play::start(&json!({"StartAt": "All", "States": states}));
    play.fail("A");
    assert_eq!((play.running(), play.threads()), (vec!["Clean"], 1));
    play.fail("Clean");
    play.redrive();
    assert_eq!(play.running(), ["Clean"]);
}

#[test]
fn a_state_that_is_tried_again_begins_with_all_its_branches() {
    let retry = json!({"Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}]});
    let mut play = Play::start(&single("All", with(parallel(&["A", "B"]), retry)));
    play.succeed("A", "1");
    play.fail("B");
    assert_eq!(play.threads(), 1);
    play.pass(1);
    assert_eq!((play.running(), play.threads()), (vec!["A", "B"], 3));
}

#[test]
fn an_error_at_runtime_in_a_branch_keeps_what_the_others_did() {
    let broken = json!({"Type": "Pass", "InputPath": "$.missing", "End": true});
    let mut branch = single(
        "Work",
        with(task(), json!({"End": false, "Next": "Broken"})),
    );
    branch["States"]["Work"]
        .as_object_mut()
        .unwrap()
        .remove("End");
    branch["States"]["Broken"] = broken;
    let branches = json!([single("A", task()), single("B", task()), branch]);
    let all = json!({"Type": "Parallel", "Branches": branches, "End": true});
    let mut play = Play::start(&single("All", all));
    play.succeed("A", "1");
    play.succeed("Work", "{}");
    assert_eq!((play.status(), play.running()), ("FAILED", vec![]));
    assert_eq!(
        play.redrive(),
        ["ExecutionRedriven", "TaskScheduled", "ExecutionFailed"]
    );
    assert_eq!((play.status(), play.running()), ("FAILED", vec![]));
}

#[rstest]
#[case::choice(
    json!({
        "State": {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": true, "Next": "Other"}]},
        "Other": {"Type": "Succeed"},
    }),
    &["ExecutionRedriven", "ExecutionFailed"]
)]
#[case::fail(
    json!({"State": {"Type": "Fail", "Error": "E"}}),
    &["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"]
)]
#[case::pass(
    json!({"State": {"Type": "Pass", "InputPath": "$.missing", "End": true}}),
    &["ExecutionRedriven", "ExecutionFailed"]
)]
fn a_state_that_fails_by_itself_fails_again(#[case] states: Json, #[case] expected: &[&str]) {
    let mut play = Play::start(&json!({"StartAt": "State", "States": states}));
    assert_eq!(play.status(), "FAILED");
    assert_eq!(play.redrive(), expected);
}

#[rstest]
#[case::seconds_are_waited_anew(json!({"Seconds": 100}), 40, Some(100))]
#[case::an_instant_stays(json!({"Timestamp": "2026-01-01T00:01:00Z"}), 40, Some(20))]
#[case::an_instant_that_is_past_is_not_waited_for(
    json!({"Timestamp": "2026-01-01T00:01:00Z"}), 70, None
)]
fn a_wait_that_was_stopped(
    #[case] until: Json,
    #[case] redriven_after: i64,
    #[case] rest: Option<i64>,
) {
    let wait = with(json!({"Type": "Wait", "End": true}), until);
    let mut play = Play::start(&single("Pause", wait));
    play.pass(10);
    play.happens(Event::Stop(Fault::default()));
    assert_eq!(play.status(), "ABORTED");
    play.now += SignedDuration::from_secs(redriven_after - 10);
    play.redrive();
    let rest = rest.map(|seconds| play.now + SignedDuration::from_secs(seconds));
    assert_eq!(play.machine.deadline(), rest);
    assert_eq!(
        play.status(),
        if rest.is_some() {
            "RUNNING"
        } else {
            "SUCCEEDED"
        }
    );
}

#[test]
fn a_stopped_task_is_another_task_when_it_is_redriven() {
    let mut play = Play::start(&single("Work", with(task(), json!({"TimeoutSeconds": 60}))));
    let before = play.tasks.clone();
    play.pass(50);
    play.happens(Event::Stop(Fault::default()));
    assert_eq!(play.tasks, []);
    play.redrive();
    assert_ne!(play.tasks, before);
    assert_eq!(
        play.machine.deadline(),
        Some(play.now + SignedDuration::from_secs(60))
    );
}

#[test]
fn the_state_machine_s_timeout_starts_anew() {
    let mut definition = single("Work", task());
    definition["TimeoutSeconds"] = json!(100);
    let mut play = Play::start(&definition);
    play.pass(100);
    assert_eq!((play.status(), play.running()), ("TIMED_OUT", vec![]));
    play.now += SignedDuration::from_secs(1000);
    play.redrive();
    assert_eq!(play.running(), ["Work"]);
    play.pass(99);
    assert_eq!(play.status(), "RUNNING");
    play.pass(1);
    assert_eq!(play.status(), "TIMED_OUT");
}

#[test]
fn the_context_object_tells_of_redrives() {
    let parameters = json!({"Parameters": {"execution.$": "$$.Execution"}});
    let mut play = Play::start(&single("Work", with(task(), parameters)));
    let told = |play: &Play| {
        let details = &play.last("TaskScheduled")["taskScheduledEventDetails"];
        let parameters: Json =
            serde_json::from_str(details["parameters"].as_str().unwrap()).unwrap();
        let execution = &parameters["execution"];
        (
            execution["RedriveCount"].clone(),
            execution["RedriveTime"].clone(),
        )
    };
    assert_eq!(told(&play), (json!(0), Json::Null));
    play.fail("Work");
    play.now += SignedDuration::from_secs(60);
    play.redrive();
    assert_eq!(told(&play), (json!(1), json!("2026-01-01T00:01:00.000Z")));
}

#[test]
fn what_runs_or_succeeded_cannot_be_redriven() {
    let mut play = Play::start(&single("Work", task()));
    assert_eq!(
        play.machine.redrivable(play.now),
        Err(NotRedrivable::Running)
    );
    play.succeed("Work", "1");
    assert_eq!(
        play.machine.redrivable(play.now),
        Err(NotRedrivable::Succeeded)
    );
    let length = play.machine.history_length();
    play.happens(Event::Redrive);
    assert_eq!(
        (play.status(), play.machine.history_length()),
        ("SUCCEEDED", length)
    );
}

#[test]
fn an_express_execution_cannot_be_redriven() {
    let id = "arn:aws:states:us-east-1:1:express:M:e:1";
    let mut play = Play::start_as(&single("Work", task()), id);
    play.fail("Work");
    assert_eq!(
        play.machine.redrivable(play.now),
        Err(NotRedrivable::Express)
    );
}

#[test]
fn an_execution_can_be_redriven_for_14_days_after_its_end() {
    let mut play = Play::start(&single("Work", task()));
    play.now += SignedDuration::from_hours(24);
    play.fail("Work");
    let last = play.now + SignedDuration::from_hours(14 * 24);
    assert_eq!(play.machine.redrivable(last), Ok(()));
    play.now = last + SignedDuration::from_secs(1);
    assert_eq!(
        play.machine.redrivable(play.now),
        Err(NotRedrivable::PeriodExceeded)
    );
    play.happens(Event::Redrive);
    assert_eq!(play.status(), "FAILED");
}

#[test]
fn an_execution_can_be_redriven_a_thousand_times() {
    let mut play = Play::start(&single("End", json!({"Type": "Fail"})));
    for _ in 0..MOST_REDRIVES {
        play.redrive();
    }
    assert_eq!(
        play.machine.redrivable(play.now),
        Err(NotRedrivable::TooOften)
    );
}

#[test]
fn a_wait_in_the_place_of_a_branch_that_was_cut_off_lasts_as_long_as_it_is_to() {
    let fails = single("Fails", json!({"Type": "Fail"}));
    let cut_off = single("CutOff", task());
    let catch = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Second"}]});
    let pause = json!({"Type": "Wait", "Seconds": 60, "End": true});
    let branches = |branches: Json| json!({"Type": "Parallel", "Branches": branches, "End": true});
    let states = json!({
        "First": with(branches(json!([fails, cut_off])), catch),
        "Second": branches(json!([single("Pause", pause.clone()), single("Pause2", pause)])),
    });
    let mut play = Play::start(&json!({"StartAt": "First", "States": states}));
    play.pass(59);
    assert_eq!(play.status(), "RUNNING");
    play.pass(1);
    assert_eq!(play.status(), "SUCCEEDED");
}
