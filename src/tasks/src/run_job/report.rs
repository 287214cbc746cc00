//! Tells the engine how a task gets on, when that has changed.

use asl::Value;
use engine::ports::{TaskProgress, TaskUpdate};
use tokio::sync::mpsc::UnboundedSender;

use super::progress::{Remarks, build_progress};
use super::view::Observed;

/// What one task tells.
pub(crate) struct Report {
    updates: UnboundedSender<TaskUpdate>,
    remarks: Remarks,
    told: Option<TaskProgress>,
}

impl Report {
    pub(crate) fn new(updates: UnboundedSender<TaskUpdate>) -> Self {
        Self {
            updates,
            remarks: Remarks::default(),
            told: None,
        }
    }

    /// What people should know of the identity that the task acts with.
    pub(crate) fn identity(&mut self, note: Option<String>) {
        self.remarks.identity = note;
    }

    /// The Job was created.
    pub(crate) fn submitted(&self, envelope: Value) {
        self.send(TaskUpdate::Submitted(envelope));
    }

    /// The runner itself has trouble, or has none any more.
    pub(crate) fn trouble(&mut self, trouble: Option<String>) {
        self.remarks.trouble = trouble;
    }

    /// The end of the newest log.
    pub(crate) fn log(&mut self, log: &str) {
        self.remarks.log_tail = Some(super::progress::tail(log));
    }

    /// Tells what is observed.
    pub(crate) fn show(&mut self, observed: &Observed) {
        let progress = build_progress(observed, &self.remarks);
        if self.told.as_ref() != Some(&progress) {
            self.told = Some(progress.clone());
            self.send(TaskUpdate::Progress(Box::new(progress)));
        }
    }

    /// An engine that does not listen any more has cancelled the task.
    fn send(&self, update: TaskUpdate) {
        let _ = self.updates.send(update);
    }
}
