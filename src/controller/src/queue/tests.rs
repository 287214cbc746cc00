mod properties;

use rstest::rstest;

use super::*;

const MANY: usize = usize::MAX;

/// `namespace/number`: the number is the order of creation, and the uid.
fn candidate(name: &str) -> Candidate {
    let (namespace, number) = name.split_once('/').unwrap();
    Candidate {
        ticket: Ticket {
            created: Timestamp::UNIX_EPOCH,
            version: number.parse().unwrap(),
            uid: number.into(),
        },
        namespace: namespace.into(),
        name: number.into(),
    }
}

fn machine(name: &str) -> Machine {
    let (namespace, name) = name.split_once('/').unwrap();
    Machine {
        namespace: namespace.into(),
        name: name.into(),
    }
}

fn queue(running: usize, starting: usize) -> Queue {
    let mut queue = Queue::new(Limits { running, starting });
    queue.open();
    queue
}

fn enqueue(queue: &mut Queue, names: &[&str]) {
    for name in names {
        queue.enqueue(candidate(name), "m");
    }
}

/// All that may start, in order.
fn admit(queue: &mut Queue) -> Vec<String> {
    let next = || queue.next();
    std::iter::from_fn(next)
        .map(|next| format!("{}/{}", next.namespace, next.name))
        .collect()
}

#[test]
fn executions_start_in_the_order_of_their_creation() {
    let mut queue = queue(MANY, MANY);
    let mut old = candidate("a/9");
    old.ticket.created = Timestamp::MIN;
    enqueue(&mut queue, &["a/3", "a/1", "a/2"]);
    queue.enqueue(old, "m");
    assert_eq!(admit(&mut queue), ["a/9", "a/1", "a/2", "a/3"]);
}

#[test]
fn what_runs_already_counts_before_anything_starts() {
    let mut queue = Queue::new(Limits {
        running: 2,
        starting: MANY,
    });
    enqueue(&mut queue, &["a/1"]);
    queue.occupy("8", machine("a/m"));
    assert_eq!(admit(&mut queue), [""; 0]);
    queue.occupy("9", machine("b/m"));
    queue.occupy("9", machine("b/m"));
    queue.open();
    assert_eq!(admit(&mut queue), [""; 0]);
    queue.remove("8");
    assert_eq!(admit(&mut queue), ["a/1"]);
}

#[test]
fn a_state_machine_that_is_full_lets_others_go_first() {
    let mut queue = queue(MANY, MANY);
    queue.limit(machine("a/m"), Some(1));
    enqueue(&mut queue, &["a/1", "a/2"]);
    queue.enqueue(candidate("a/3"), "other");
    assert_eq!(admit(&mut queue), ["a/1", "a/3"]);
    queue.remove("1");
    assert_eq!(admit(&mut queue), ["a/2"]);
}

#[test]
fn namespaces_take_turns() {
    let mut queue = queue(MANY, MANY);
    enqueue(
        &mut queue,
        &["a/1", "a/2", "a/3", "a/4", "b/5", "b/6", "c/7"],
    );
    let expected = ["a/1", "b/5", "c/7", "a/2", "b/6", "a/3", "a/4"];
    assert_eq!(admit(&mut queue), expected);
}

#[test]
fn the_next_starts_when_the_first_write_of_another_is_done() {
    let mut queue = queue(MANY, 2);
    enqueue(&mut queue, &["a/1", "a/2", "a/3", "a/4"]);
    assert_eq!(admit(&mut queue), ["a/1", "a/2"]);
    queue.started("2");
    queue.started("2");
    assert_eq!(admit(&mut queue), ["a/3"]);
    queue.remove("1");
    assert_eq!(admit(&mut queue), ["a/4"]);
    assert_eq!((queue.queued(), queue.running()), (0, 3));
}

#[test]
fn a_limit_that_changes_takes_effect_at_once_and_what_runs_goes_on() {
    let mut queue = queue(MANY, MANY);
    queue.limit(machine("a/m"), Some(1));
    enqueue(&mut queue, &["a/1", "a/2", "a/3", "a/4"]);
    assert_eq!(admit(&mut queue), ["a/1"]);
    queue.limit(machine("a/m"), Some(3));
    assert_eq!(admit(&mut queue), ["a/2", "a/3"]);
    queue.limit(machine("a/m"), Some(2));
    queue.remove("1");
    assert_eq!(admit(&mut queue), [""; 0]);
    queue.limit(machine("a/m"), None);
    assert_eq!(admit(&mut queue), ["a/4"]);
}

#[test]
fn what_is_expected_is_not_overtaken_in_its_namespace() {
    let mut queue = queue(MANY, MANY);
    assert!(queue.expect(candidate("a/2")));
    assert!(!queue.expect(candidate("a/2")), "it has a place");
    enqueue(&mut queue, &["a/1", "a/3", "b/4"]);
    assert_eq!(admit(&mut queue), ["a/1", "b/4"]);
    queue.remove("2");
    assert_eq!(admit(&mut queue), ["a/3"]);
    queue.expect(candidate("a/5"));
    enqueue(&mut queue, &["a/6", "a/5"]);
    assert_eq!(admit(&mut queue), ["a/5", "a/6"]);
}

#[test]
fn an_object_that_changes_keeps_its_place() {
    let mut queue = queue(MANY, MANY);
    enqueue(&mut queue, &["a/1", "a/2"]);
    let mut changed = candidate("a/1");
    changed.ticket.version = 7;
    queue.enqueue(changed, "m");
    assert_eq!(admit(&mut queue), ["a/1", "a/2"]);
}

#[test]
fn what_does_not_exist_any_more_takes_no_room() {
    let mut queue = queue(1, MANY);
    queue.occupy("9", machine("a/m"));
    queue.expect(candidate("a/1"));
    enqueue(&mut queue, &["a/2", "a/3"]);
    queue.retain(|uid| uid == "3");
    assert_eq!(admit(&mut queue), ["a/3"]);
    assert_eq!((queue.queued(), queue.running()), (0, 1));
}

#[rstest]
#[case::of_its_state_machine(Some(1), MANY, MANY, Standing::MachineFull)]
#[case::of_any(None, 1, MANY, Standing::Full)]
#[case::of_one_that_starts(None, MANY, 1, Standing::Soon)]
#[case::of_its_state_machine_first(Some(1), 1, 1, Standing::MachineFull)]
fn an_execution_waits_for_the_end(
    #[case] machine_limit: Option<usize>,
    #[case] running: usize,
    #[case] starting: usize,
    #[case] expected: Standing,
) {
    let mut queue = queue(running, starting);
    queue.limit(machine("a/m"), machine_limit);
    enqueue(&mut queue, &["a/1", "a/2"]);
    assert_eq!(admit(&mut queue), ["a/1"]);
    let standings = ["1", "2", "3"].map(|uid| queue.standing(uid));
    assert_eq!(standings, [Standing::Admitted, expected, Standing::Unknown]);
}
