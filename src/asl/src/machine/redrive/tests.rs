use std::collections::HashMap;
use std::sync::Arc;

use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;
use crate::definition::StateMachine;
use crate::machine::{Activity, Doing, Event, ExecutionInfo, Limits, Moment, Transition};
use crate::value::Value;

/// An execution that is put away and restored after every event.
struct Play {
    machine: Machine,
    definition: Arc<StateMachine>,
    now: Timestamp,
    steps: u64,
    history: Vec<Json>,
    sealed: HashMap<u64, Value>,
    /// The tasks that were asked for and not cancelled, by their state, in order.
    tasks: Vec<(String, TaskId)>,
}

const START: &str = "2026-01-01T00:00:00Z";

impl Play {
    fn start(definition: &Json) -> Self {
        Self::start_as(definition, "arn:aws:states:us-east-1:1:execution:M:e")
    }

    fn start_as(definition: &Json, id: &str) -> Self {
        let definition = definition.to_string();
        let compiled = StateMachine::compile(&definition, &|_| true).unwrap();
        let definition = Arc::new(compiled.state_machine);
        let now = START.parse().unwrap();
        let info = ExecutionInfo {
            id: id.into(),
            name: "e".into(),
            role_arn: "".into(),
            start_time: now,
            input: crate::value::parse(r#"{"items": [0, 1, 2, 3, 4]}"#).unwrap(),
            state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
            state_machine_name: "M".into(),
            region: "us-east-1".into(),
        };
        let mut play = Self {
            machine: Machine::new(definition.clone(), info, Limits::default()),
            definition,
            now,
            steps: 0,
            history: Vec::new(),
            sealed: HashMap::new(),
            tasks: Vec::new(),
        };
        play.happens(Event::Started);
        play
    }

    fn happens(&mut self, event: Event) -> Transition {
        self.steps += 1;
        let moment = Moment {
            now: self.now,
            entropy: self.steps,
        };
        let transition = self.machine.handle(event, moment);
        let events = self.machine.take_history();
        let events = events.iter().map(|event| event.to_json().to_string());
        let read = |text: String| serde_json::from_str::<Json>(&text).unwrap();
        self.history.extend(events.map(read));
        for command in &transition.commands {
            match command {
                Command::StartTask(request) => {
                    self.tasks.push((request.state.to_string(), request.task));
                }
                Command::CancelTask { task } => self.tasks.retain(|(_, id)| id != task),
            }
        }
        self.restore();
        transition
    }

    fn restore(&mut self) {
        let sealed = self.machine.seal();
        let sealed = sealed.into_iter().map(|sealed| (sealed.id, sealed.value));
        self.sealed.extend(sealed);
        let checkpoint = self.machine.checkpoint();
        let definition = self.definition.clone();
        self.machine =
            Machine::restore(definition, &checkpoint, &self.sealed, Limits::default()).unwrap();
    }

    fn take(&mut self, state: &str) -> TaskId {
        let at = self.tasks.iter().position(|(name, _)| name == state);
        let at = at.unwrap_or_else(|| panic!("no task of {state}: {:?}", self.tasks));
        self.tasks.remove(at).1
    }

    fn succeed(&mut self, state: &str, output: &str) {
        let task = self.take(state);
        let output = crate::value::parse(output).unwrap();
        self.happens(Event::TaskSucceeded { task, output });
    }

    fn fail(&mut self, state: &str) {
        let task = self.take(state);
        let fault = Fault::new("Broken", "so");
        self.happens(Event::TaskFailed { task, fault });
    }

    fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.happens(Event::TimePassed);
    }

    /// Redrives; the types of the events that follow.
    fn redrive(&mut self) -> Vec<String> {
        let before = self.history.len();
        assert_eq!(self.machine.redrivable(self.now), Ok(()));
        self.happens(Event::Redrive);
        self.types_from(before)
    }

    fn types_from(&self, at: usize) -> Vec<String> {
        let events = self.history[at..].iter();
        events
            .map(|event| event["type"].as_str().unwrap().to_owned())
            .collect()
    }

    fn running(&self) -> Vec<&str> {
        self.tasks.iter().map(|(state, _)| &**state).collect()
    }

    fn status(&self) -> &'static str {
        self.machine.outcome().map_or("RUNNING", Outcome::status)
    }

    fn output(&self) -> Json {
        let Some(Outcome::Succeeded(output)) = self.machine.outcome() else {
            panic!("{:?}", self.machine.outcome());
        };
        serde_json::from_str(&output.to_string()).unwrap()
    }

    fn threads(&self) -> usize {
        self.machine.threads.iter().count()
    }

    fn last(&self, event_type: &str) -> &Json {
        let mut events = self.history.iter().rev();
        events.find(|event| event["type"] == event_type).unwrap()
    }
}

fn task() -> Json {
    json!({"Type": "Task", "Resource": "arn:aws:states:::eks:runJob.sync", "End": true})
}

fn with(mut state: Json, fields: Json) -> Json {
    let fields = fields.as_object().unwrap().clone();
    state.as_object_mut().unwrap().extend(fields);
    state
}

fn single(name: &str, state: Json) -> Json {
    json!({"StartAt": name, "States": {name: state}})
}

fn parallel(branches: &[&str]) -> Json {
    let branches: Vec<Json> = branches.iter().map(|name| single(name, task())).collect();
    json!({"Type": "Parallel", "Branches": branches, "End": true})
}

fn map(processor: Json, fields: Json) -> Json {
    let map =
        json!({"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor, "End": true});
    with(map, fields)
}

fn distributed(fields: Json) -> Json {
    let mut processor = single("Work", task());
    processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    map(processor, fields)
}

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
fn a_map_state_redrives_items_that_failed_or_were_cut_off_and_goes_on_with_the_others() {
    let processor = single("Work", task());
    let mut play = Play::start(&single(
        "Each",
        map(processor, json!({"MaxConcurrency": 2})),
    ));
    play.succeed("Work", "10");
    play.fail("Work");
    assert_eq!((play.status(), play.running()), ("FAILED", vec![]));
    play.redrive();
    assert_eq!(play.running(), ["Work", "Work"]);
    for output in ["11", "12", "13", "14"] {
        play.succeed("Work", output);
    }
    assert_eq!(play.output(), json!([10, 11, 12, 13, 14]));
    assert_eq!(play.threads(), 0);
    let begun = play.types_from(0);
    let begun = begun.iter().filter(|kind| *kind == "MapIterationStarted");
    assert_eq!(begun.count(), 5);
}

#[test]
fn a_map_run_redrives_what_it_had_tolerated_too_within_its_concurrency() {
    let fields = json!({"MaxConcurrency": 2, "ToleratedFailureCount": 2});
    let mut play = Play::start(&single("Each", distributed(fields)));
    play.succeed("Work", "10");
    for _ in 0..3 {
        play.fail("Work");
    }
    assert_eq!(play.status(), "FAILED");
    let started = play.last("MapRunStarted")["mapRunStartedEventDetails"]["mapRunArn"].clone();
    assert_eq!(play.redrive(), ["ExecutionRedriven", "MapRunRedriven"]);
    assert_eq!(
        play.last("MapRunRedriven")["mapRunRedrivenEventDetails"],
        json!({"mapRunArn": started, "redriveCount": 1})
    );
    assert_eq!(play.running(), ["Work", "Work"]);
    for output in ["11", "12", "13", "14"] {
        play.succeed("Work", output);
    }
    assert_eq!(play.output(), json!([10, 11, 12, 13, 14]));
    assert_eq!(play.threads(), 0);
}

#[test]
fn failures_that_a_map_run_tolerated_leave_nothing_behind() {
    let fields = json!({"ToleratedFailurePercentage": 100});
    let mut play = Play::start(&single("Each", distributed(fields)));
    for _ in 0..5 {
        play.fail("Work");
    }
    assert_eq!((play.status(), play.threads()), ("SUCCEEDED", 0));
}

/// Its output can only be made once the execution was redriven.
fn with_an_output_later(state: Json) -> Json {
    let output =
        "{% $states.context.Execution.RedriveCount > 0 ? $states.result : $error('early') %}";
    let mut state = with(state, json!({"QueryLanguage": "JSONata", "Output": output}));
    if state.as_object_mut().unwrap().remove("ItemsPath").is_some() {
        state["Items"] = json!("{% $states.input.items %}");
    }
    state
}

#[rstest]
#[case::parallel(parallel(&["Work", "Work2"]), json!([1, 2]))]
#[case::map(map(single("Work", task()), json!({"MaxConcurrency": 1})), json!([1, 1, 1, 1, 1]))]
#[case::distributed(distributed(json!({})), json!([1, 1, 1, 1, 1]))]
fn a_state_whose_output_failed_only_makes_its_output_again(
    #[case] state: Json,
    #[case] expected: Json,
) {
    let mut play = Play::start(&single("Each", with_an_output_later(state)));
    while let Some(next) = play.running().first() {
        let (next, output) = match *next {
            "Work2" => ("Work2", "2"),
            _ => ("Work", "1"),
        };
        play.succeed(next, output);
    }
    assert_eq!(play.status(), "FAILED");
    play.redrive();
    assert_eq!((play.status(), play.threads()), ("SUCCEEDED", 0));
    assert_eq!(play.output(), expected);
}

#[test]
fn after_an_error_at_runtime_of_the_map_itself_a_new_map_run_is_started() {
    let fields = json!({"ResultSelector": {"x.$": "$.missing"}});
    let mut play = Play::start(&single("Each", distributed(fields)));
    for _ in 0..5 {
        play.succeed("Work", "1");
    }
    assert_eq!(play.status(), "FAILED");
    let types = play.redrive();
    assert!(types.contains(&"MapRunStarted".into()), "{types:?}");
    assert_eq!(play.running().len(), 5);
}

/// A distributed Map over five items whose children run `A` and `B` side by side.
fn of_children_with_branches(execution_type: &str, fields: Json) -> Json {
    let mut processor = single("Inner", parallel(&["A", "B"]));
    let config = json!({"Mode": "DISTRIBUTED", "ExecutionType": execution_type});
    processor["ProcessorConfig"] = config;
    for branch in processor["States"]["Inner"]["Branches"]
        .as_array_mut()
        .unwrap()
    {
        for (_, state) in branch["States"].as_object_mut().unwrap() {
            state["Resource"] = json!("arn:aws:states:::eks:runJob");
        }
    }
    map(processor, with(fields, json!({"MaxConcurrency": 1})))
}

#[test]
fn a_tolerated_child_is_put_away_and_goes_on_from_the_state_that_failed() {
    let fields = json!({"ToleratedFailureCount": 2});
    let state = of_children_with_branches("STANDARD", fields);
    let mut play = Play::start(&single("Each", state));
    for item in 0..3 {
        assert_eq!(play.threads(), 4, "{item}");
        play.succeed("A", &item.to_string());
        play.fail("B");
    }
    assert_eq!(play.status(), "FAILED");
    play.redrive();
    for output in ["0", "1", "2"] {
        assert_eq!(play.running(), ["B"], "{output}");
        play.succeed("B", output);
    }
    for _ in 3..5 {
        play.succeed("A", "9");
        play.succeed("B", "9");
    }
    assert_eq!(
        play.output(),
        json!([[0, 0], [1, 1], [2, 2], [9, 9], [9, 9]])
    );
    assert_eq!(play.threads(), 0);
}

#[test]
fn what_was_put_away_can_fail_and_be_put_away_again() {
    let fields = json!({"ToleratedFailureCount": 1});
    let state = of_children_with_branches("STANDARD", fields);
    let mut play = Play::start(&single("Each", state));
    for _ in 0..2 {
        play.succeed("A", "0");
        play.fail("B");
    }
    for _ in 0..3 {
        assert_eq!(play.status(), "FAILED");
        play.redrive();
        assert_eq!(play.running(), ["B"]);
        play.fail("B");
        assert_eq!(play.running(), ["B"]);
        play.fail("B");
    }
    play.redrive();
    play.succeed("B", "0");
    play.fail("B");
    for _ in 2..5 {
        play.succeed("A", "0");
        play.succeed("B", "0");
    }
    assert_eq!((play.status(), play.threads()), ("SUCCEEDED", 0));
}

#[test]
fn an_express_child_begins_anew() {
    let fields = json!({"ToleratedFailureCount": 1});
    let state = of_children_with_branches("EXPRESS", fields);
    let mut play = Play::start(&single("Each", state));
    for _ in 0..2 {
        play.succeed("A", "0");
        play.fail("B");
    }
    play.redrive();
    for _ in 0..5 {
        assert_eq!(play.running(), ["A", "B"]);
        play.succeed("A", "0");
        play.succeed("B", "0");
    }
    assert_eq!((play.status(), play.threads()), ("SUCCEEDED", 0));
}

#[test]
fn failures_that_were_tolerated_hide_nothing_that_goes_on() {
    let writer =
        json!({"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}});
    let fields = json!({"ToleratedFailureCount": 5, "MaxConcurrency": 2, "ResultWriter": writer});
    let mut play = Play::start(&single("Each", distributed(fields)));
    play.fail("Work");
    let mapping = |ended| {
        let doing = Doing::Mapping { ended, of: 5 };
        let state = "Each".into();
        vec![Activity { state, doing }]
    };
    assert_eq!(play.machine.activities(9), mapping(1));
    for _ in 1..5 {
        play.fail("Work");
    }
    assert_eq!(play.running(), ["Each"]);
    assert_eq!(play.machine.current_states(9), (vec!["Each".into()], 1));
    assert_eq!(play.machine.activities(9), mapping(5));
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
