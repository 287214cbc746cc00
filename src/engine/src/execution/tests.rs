use super::*;
use crate::entropy::SeededEntropy;

fn execution(limits: Limits) -> Execution {
    let text = r#"{"StartAt": "S", "States": {
        "S": {"Type": "Pass", "Next": "T"},
        "T": {"Type": "Succeed"}}}"#;
    let compiled = StateMachine::compile(text, &|_| true).unwrap();
    let info = ExecutionInfo {
        id: "arn:aws:states:us-east-1:1:execution:M:e".into(),
        name: "e".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input: Value::empty_object(),
        state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
        state_machine_name: "M".into(),
        region: "us-east-1".into(),
    };
    Execution::new(Arc::new(compiled.state_machine), info, limits)
}

#[test]
fn what_there_was_no_time_for_is_left_to_the_next_decision() {
    let limits = Limits {
        time_per_step: Duration::ZERO,
        ..Limits::default()
    };
    let mut execution = execution(limits);
    let events = [Event::Started, Event::TimePassed, Event::TimePassed];
    let mut happenings: VecDeque<_> = events.map(Happening::Event).into();
    let (now, entropy) = (Timestamp::UNIX_EPOCH, SeededEntropy::new(1));
    let mut left = Vec::new();
    let mut entered = 0;
    while !happenings.is_empty() {
        let decision = execution.decide(&mut happenings, now, &entropy);
        left.push((happenings.len(), decision.yielded));
        entered += decision.states_entered;
    }
    assert_eq!(left, [(2, true), (1, true), (0, false)]);
    assert_eq!(entered, 2);
    assert!(execution.outcome().is_some());
}
