//! What people see of an execution.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use asl::machine::{Activity, NotRedrivable, Outcome, Redrives, TaskId, TaskRequest};
use jiff::Timestamp;

use crate::ports::TaskProgress;

/// How many tasks, and how many current states, people are shown.
pub const SHOWN: usize = 10;
/// The bytes of log tails in all that are shown, the newest first. A status is rewritten with
/// each wait point, so that they count.
pub const SHOWN_LOG_BYTES: usize = 1024;

/// How far an execution is.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How it ended, once that is final and nothing is left to clean up.
    pub outcome: Option<Outcome>,
    /// When it started.
    pub started: Timestamp,
    /// When it ended.
    pub stopped: Option<Timestamp>,
    /// The states in progress, [`SHOWN`] at most.
    pub current_states: Vec<Arc<str>>,
    /// How many there are.
    pub current_state_count: usize,
    /// What those of them do that do not merely run a task, the outermost first; [`SHOWN`] at
    /// most.
    pub activities: Vec<Activity>,
    /// The input's length, in bytes of JSON text.
    pub input_bytes: usize,
    /// Its tasks: those that run first of all, then the last that ended; [`SHOWN`] at most, in
    /// the order they were scheduled.
    pub tasks: Vec<TaskView>,
    /// How many events the history has.
    pub history_length: u64,
    /// How often it was redriven.
    pub redrives: Redrives,
    /// Whether it could be redriven right after its end, and why not.
    pub redrivable: Result<(), NotRedrivable>,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// Its number.
    pub task: TaskId,
    /// Its state.
    pub state: Arc<str>,
    /// What it calls.
    pub resource: Arc<str>,
    /// When it was scheduled.
    pub scheduled: Timestamp,
    /// How far it is.
    pub phase: TaskPhase,
    /// What its runner said last.
    pub progress: TaskProgress,
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskPhase {
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// Its result is not wanted any more.
    Cancelled,
}

/// Remembers what is to be shown of tasks.
#[derive(Debug, Default)]
pub struct TaskBook {
    running: BTreeMap<TaskId, TaskView>,
    ended: VecDeque<TaskView>,
}

impl TaskBook {
    /// A task is to be started.
    pub fn scheduled(&mut self, request: &TaskRequest, now: Timestamp) {
        let view = TaskView {
            task: request.task,
            state: request.state.clone(),
            resource: request.resource.arn.clone(),
            scheduled: now,
            phase: TaskPhase::Running,
            progress: TaskProgress::default(),
        };
        self.running.insert(request.task, view);
    }

    /// What was shown before a restart: of tasks that still run when they were scheduled and what
    /// their runner said, and those that had ended.
    pub fn recall(&mut self, shown: Vec<TaskView>) {
        for view in shown {
            match self.running.get_mut(&view.task) {
                Some(known) => {
                    known.scheduled = view.scheduled;
                    known.progress = view.progress;
                }
                None if view.phase != TaskPhase::Running => self.ended.push_back(view),
                None => {}
            }
        }
    }

    /// A runner reported. Says whether that is news.
    pub fn reported(&mut self, task: TaskId, progress: TaskProgress) -> bool {
        match self.running.get_mut(&task) {
            Some(view) if view.progress != progress => {
                view.progress = progress;
                true
            }
            _ => false,
        }
    }

    /// A task ended.
    pub fn ended(&mut self, task: TaskId, phase: TaskPhase) {
        let Some(mut view) = self.running.remove(&task) else {
            return;
        };
        view.phase = phase;
        self.ended.push_back(view);
        if self.ended.len() > SHOWN {
            self.ended.pop_front();
        }
    }

    /// What is shown.
    #[must_use]
    pub fn shown(&self) -> Vec<TaskView> {
        let mut views: Vec<_> = self.running.values().take(SHOWN).cloned().collect();
        let room = SHOWN - views.len();
        views.extend(self.ended.iter().rev().take(room).cloned());
        views.sort_unstable_by_key(|view| view.task);
        shorten_logs(&mut views);
        views
    }
}

/// Keeps the newest log tails within [`SHOWN_LOG_BYTES`] in all; of each its end.
fn shorten_logs(views: &mut [TaskView]) {
    let mut room = SHOWN_LOG_BYTES;
    for view in views.iter_mut().rev() {
        let Some(log) = view.progress.log_tail.take() else {
            continue;
        };
        let start = log.ceil_char_boundary(log.len().saturating_sub(room));
        let kept = log.get(start..).unwrap_or_default();
        room -= kept.len();
        view.progress.log_tail = (!kept.is_empty()).then(|| kept.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use asl::Value;
    use asl::resource::Resource;

    use super::*;

    fn request(task: TaskId) -> TaskRequest {
        TaskRequest {
            task,
            state: format!("State {task}").into(),
            resource: Arc::new(Resource::parse("arn:aws:states:::eks:runJob.sync").unwrap()),
            parameters: Value::empty_object(),
            credentials: None,
            token: None,
            deadline: None,
        }
    }

    fn book(tasks: std::ops::RangeInclusive<TaskId>) -> TaskBook {
        let mut book = TaskBook::default();
        tasks.for_each(|task| book.scheduled(&request(task), Timestamp::UNIX_EPOCH));
        book
    }

    fn shown(book: &TaskBook) -> Vec<(TaskId, TaskPhase)> {
        let views = book.shown();
        views.iter().map(|view| (view.task, view.phase)).collect()
    }

    #[test]
    fn running_tasks_come_before_those_that_ended() {
        let mut book = book(1..=12);
        (1..=4).for_each(|task| book.ended(task, TaskPhase::Succeeded));
        let expected: Vec<_> = (3..=4)
            .map(|task| (task, TaskPhase::Succeeded))
            .chain((5..=12).map(|task| (task, TaskPhase::Running)))
            .collect();
        assert_eq!(shown(&book), expected);
    }

    #[test]
    fn a_thousand_tasks_show_ten() {
        let mut book = book(1..=1000);
        assert_eq!(book.shown().len(), SHOWN);
        (1..=1000).for_each(|task| book.ended(task, TaskPhase::Failed));
        let last: Vec<_> = (991..=1000).map(|task| (task, TaskPhase::Failed)).collect();
        assert_eq!(shown(&book), last);
    }

    #[test]
    fn the_newest_log_tails_are_kept_within_the_room_for_them() {
        let mut book = book(1..=3);
        for task in 1..=3 {
            let log_tail = Some(format!("{}ü{task}", "x".repeat(600)));
            let progress = TaskProgress {
                log_tail,
                ..TaskProgress::default()
            };
            assert!(book.reported(task, progress));
        }
        let logs: Vec<_> = book
            .shown()
            .into_iter()
            .map(|view| view.progress.log_tail.map(|log| log.len()))
            .collect();
        assert_eq!(logs, [None, Some(SHOWN_LOG_BYTES - 603), Some(603)]);
    }

    #[test]
    fn a_restart_forgets_nothing_that_was_shown() {
        let mut before = book(1..=3);
        before.ended(1, TaskPhase::Failed);
        let progress = TaskProgress {
            active: 1,
            ..TaskProgress::default()
        };
        before.reported(2, progress);
        let mut after = book(2..=3);
        after.recall(before.shown());
        assert_eq!(after.shown(), before.shown());
    }

    #[test]
    fn the_same_report_again_is_no_news() {
        let mut book = book(1..=1);
        let progress = TaskProgress {
            active: 1,
            ..TaskProgress::default()
        };
        assert!(book.reported(1, progress.clone()));
        assert!(!book.reported(1, progress.clone()));
        assert!(!book.reported(7, progress));
    }
}
