//! Redrives of Map states.

use rstest::rstest;

use super::*;

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
