//! Who is deleted, and who stays.

use rstest::rstest;
use tokio::sync::mpsc::unbounded_channel;

use super::*;

fn finished(text: &str) -> Vec<ObjectMeta> {
    let read = |line: &str| {
        let (name, version) = line.split_once(' ').unwrap();
        ObjectMeta {
            name: Some(name.to_owned()),
            resource_version: Some(version.to_owned()),
            ..ObjectMeta::default()
        }
    };
    text.split(", ").map(read).collect()
}

#[rstest]
#[case::none(0, "d c a b")]
#[case::some(2, "a b")]
#[case::all(4, "")]
#[case::more_than_there_are(9, "")]
fn those_that_ended_first_are_beyond_the_limit(#[case] limit: usize, #[case] expected: &str) {
    let beyond = beyond(limit, finished("a 9, b 8, c 10, d 100"));
    let names = beyond.iter().filter_map(|found| found.name.as_deref());
    assert_eq!(names.collect::<Vec<_>>().join(" "), expected);
}

#[test]
fn what_leaves_already_does_not_count() {
    let mut all = finished("a 1, b 2, c 3");
    all[2].deletion_timestamp = Some(crd::Time(jiff::Timestamp::UNIX_EPOCH));
    assert_eq!(beyond(2, all), []);
}

#[rstest]
#[case::none(None, None, &[])]
#[case::of_those_that_succeeded(Some(1), None, &[(SUCCEEDED, 1)])]
#[case::of_both(Some(1), Some(0), &[(SUCCEEDED, 1), (FAILED, 0)])]
fn only_kinds_with_a_limit_are_listed(
    #[case] successful: Option<usize>,
    #[case] failed: Option<usize>,
    #[case] expected: &[(&str, usize)],
) {
    let limits = Limits {
        successful,
        failed,
        ttl_seconds: Some(1),
    };
    assert_eq!(limits.counted().collect::<Vec<_>>(), expected);
}

#[rstest]
#[case::quick(5, false, 2_000)]
#[case::slow(3_000, false, 60_000)]
#[case::very_slow(60_000, false, 300_000)]
#[case::failed(5, true, 10_000)]
fn lists_take_a_small_share_of_the_time(
    #[case] lasted: u64,
    #[case] failed: bool,
    #[case] expected: u64,
) {
    let pause = pause_after(Duration::from_millis(lasted), failed);
    assert_eq!(pause, Duration::from_millis(expected));
}

#[test]
fn a_time_to_live_alone_has_executions_listed_when_it_is_set_only() {
    let (sender, mut receiver) = unbounded_channel();
    let history_limits = HistoryLimits::new(sender);
    let object = ObjectRef::new("m").within("ns");
    let limits = Limits {
        ttl_seconds: Some(7),
        ..Limits::default()
    };
    history_limits.set(object.clone(), limits);
    history_limits.set(object.clone(), limits);
    assert_eq!(history_limits.execution_ended(&object), Some(7));
    let mut pending = Pending::default();
    pending.add(receiver.try_recv().unwrap());
    assert!(receiver.try_recv().is_err());
    history_limits.set(
        object.clone(),
        Limits {
            failed: Some(3),
            ..limits
        },
    );
    assert_eq!(history_limits.execution_ended(&object), Some(7));
    while let Ok(next) = receiver.try_recv() {
        pending.add(next);
    }
    assert_eq!(pending.0, HashMap::from([(object, true)]));
}
