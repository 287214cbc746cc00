//! One run of the tested state, step by step, with its data noted on the way.

use super::context::TestContext;
use super::definition::Tested;
use super::inspection::InspectionData;
use super::mock::Mocked;
use super::{
    CallTask, InspectionLevel, TestStateAnswer, TestStateError, TestStateRequest, TestStatus,
};
use crate::errors::Fault;
use crate::machine::stage::{Given, Stage};
use crate::machine::thread::{Phase, Retries, Thread};
use crate::machine::{Limits, Moment};
use crate::query::{QueryLanguage, Random, Variables};
use crate::states::data_flow::{Handover, assign};
use crate::states::{Next, StateKind};
use crate::value::{Object, Value};

/// What is tried.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    /// The request.
    pub request: &'a TestStateRequest,
    /// The state.
    pub tested: &'a Tested,
    /// What its work is to give.
    pub mock: Mocked,
    /// The time and the randomness.
    pub moment: Moment,
}

/// Why a step did not lead on: the state failed, or the request turned out to make no sense.
#[derive(Debug)]
pub(super) enum Stop {
    /// The state's own failure.
    Failed(Fault),
    /// The request's.
    Refused(TestStateError),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

type Outcome = Result<(Handover, Next), Stop>;

impl Attempt<'_> {
    /// Runs the state.
    pub fn run(
        &self,
        input: Value,
        context: TestContext,
        variables: Object,
        call: CallTask<'_>,
    ) -> Result<TestStateAnswer, TestStateError> {
        let mut data = InspectionData {
            input: Some(input.clone()),
            variables: variables.clone(),
            ..InspectionData::default()
        };
        let thread = self.thread(input, &context, variables);
        let random = Random::new(self.moment.entropy);
        let stage = Stage {
            info: &context.info,
            limits: Limits::default(),
            stored_bytes: thread.variables.bytes(),
            redrives: crate::machine::Redrives::default(),
            state: self.tested.state(),
            thread: &thread,
            token: None,
            context: Some(&context.value),
            now: self.moment.now,
            random: &random,
            query_deadline: None,
        };
        let outcome = self.outcome(&stage, &mut data, call);
        let mut answer = match outcome {
            Ok((handover, next)) => {
                data.note_assigned(&stage.thread.variables, &handover);
                self.succeeded(handover, next)
            }
            Err(Stop::Failed(fault)) => self.failed(&stage, fault, &mut data),
            Err(Stop::Refused(error)) => return Err(error),
        };
        if self.request.inspection_level != InspectionLevel::Info {
            answer.inspection_data = Some(data);
        }
        Ok(answer)
    }

    fn thread(&self, input: Value, context: &TestContext, variables: Object) -> Thread {
        Thread {
            parent: None,
            state: self.tested.index(),
            input,
            variables: Variables::restored(variables, None),
            item: None,
            previous: 0,
            entered: context.entered,
            retries: Retries::default(),
            execution: None,
            unrecorded: true,
            phase: Phase::Enter,
            timer: None,
        }
    }

    fn succeeded(&self, handover: Handover, next: Next) -> TestStateAnswer {
        TestStateAnswer {
            status: TestStatus::Succeeded,
            output: Some(handover.output),
            error: None,
            cause: None,
            next_state: self.tested.name_of(next),
            inspection_data: None,
        }
    }

    fn outcome(&self, stage: &Stage<'_>, data: &mut InspectionData, call: CallTask<'_>) -> Outcome {
        match &stage.state.kind {
            StateKind::Pass(pass) => {
                let result = match &pass.result {
                    Some(result) => {
                        data.result = Some(result.clone());
                        result.clone()
                    }
                    None => arguments(stage, data)?,
                };
                Ok((hand_over(stage, data, result)?, pass.next))
            }
            StateKind::Choice(choice) => {
                effective_input(stage, data)?;
                Ok(choice.run(stage)?)
            }
            StateKind::Succeed => {
                effective_input(stage, data)?;
                Ok((crate::states::succeed::run(stage)?, Next::End))
            }
            StateKind::Fail(fail) => {
                effective_input(stage, data)?;
                Err(Stop::Failed(fail.run(stage)?))
            }
            StateKind::Wait(wait) => {
                effective_input(stage, data)?;
                Ok((wait.run_at_once(stage)?, wait.next))
            }
            StateKind::Task(task) => {
                arguments(stage, data)?;
                let result = match &self.mock {
                    Some(mocked) => mocked.clone()?,
                    None => call(&task.request_for_test(stage)?)?,
                };
                stage.check_size(&result, &task.resource.arn)?;
                data.result = Some(result.clone());
                Ok((hand_over(stage, data, result)?, task.next))
            }
            StateKind::Parallel(parallel) => {
                let result = self.mocked()?;
                Ok((hand_over(stage, data, result)?, parallel.next))
            }
            StateKind::Map(map) => {
                self.note_map(stage, map, data)?;
                let result = self.mocked()?;
                self.check_tolerated_failures(data)?;
                Ok((hand_over(stage, data, result)?, map.next))
            }
        }
    }

    /// The result of a state that can only be tested with a mock.
    fn mocked(&self) -> Result<Value, Fault> {
        self.mock.clone().unwrap_or(Ok(Value::Null))
    }
}

pub(super) fn by_paths(stage: &Stage<'_>) -> bool {
    stage.state.query_language == QueryLanguage::JsonPath
}

pub(super) fn effective_input(
    stage: &Stage<'_>,
    data: &mut InspectionData,
) -> Result<Value, Fault> {
    let input = stage.state.data_flow.effective_input(stage)?;
    if by_paths(stage) {
        data.after_input_path = Some(input.clone());
    }
    Ok(input)
}

/// The input after `InputPath` and `Parameters`, or the `Arguments`.
fn arguments(stage: &Stage<'_>, data: &mut InspectionData) -> Result<Value, Fault> {
    let input = effective_input(stage, data)?;
    let arguments = stage.state.data_flow.arguments(stage, &input)?;
    if by_paths(stage) {
        data.after_parameters = Some(arguments.clone());
    } else if stage.state.data_flow.parameters.is_some() {
        data.after_arguments = Some(arguments.clone());
    }
    Ok(arguments)
}

/// The state's output from its result.
fn hand_over(
    stage: &Stage<'_>,
    data: &mut InspectionData,
    result: Value,
) -> Result<Handover, Fault> {
    let data_flow = &stage.state.data_flow;
    if by_paths(stage) {
        let selected = data_flow.select_result(stage, result)?;
        data.after_result_selector = Some(selected.clone());
        let combined = data_flow.combine_result(stage, selected.clone())?;
        data.after_result_path = Some(combined.clone());
        let output = data_flow.select_output(stage, &combined)?;
        let template = stage.state.assign.as_ref();
        let assigned = assign(stage, &selected, Given::default(), template)?;
        stage.check_size(&output, &stage.state.name)?;
        return Ok(Handover { output, assigned });
    }
    let input = data_flow.effective_input(stage)?;
    data_flow.hand_over(stage, &input, result)
}
