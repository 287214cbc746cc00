//! What was recorded of a case's tasks, in the order recorded.

use std::collections::{HashMap, VecDeque};

use asl::Value;
use asl::errors::Fault;
use asl::machine::TaskRequest;

use crate::Case;
use crate::drive::{Answer, Ending};
use crate::json;

/// The recorded answers of a case's tasks, by state.
#[derive(Debug, Default)]
pub(super) struct Trace {
    endings: HashMap<String, VecDeque<Ending>>,
    submissions: HashMap<String, VecDeque<Value>>,
    worker: Option<String>,
}

impl Trace {
    pub(super) fn of(case: &Case) -> Self {
        let mut trace = Self::default();
        for entry in json::items(&case.data, "task_trace") {
            let state = json::text(entry, "state").unwrap_or_default();
            let endings = trace.endings.entry(state.to_owned()).or_default();
            endings.push_back(ending(entry));
        }
        trace.read_submissions(json::items(&case.expected(), "history"));
        trace
    }

    /// The answers that services gave to requests of tasks that wait on are in the history only.
    fn read_submissions(&mut self, history: &[Value]) {
        let mut state = String::new();
        for event in history {
            if let Some(entered) = event.get("stateEnteredEventDetails") {
                json::text(entered, "name")
                    .unwrap_or_default()
                    .clone_into(&mut state);
            }
            if let Some(submitted) = event.get("taskSubmittedEventDetails") {
                let output = submitted.get("output").cloned().unwrap_or_default();
                let submissions = self.submissions.entry(state.clone()).or_default();
                submissions.push_back(output);
            }
            if let Some(started) = event.get("activityStartedEventDetails") {
                self.worker = json::text(started, "workerName").map(str::to_owned);
            }
        }
    }

    /// What was recorded next for the task's state.
    pub(super) fn next(&mut self, request: &TaskRequest) -> Option<Answer> {
        let ending = self.endings.get_mut(&*request.state)?.pop_front()?;
        let submitted = self
            .submissions
            .get_mut(&*request.state)
            .and_then(VecDeque::pop_front);
        Some(Answer {
            worker: self.worker.as_deref().map(Into::into),
            submitted,
            ..Answer::at_once(ending)
        })
    }
}

fn ending(entry: &Value) -> Ending {
    let kind = json::text(entry, "type").unwrap_or_default();
    if kind.ends_with("TimedOut") {
        return Ending::Never;
    }
    if kind.ends_with("Failed") {
        return Ending::Failed(Fault {
            error: json::text(entry, "error").map(Into::into),
            cause: entry
                .get("cause")
                .map(|cause| json::plain_text(cause).into()),
            ..Fault::default()
        });
    }
    Ending::Succeeded(entry.get("output").cloned().unwrap_or_default())
}
