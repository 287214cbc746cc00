//! What a running execution does, in words.

use asl::machine::{Activity, Doing};
use engine::progress::{Progress, TaskPhase, TaskView};
use jiff::{Timestamp, Unit};

/// How many things are told.
const TOLD: usize = 3;
/// The longest that one of them may be, in bytes.
const LONGEST: usize = 160;

/// Where it is: for the condition.
pub fn describe_place(progress: &Progress) -> String {
    let states = progress.current_states.iter().take(TOLD);
    let states: Vec<_> = states.map(|name| &**name).collect();
    let more = progress.current_state_count.saturating_sub(states.len());
    match (states.as_slice(), more) {
        ([], _) => String::new(),
        (states, 0) => format!("in {}", states.join(", ")),
        (states, more) => format!("in {} and {more} more", states.join(", ")),
    }
}

/// What it does or what holds it up, the most telling first: a task's trouble, how far Maps are,
/// what is waited for, a Job at work.
pub fn describe_progress(progress: &Progress) -> Option<String> {
    let running = || {
        let tasks = progress.tasks.iter();
        tasks.filter(|task| task.phase == TaskPhase::Running)
    };
    let troubles = running().filter_map(describe_trouble);
    let activities = progress.activities.iter().map(describe_activity);
    let jobs = running().filter_map(describe_job);
    let told = troubles.chain(activities).chain(jobs).take(TOLD);
    let told: Vec<_> = told.map(|text| shortened(&text)).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

fn describe_trouble(task: &TaskView) -> Option<String> {
    let message = task.progress.message.as_ref()?;
    Some(format!("{}: {message}", task.state))
}

fn describe_activity(activity: &Activity) -> String {
    let state = &activity.state;
    match &activity.doing {
        Doing::Mapping { ended, of } => format!("{state}: {ended}/{of} items"),
        Doing::Waiting { until } => format!("{state}: until {}", to_the_second(*until)),
        Doing::Retrying { attempt, of, at } => {
            let of = of.map_or_else(String::new, |of| format!("/{of}"));
            format!("{state}: retry {attempt}{of} at {}", to_the_second(*at))
        }
    }
}

fn describe_job(task: &TaskView) -> Option<String> {
    let job = task.progress.job_name.as_ref()?;
    let counts = [
        (task.progress.active, "active"),
        (task.progress.succeeded, "succeeded"),
        (task.progress.failed, "failed"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let counts: Vec<_> = counts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let pods = match counts.as_slice() {
        [] => String::new(),
        counts => format!(" ({})", counts.join(", ")),
    };
    Some(format!("{}: Job {job}{pods}", task.state))
}

fn to_the_second(instant: Timestamp) -> Timestamp {
    instant.round(Unit::Second).unwrap_or(instant)
}

fn shortened(text: &str) -> String {
    let line = text.replace('\n', " ");
    if line.len() <= LONGEST {
        return line;
    }
    let end = line.floor_char_boundary(LONGEST);
    format!("{}…", line.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use asl::machine::{NotRedrivable, Redrives};
    use engine::ports::TaskProgress;
    use rstest::rstest;

    use super::*;

    fn progress(activities: Vec<Doing>, tasks: Vec<TaskProgress>) -> Progress {
        let activities = activities.into_iter().map(|doing| Activity {
            state: "Do".into(),
            doing,
        });
        let tasks = tasks.into_iter().map(|progress| TaskView {
            task: 1,
            state: "Run".into(),
            resource: "arn:aws:states:::eks:runJob.sync".into(),
            scheduled: Timestamp::UNIX_EPOCH,
            phase: TaskPhase::Running,
            progress,
        });
        Progress {
            outcome: None,
            started: Timestamp::UNIX_EPOCH,
            stopped: None,
            current_states: vec!["A".into(), "B".into(), "C".into(), "D".into()],
            current_state_count: 40,
            activities: activities.collect(),
            input_bytes: 0,
            tasks: tasks.collect(),
            history_length: 0,
            redrives: Redrives::default(),
            redrivable: Err(NotRedrivable::Running),
        }
    }

    const AT: Timestamp = Timestamp::constant(1_767_225_630, 400_000_000);

    #[rstest]
    #[case::map(Doing::Mapping { ended: 34, of: 100 }, "Do: 34/100 items")]
    #[case::wait(Doing::Waiting { until: AT }, "Do: until 2026-01-01T00:00:30Z")]
    #[case::retry(
        Doing::Retrying { attempt: 2, of: Some(3), at: AT },
        "Do: retry 2/3 at 2026-01-01T00:00:30Z"
    )]
    #[case::retry_by_several_retriers(
        Doing::Retrying { attempt: 2, of: None, at: AT },
        "Do: retry 2 at 2026-01-01T00:00:30Z"
    )]
    fn what_a_state_does(#[case] doing: Doing, #[case] expected: &str) {
        let told = describe_progress(&progress(vec![doing], Vec::new()));
        assert_eq!(told.as_deref(), Some(expected));
    }

    #[test]
    fn a_job_at_work_is_told_with_its_pods() {
        let job = TaskProgress {
            job_name: Some("pi".to_owned()),
            active: 1,
            failed: 2,
            ..TaskProgress::default()
        };
        let told = describe_progress(&progress(Vec::new(), vec![job]));
        assert_eq!(told.as_deref(), Some("Run: Job pi (1 active, 2 failed)"));
    }

    #[test]
    fn trouble_comes_first_in_one_line_and_shortened() {
        let trouble = TaskProgress {
            message: Some(format!("pod p: ErrImagePull:\n{}", "x".repeat(500))),
            ..TaskProgress::default()
        };
        let map = Doing::Mapping { ended: 0, of: 9 };
        let told = describe_progress(&progress(vec![map], vec![trouble])).unwrap();
        let trouble = format!("Run: pod p: ErrImagePull: {}…", "x".repeat(134));
        assert_eq!(told, format!("{trouble}; Do: 0/9 items"));
    }

    #[test]
    fn an_execution_of_which_there_is_nothing_to_tell_has_no_progress() {
        assert_eq!(describe_progress(&progress(Vec::new(), Vec::new())), None);
    }

    #[test]
    fn of_many_states_the_first_are_named() {
        let place = describe_place(&progress(Vec::new(), Vec::new()));
        assert_eq!(place, "in A, B, C and 37 more");
    }
}
