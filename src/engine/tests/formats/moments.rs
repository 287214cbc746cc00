//! Executions at a moment at which they wait for something.

use engine::clock::RuntimeClock;
use engine::ports::Clock as _;
use faults::life::{be_driver, paused_runtime};
use faults::workflow::{noise, start};
use faults::world::key;
use faults::{Workflow, World};
use jiff::{SignedDuration, Timestamp};

use crate::fixture::Fixture;

/// An execution, when it is looked at, and the output that it will have, perhaps shortened.
pub struct Moment {
    pub name: &'static str,
    pub workflow: Workflow,
    seconds: i64,
    pub output: String,
}

impl Moment {
    pub fn at(&self) -> Timestamp {
        start() + SignedDuration::from_secs(self.seconds) + SignedDuration::from_millis(500)
    }

    /// What is stored at that moment.
    pub fn record(&self) -> Fixture {
        let world = World::new(&[]);
        world.store.create(key());
        paused_runtime().block_on(async {
            let clock = RuntimeClock::starting_at(start());
            let (driver, _handle) = be_driver(&self.workflow, &world, clock).await;
            tokio::select! {
                biased;
                end = driver.run() => panic!("{}: {end:?}", self.name),
                () = clock.sleep_until(self.at()) => {}
            }
        });
        Fixture::of(&world.store.kept(&key()).unwrap())
    }
}

fn moment(name: &'static str, workflow: Workflow, seconds: i64, output: &str) -> Moment {
    let output = output.to_owned();
    Moment {
        name,
        workflow,
        seconds,
        output,
    }
}

const RUN_JOB: &str = "arn:aws:states:::eks:runJob.sync";

fn task(name: &str, rest: &str) -> String {
    format!(r#""{name}": {{"Type": "Task", "Resource": "{RUN_JOB}", {rest}}}"#)
}

/// The results of three batches, the first of which failed.
const DISTRIBUTED: &str = r#"[{"Error":"Refused","Cause":null},{"Items":[3,4]},{"Items":[5]}]"#;

/// A Job's result, and two batches of what was selected.
const SELECTED: &str = r#"[{"a":1},[{"Items":[{"n":1},{"n":2}]},{"Items":[{"n":3}]}]]"#;

/// A state of each kind that waits, and what makes checkpoints differ.
pub fn moments() -> Vec<Moment> {
    vec![
        moment("waiting_task", waiting_task(), 5, r#"{"job":{"a":1}}"#),
        moment("waiting_for_a_token", token(), 5, r#"{"n":1}"#),
        moment("wait", wait(), 5, r#""later""#),
        moment("retry_pending", retry_pending(), 5, "{}"),
        moment("parallel", parallel(), 15, r#"[{"first":1},[1]]"#),
        moment("map", map(), 25, "[1,2,3,4,5,6]"),
        moment(
            "map_with_large_results",
            large_results(),
            25,
            r#"{"count":6,"third":"3dc9aa88c0b7439bdc598e915ed3a149df36978f"}"#,
        ),
        moment("distributed_map", distributed_map(), 15, DISTRIBUTED),
        moment(
            "variables",
            variables(),
            5,
            r#"[{"item":1,"x":"y"},{"item":2,"x":"y"}]"#,
        ),
        moment(
            "sealed_values",
            sealed_values(),
            5,
            r#"{"count":3,"third":"5c1caa9c456193e24dc23aa0ebec3e73329f606f"}"#,
        ),
        moment(
            "checkpoint_in_pages",
            many_large_items(),
            5,
            r#"{"count":8,"third":"5c1caa9c456193e24dc23aa0ebec3e73329f606f"}"#,
        ),
        moment("long_history", long_history(), 0, r#"{"n":700}"#),
        moment(
            "cancelling",
            cancelling(),
            12,
            r#"{"Error":"Bad","Cause":"as it was told"}"#,
        ),
        moment("out_of_budget", out_of_budget(), 0, "[{},2]"),
        moment("selecting", selecting(), 0, SELECTED),
    ]
}

fn states(start_at: &str, states: &[String]) -> String {
    let states = states.join(", ");
    format!(r#"{{"StartAt": "{start_at}", "States": {{{states}}}}}"#)
}

fn one_task(rest: &str) -> Workflow {
    Workflow::new(&states("Run", &[task("Run", rest)])).lasting("Run", 10)
}

fn waiting_task() -> Workflow {
    one_task(
        r#""TimeoutSeconds": 100, "HeartbeatSeconds": 60, "End": true,
        "Credentials": {"RoleArn": "arn:aws:iam::123456789012:role/r"},
        "Parameters": {"a.$": "$.a"}, "ResultSelector": {"job.$": "$"}"#,
    )
    .with_input(r#"{"a": 1}"#)
}

fn token() -> Workflow {
    let resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    let state = format!(
        r#""Ask": {{"Type": "Task", "Resource": "{resource}", "End": true, "Parameters": {{
        "QueueUrl": "q", "MessageBody": {{"n": 1, "token.$": "$$.Task.Token"}}}},
        "ResultSelector": {{"n.$": "$.MessageBody.n"}}}}"#
    );
    Workflow::new(&states("Ask", &[state])).lasting("Ask", 10)
}

fn wait() -> Workflow {
    let wait = r#""Wait": {"Type": "Wait", "Seconds": 600, "Next": "Later"}"#;
    let later = r#""Later": {"Type": "Pass", "Result": "later", "End": true}"#;
    Workflow::new(&states("Wait", &[wait.to_owned(), later.to_owned()]))
}

/// It failed once and is tried again after half a minute.
fn retry_pending() -> Workflow {
    let retry = r#"[{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Run"], "IntervalSeconds": 30}]"#;
    one_task(&format!(r#""Retry": {retry}, "End": true"#))
        .lasting("Run", 1)
        .failing("Run", 1)
}

/// One branch is over, and a Map inside the other waits.
fn parallel() -> Workflow {
    let pass = r#""After": {"Type": "Pass", "Result": {"first": 1}, "End": true}"#;
    let first = states(
        "First",
        &[task("First", r#""Next": "After""#), pass.to_owned()],
    );
    let wait = r#""Wait": {"Type": "Wait", "Seconds": 60, "End": true}"#;
    let processor = states("Wait", &[wait.to_owned()]);
    let map = format!(
        r#""Map": {{"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {processor}}}"#
    );
    let second = states("Map", &[map]);
    let parallel =
        format!(r#""Both": {{"Type": "Parallel", "End": true, "Branches": [{first}, {second}]}}"#);
    Workflow::new(&states("Both", &[parallel])).with_input(r#"{"items": [1]}"#)
}

/// What is left of large values at the end.
const DIGEST: &str = r#""Digest": {"Type": "Pass", "End": true, "Parameters": {
    "count.$": "States.ArrayLength($)",
    "third.$": "States.Hash(States.ArrayGetItem($, 2), 'SHA-1')"}}"#;

fn map_of(items: &str, rest: &str, then: &[&str]) -> Workflow {
    let processor = states("Item", &[task("Item", r#""End": true"#)]);
    let map = format!(
        r#""Map": {{"Type": "Map", "ItemsPath": "$.items", {rest},
        "ItemProcessor": {processor}}}"#
    );
    let then = then.iter().map(|state| (*state).to_owned());
    let all: Vec<_> = std::iter::once(map).chain(then).collect();
    Workflow::new(&states("Map", &all))
        .with_input(&format!(r#"{{"items": {items}}}"#))
        .lasting("Item", 10)
}

/// Four items are finished and two in progress.
fn map() -> Workflow {
    let rest = r#""MaxConcurrency": 2, "End": true"#;
    map_of("[1, 2, 3, 4, 5, 6]", rest, &[])
}

/// The finished results are sealed.
fn large_results() -> Workflow {
    let rest = r#""MaxConcurrency": 2, "Next": "Digest""#;
    map_of("[1, 2, 3, 4, 5, 6]", rest, &[DIGEST]).with_results_of(9000)
}

/// A batch failed, which is tolerated, one succeeded, one is in progress.
fn distributed_map() -> Workflow {
    let first = r#""First": {"Type": "Choice", "Default": "Item", "Choices": [
        {"Variable": "$.Items[0]", "NumericEquals": 1, "Next": "Refuse"}]}"#;
    let refuse = r#""Refuse": {"Type": "Fail", "Error": "Refused"}"#;
    let item = task("Item", r#""End": true"#);
    let processor = states("First", &[first.to_owned(), refuse.to_owned(), item]);
    let config = r#""ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}"#;
    let processor = processor.replacen('{', &format!("{{{config}, "), 1);
    let map = format!(
        r#""Map": {{"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 1, "Label": "m",
        "ItemBatcher": {{"MaxItemsPerBatch": 2}}, "ToleratedFailurePercentage": 50, "End": true,
        "ItemProcessor": {processor}}}"#
    );
    Workflow::new(&states("Map", &[map]))
        .with_input(r#"{"items": [1, 2, 3, 4, 5]}"#)
        .lasting("Item", 10)
}

fn variables() -> Workflow {
    let set = r#""Set": {"Type": "Pass", "Assign": {"x": "y"}, "Next": "Map"}"#;
    let own = r#""Own": {"Type": "Pass", "Assign": {"item.$": "$"}, "Next": "Item"}"#;
    let item = task("Item", r#""Next": "Both""#);
    let both = r#""Both": {"Type": "Pass", "End": true, "Parameters": {
        "item.$": "$item", "x.$": "$x"}}"#;
    let processor = states("Own", &[own.to_owned(), item, both.to_owned()]);
    let map = format!(
        r#""Map": {{"Type": "Map", "ItemsPath": "$.items", "End": true, "ItemProcessor": {processor}}}"#
    );
    Workflow::new(&states("Set", &[set.to_owned(), map]))
        .with_input(r#"{"items": [1, 2]}"#)
        .lasting("Item", 10)
}

fn noises(count: u64, bytes: usize) -> String {
    let texts = (1..=count).map(|seed| asl::Value::from(noise(seed, bytes)).to_string());
    format!("[{}]", texts.collect::<Vec<_>>().join(","))
}

fn sealed_values() -> Workflow {
    let run = task("Run", r#""Next": "Digest", "OutputPath": "$.items""#);
    Workflow::new(&states("Run", &[run, DIGEST.to_owned()]))
        .with_input(&format!(r#"{{"items": {}}}"#, noises(3, 7000)))
        .lasting("Run", 10)
}

/// Each item is too small to be sealed, and all together are too large for a record.
fn many_large_items() -> Workflow {
    map_of(&noises(8, 7000), r#""Next": "Digest""#, &[DIGEST])
}

/// A part of the history is in pages.
fn long_history() -> Workflow {
    let add = r#""Add": {"Type": "Pass", "Next": "Enough",
        "Parameters": {"n.$": "States.MathAdd($.n, 1)"}}"#;
    let enough = r#""Enough": {"Type": "Choice", "Default": "Add", "Choices": [
        {"Variable": "$.n", "NumericGreaterThanEquals": 700, "Next": "Run"}]}"#;
    let run = task("Run", r#""End": true"#);
    Workflow::new(&states("Add", &[add.to_owned(), enough.to_owned(), run]))
        .with_input(r#"{"n": 0}"#)
        .lasting("Run", 10)
}

/// A branch failed, the other one's Job is not removed yet, and the Catcher's Job runs.
fn cancelling() -> Workflow {
    let slow = states(
        "Slow",
        &[task("Slow", r#""Parameters": {"a": "b"}, "End": true"#)],
    );
    let bad = states("Bad", &[task("Bad", r#""End": true"#)]);
    let parallel = format!(
        r#""Both": {{"Type": "Parallel", "End": true, "Branches": [{slow}, {bad}],
        "Catch": [{{"ErrorEquals": ["States.ALL"], "Next": "Clean"}}]}}"#
    );
    let clean = task("Clean", r#""End": true"#);
    Workflow::new(&states("Both", &[parallel, clean]))
        .lasting("Slow", 100)
        .lasting("Clean", 20)
        .failing("Bad", usize::MAX)
        .cancelling_for(50)
}

/// A Job was to be started while another branch was not done with what it can do at once.
fn out_of_budget() -> Workflow {
    let run = states("Run", &[task("Run", r#""End": true"#)]);
    let pass = |name: &str, rest: &str| format!(r#""{name}": {{"Type": "Pass", {rest}}}"#);
    let passes = [
        pass("One", r#""Next": "Two""#),
        pass("Two", r#""Result": 2, "End": true"#),
    ];
    let parallel = format!(
        r#""Both": {{"Type": "Parallel", "End": true, "Branches": [{run}, {}]}}"#,
        states("One", &passes)
    );
    Workflow::new(&states("Both", &[parallel])).stepping(3)
}

/// A Job was to be started while a Map in another branch had selected one of its items.
fn selecting() -> Workflow {
    let run = states(
        "Run",
        &[task("Run", r#""Parameters": {"a": 1}, "End": true"#)],
    );
    let map = r#""Map": {"Type": "Map", "ItemsPath": "$.items", "Label": "m", "End": true,
        "ItemSelector": {"n.$": "$$.Map.Item.Value"}, "ItemBatcher": {"MaxItemsPerBatch": 2},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": true}}}}"#;
    let map = states("Map", &[map.to_owned()]);
    let parallel =
        format!(r#""Both": {{"Type": "Parallel", "End": true, "Branches": [{run}, {map}]}}"#);
    Workflow::new(&states("Both", &[parallel]))
        .with_input(r#"{"items": [1, 2, 3]}"#)
        .stepping(4)
}
