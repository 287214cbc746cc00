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
/// How much is shown of why a task could not be cancelled, in bytes.
const SHOWN_TROUBLE_BYTES: usize = 512;

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
    /// Its tasks: those that run first of all, then those that are to be cancelled, then the last
    /// that ended; [`SHOWN`] at most, in the order they were scheduled.
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
    /// It runs, or runs on: that its result is not wanted any more could not be told.
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
    /// Those that are to be cancelled and may not have been.
    cancelling: BTreeMap<TaskId, TaskView>,
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

    /// What was shown before a restart: of tasks that are not over yet when they were scheduled and
    /// what was said of them, and those that had ended.
    pub fn recall(&mut self, shown: Vec<TaskView>) {
        for view in shown {
            let running = self.running.get_mut(&view.task);
            match running.or_else(|| self.cancelling.get_mut(&view.task)) {
                Some(known) => {
                    known.scheduled = view.scheduled;
                    known.phase = view.phase;
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
        self.keep(view);
    }

    fn keep(&mut self, view: TaskView) {
        self.ended.push_back(view);
        if self.ended.len() > SHOWN {
            self.ended.pop_front();
        }
    }

    /// A task that runs is to be cancelled.
    pub fn cancelling(&mut self, task: TaskId) {
        if let Some(mut view) = self.running.remove(&task) {
            view.phase = TaskPhase::Cancelled;
            self.cancelling.insert(task, view);
        }
    }

    /// A task that is to be cancelled could not be: it is shown to run on. Says whether that is
    /// news.
    pub fn not_cancelled(&mut self, task: TaskId, why: &str) -> bool {
        let Some(view) = self.cancelling.get_mut(&task) else {
            return false;
        };
        let end = why.floor_char_boundary(SHOWN_TROUBLE_BYTES);
        let why = why.get(..end).unwrap_or_default();
        let message = Some(format!("cannot be cancelled: {why}"));
        let is_news = view.progress.message != message;
        view.phase = TaskPhase::Running;
        view.progress.message = message;
        is_news
    }

    /// A task is cancelled. Says whether that is news to who was shown that it could not be.
    pub fn cancelled(&mut self, task: TaskId) -> bool {
        let Some(mut view) = self.cancelling.remove(&task) else {
            return false;
        };
        let is_news = view.phase == TaskPhase::Running;
        if is_news {
            view.phase = TaskPhase::Cancelled;
            view.progress.message = None;
        }
        self.keep(view);
        is_news
    }

    /// What is shown.
    #[must_use]
    pub fn shown(&self) -> Vec<TaskView> {
        let cancelling = self.cancelling.values().rev();
        let over = cancelling.chain(self.ended.iter().rev());
        let all = self.running.values().chain(over);
        let mut views: Vec<_> = all.take(SHOWN).cloned().collect();
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

    fn told(book: &TaskBook) -> Vec<(TaskPhase, Option<String>)> {
        let views = book.shown().into_iter();
        views
            .map(|view| (view.phase, view.progress.message))
            .collect()
    }

    #[test]
    fn a_task_that_cannot_be_cancelled_is_shown_to_run_on_until_it_is_cancelled() {
        let mut book = book(1..=1);
        book.cancelling(1);
        assert_eq!(told(&book), [(TaskPhase::Cancelled, None)]);
        assert!(book.not_cancelled(1, "403 no"));
        assert!(!book.not_cancelled(1, "403 no"), "the same again");
        let message = Some("cannot be cancelled: 403 no".to_owned());
        let stuck = [(TaskPhase::Running, message)];
        assert_eq!(told(&book), stuck);

        let mut after = self::book(1..=1);
        after.cancelling(1);
        after.recall(book.shown());
        assert_eq!(told(&after), stuck, "after a restart");

        assert!(book.cancelled(1));
        assert_eq!(told(&book), [(TaskPhase::Cancelled, None)]);
    }

    #[test]
    fn what_a_task_said_stays_when_it_is_cancelled_at_once() {
        let mut book = book(1..=1);
        let progress = TaskProgress {
            message: Some("ImagePullBackOff".to_owned()),
            ..TaskProgress::default()
        };
        let expected = [(TaskPhase::Cancelled, progress.message.clone())];
        book.reported(1, progress);
        book.cancelling(1);
        assert_eq!(told(&book), expected);
        assert!(!book.cancelled(1));
        assert_eq!(told(&book), expected);
        assert!(!book.not_cancelled(1, "too late"));
    }

    #[test]
    fn why_a_task_cannot_be_cancelled_is_shown_within_bounds() {
        let mut book = book(1..=1);
        book.cancelling(1);
        book.not_cancelled(1, &"ü".repeat(1000));
        let message = book.shown()[0].progress.message.clone().unwrap();
        assert_eq!(message, format!("cannot be cancelled: {}", "ü".repeat(256)));
    }

    #[test]
    fn a_task_that_cannot_be_cancelled_is_shown_among_many_that_ended() {
        let mut book = book(1..=20);
        (1..=20).for_each(|task| book.cancelling(task));
        (2..=20).for_each(|task| assert!(!book.cancelled(task)));
        assert_eq!(shown(&book).first(), Some(&(1, TaskPhase::Cancelled)));
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
