//! What is recorded of tasks and of what is cut off, and when a task's time is up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value as Json, json};

use super::*;
use crate::errors::{DATA_LIMIT_EXCEEDED, RUNTIME};
use crate::value::{Value, parse};

/// An execution that is put away and restored after every event.
struct Play {
    machine: Machine,
    limits: Limits,
    now: Timestamp,
    history: Vec<HistoryEvent>,
    types: Vec<String>,
    commands: Vec<Command>,
    last: Transition,
}

impl Play {
    fn start(definition: &Json) -> Self {
        Self::within(definition, Limits::default())
    }

    fn within(definition: &Json, limits: Limits) -> Self {
        let compiled = StateMachine::compile(&definition.to_string(), &|_| true).unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let info = ExecutionInfo {
            id: "arn:aws:states:us-east-1:1:execution:M:e".into(),
            name: "e".into(),
            role_arn: "".into(),
            start_time: now,
            input: parse("[1]").unwrap(),
            state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
            state_machine_name: "M".into(),
            region: "us-east-1".into(),
        };
        let definition = Arc::new(compiled.state_machine);
        let mut play = Self {
            machine: Machine::new(definition, info, limits),
            limits,
            now,
            history: Vec::new(),
            types: Vec::new(),
            commands: Vec::new(),
            last: Transition::default(),
        };
        play.happens(Event::Started);
        play
    }

    fn happens(&mut self, event: Event) {
        let (now, entropy) = (self.now, 1);
        self.last = self.machine.handle(event, Moment { now, entropy });
        let events = self.machine.take_history();
        self.types
            .extend(events.iter().map(HistoryEvent::event_type));
        self.history.extend(events);
        self.commands.extend(self.last.commands.clone());
        let checkpoint = self.machine.checkpoint().bytes;
        let definition = self.machine.definition().clone();
        let sealed = HashMap::new();
        self.machine = Machine::restore(definition, &checkpoint, &sealed, self.limits).unwrap();
    }

    /// Goes on until it waits; says how often it gave way.
    fn go_on(&mut self) -> usize {
        let mut times = 0;
        while self.last.yielded {
            times += 1;
            self.happens(Event::TimePassed);
        }
        times
    }

    fn after(&mut self, seconds: i64, event: Event) {
        self.now += SignedDuration::from_secs(seconds);
        self.happens(event);
    }

    fn task(&self) -> TaskId {
        self.machine.running_tasks()[0].task
    }

    /// Seconds until something is due.
    fn due(&self) -> Option<i64> {
        let due = self.machine.deadline()?;
        Some(due.duration_since(self.now).as_secs())
    }
}

fn single(state: Json) -> Json {
    json!({"StartAt": "S", "States": {"S": state}})
}

fn activity() -> Json {
    single(json!({
        "Type": "Task", "End": true, "TimeoutSeconds": 60, "HeartbeatSeconds": 10,
        "Resource": "arn:aws:states:us-east-1:111111111111:activity:a",
    }))
}

#[test]
fn the_time_of_an_activity_runs_from_when_a_worker_took_it() {
    let mut play = Play::start(&activity());
    assert_eq!(play.due(), None);
    let (task, worker_name) = (play.task(), None);
    play.after(3600, Event::TaskStarted { task, worker_name });
    assert_eq!(play.due(), Some(10));
    play.after(8, Event::TaskHeartbeat { task });
    assert_eq!(play.due(), Some(10));
    play.after(10, Event::TimePassed);
    assert_eq!(
        play.types[2..],
        [
            "ActivityScheduled",
            "ActivityStarted",
            "ActivityTimedOut",
            "ExecutionFailed"
        ]
    );
}

#[test]
fn heartbeats_do_not_extend_the_time_of_an_activity() {
    let mut play = Play::start(&activity());
    let (task, worker_name) = (play.task(), None);
    play.after(3600, Event::TaskStarted { task, worker_name });
    (0..7).for_each(|_| play.after(8, Event::TaskHeartbeat { task }));
    assert_eq!(play.due(), Some(4));
}

#[test]
fn the_time_of_other_tasks_runs_from_when_they_are_scheduled() {
    let play = Play::start(&single(json!({
        "Type": "Task", "End": true, "TimeoutSeconds": 60,
        "Resource": "arn:aws:states:::eks:call",
    })));
    assert_eq!(play.due(), Some(60));
    let Some(Command::StartTask(request)) = play.last.commands.first() else {
        panic!("{:?}", play.last.commands);
    };
    assert_eq!(request.deadline, Some(play.machine.deadline().unwrap()));
}

#[rstest]
#[case::before_it_was_submitted("eks:runJob.sync", false, "TaskSubmitFailed")]
#[case::before_it_was_submitted("sqs:sendMessage.waitForTaskToken", false, "TaskSubmitFailed")]
#[case::after_it_was_submitted("eks:runJob.sync", true, "TaskFailed")]
#[case::without_a_submission_of_its_own("eks:runJob", false, "TaskFailed")]
fn a_task_that_waits_on_fails_in_its_submission_or_after_it(
    #[case] resource: &str,
    #[case] submitted: bool,
    #[case] expected: &str,
) {
    let mut play = Play::start(&single(json!({
        "Type": "Task", "End": true, "Resource": format!("arn:aws:states:::{resource}"),
    })));
    let task = play.task();
    if submitted {
        let output = Value::empty_object();
        play.happens(Event::TaskSubmitted { task, output });
    }
    let fault = Fault::new("EKS.401", "who are you?");
    play.happens(Event::TaskFailed { task, fault });
    let ends = &play.types[play.types.len() - 2..];
    assert_eq!(ends, [expected, "ExecutionFailed"]);
}

#[test]
fn a_distributed_map_that_is_cut_off_aborts_its_map_run() {
    let mut play = Play::start(&single(json!({
        "Type": "Map", "End": true,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "T",
            "States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::eks:call", "End": true}},
        },
    })));
    play.happens(Event::Stop(Fault::default()));
    assert_eq!(
        play.types[2..],
        [
            "MapStateStarted",
            "MapRunStarted",
            "MapRunAborted",
            "MapStateAborted",
            "ExecutionAborted"
        ]
    );
}

/// Five items, selected and put into batches of two.
fn batches() -> Json {
    single(json!({
        "Type": "Map", "End": true, "QueryLanguage": "JSONata", "Items": [1, 2, 3, 4, 5],
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value * 10 %}"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "T",
            "States": {"T": {
                "Type": "Task", "Resource": "arn:aws:states:::eks:call", "End": true}},
        },
    }))
}

fn parameters(play: &Play) -> Vec<String> {
    let started = play.commands.iter().filter_map(|command| match command {
        Command::StartTask(request) => Some(request.parameters.to_string()),
        Command::CancelTask { .. } => None,
    });
    started.collect()
}

#[rstest]
#[case::by_the_number_of_states(Limits { states_per_step: 1, ..Limits::default() })]
#[case::by_time(Limits { time_per_step: Duration::ZERO, ..Limits::default() })]
fn a_map_gives_way_while_it_selects_and_starts_items(#[case] limits: Limits) {
    let in_one_go = Play::start(&batches());
    let mut play = Play::within(&batches(), limits);
    // Each item, each batch, and each batch's state.
    assert!(play.go_on() >= 5 + 3 + 2);
    let expected = [
        r#"{"Items":[{"n":10},{"n":20}]}"#,
        r#"{"Items":[{"n":30},{"n":40}]}"#,
        r#"{"Items":[{"n":50}]}"#,
    ];
    assert_eq!(parameters(&play), expected);
    assert_eq!(parameters(&in_one_go), expected);
    assert_eq!(play.types, in_one_go.types);
}

#[test]
fn a_map_that_selects_items_is_in_progress_and_can_be_stopped_and_redriven() {
    let limits = Limits {
        states_per_step: 1,
        ..Limits::default()
    };
    let mut play = Play::within(&batches(), limits);
    (0..3).for_each(|_| play.happens(Event::TimePassed));
    assert_eq!(play.machine.current_states(1).0, ["S".into()]);
    let doing = Doing::Mapping { ended: 0, of: 5 };
    assert_eq!(play.machine.activities(1)[0].doing, doing);
    play.happens(Event::Stop(Fault::default()));
    play.happens(Event::Redrive);
    play.go_on();
    assert_eq!(parameters(&play).len(), 3);
}

#[test]
fn an_execution_that_goes_round_fails_when_its_history_is_full() {
    let definition = json!({"StartAt": "S", "States": {
        "S": {"Type": "Choice", "Default": "S", "Choices": [
            {"Variable": "$[1]", "IsPresent": true, "Next": "T"}]},
        "T": {"Type": "Succeed"},
    }});
    let limits = Limits {
        history_events: 1000,
        ..Limits::default()
    };
    let play = Play::within(&definition, limits);
    let Some(Outcome::Failed(fault)) = play.last.outcome else {
        panic!("{:?}", play.last);
    };
    let cause = "The execution reached the maximum number of history events (1000).";
    assert_eq!(fault, Fault::new(RUNTIME, cause));
    assert_eq!(play.history.len(), 1002);
    let redrivable = play.machine.redrivable(play.now);
    assert_eq!(redrivable, Err(NotRedrivable::FullHistory));
}

#[rstest]
#[case::of_values(
    json!("x".repeat(200_000)),
    json!({"Type": "Pass", "Next": "T", "Parameters": {
        "n.$": format!("States.ArrayLength(States.Array({}))", ["$"; 30].join(", "))}}),
    DATA_LIMIT_EXCEEDED,
    "The state/task 'S' returned a result with a size exceeding the maximum number of bytes service limit.",
)]
#[case::of_time(
    json!((0..3000).collect::<Vec<_>>()),
    json!({"Type": "Choice", "Default": "T", "Choices": [
        {"Variable": "$[?(7 in $[*])]", "IsPresent": true, "Next": "T"}]}),
    RUNTIME,
    "An error occurred while executing the state 'S' (entered at the event id #4). Invalid path '$[?(7 in $[*])]' : it selects too many values",
)]
fn a_query_that_takes_too_much_fails_the_execution(
    #[case] input: Json,
    #[case] state: Json,
    #[case] error: &str,
    #[case] cause: &str,
) {
    let definition = json!({"StartAt": "Input", "States": {
        "Input": {"Type": "Pass", "Result": input, "Next": "S"},
        "S": state,
        "T": {"Type": "Succeed"},
    }});
    let Some(Outcome::Failed(fault)) = Play::start(&definition).last.outcome else {
        panic!("it did not fail");
    };
    assert_eq!(fault, Fault::new(error, cause));
}
