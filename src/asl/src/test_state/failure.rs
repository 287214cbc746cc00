//! What becomes of the tested state's error.

use super::attempt::Attempt;
use super::inspection::{ErrorDetails, InspectionData};
use super::{TestStateAnswer, TestStatus};
use crate::errors::Fault;
use crate::machine::stage::Stage;

impl Attempt<'_> {
    /// A Retrier or a Catcher takes the error, or the state fails with it.
    pub(super) fn failed(
        &self,
        stage: &Stage<'_>,
        fault: Fault,
        data: &mut InspectionData,
    ) -> TestStateAnswer {
        let mut details = ErrorDetails::default();
        let answer = if self.is_retried(stage, &fault, &mut details) {
            failure(stage, &fault, TestStatus::Retriable)
        } else {
            self.caught(stage, fault, &mut details, data)
        };
        if details != ErrorDetails::default() {
            data.error_details = Some(details);
        }
        answer
    }

    fn is_retried(&self, stage: &Stage<'_>, fault: &Fault, details: &mut ErrorDetails) -> bool {
        let mut retriers = stage.state.retry().iter().enumerate();
        let Some((index, retrier)) =
            retriers.find(|(_, retrier)| fault.matches(&retrier.error_equals))
        else {
            return false;
        };
        details.retry_index = Some(index);
        let used = self.request.state_configuration.retrier_retry_count;
        let used = used.unwrap_or_default();
        if used >= retrier.max_attempts {
            return false;
        }
        let delay = retrier.delay(used, stage.random);
        details.retry_backoff_interval_seconds = Some(delay.as_secs());
        true
    }

    fn caught(
        &self,
        stage: &Stage<'_>,
        fault: Fault,
        details: &mut ErrorDetails,
        data: &mut InspectionData,
    ) -> TestStateAnswer {
        let mut catchers = stage.state.catch().iter().enumerate();
        let Some((index, catcher)) =
            catchers.find(|(_, catcher)| fault.matches(&catcher.error_equals))
        else {
            return failure(stage, &fault, TestStatus::Failed);
        };
        details.catch_index = Some(index);
        match catcher.run(stage, &fault) {
            Ok(handover) => {
                data.note_assigned(&stage.thread.variables, &handover);
                TestStateAnswer {
                    output: Some(handover.output),
                    next_state: self
                        .tested
                        .name_of(crate::states::Next::State(catcher.next)),
                    ..failure(stage, &fault, TestStatus::CaughtError)
                }
            }
            Err(second) => failure(stage, &second, TestStatus::Failed),
        }
    }
}

/// An answer with an error. Where a running execution tells which state an error is of, and by
/// which event it was entered, TestState tells the error alone.
fn failure(stage: &Stage<'_>, fault: &Fault, status: TestStatus) -> TestStateAnswer {
    let place = stage.in_this_state("");
    let cause = fault.cause.as_deref();
    TestStateAnswer {
        status,
        output: None,
        error: fault.error.as_deref().map(str::to_owned),
        cause: cause.map(|cause| cause.strip_prefix(&*place).unwrap_or(cause).to_owned()),
        next_state: None,
        inspection_data: None,
    }
}
