//! The Task state: has work done outside.
//!
//! Source: States Language, "Task State".

mod order;

use std::sync::Arc;

use super::{Catcher, Next, Retrier, State, StateKind};
use crate::errors::{Fault, HEARTBEAT_TIMEOUT, RUNTIME};
use crate::history::EventKind;
use crate::machine::stage::Stage;
use crate::machine::thread::{Phase, RunningTask, Thread, ThreadId};
use crate::machine::timers::after;
use crate::machine::{Command, Flow, Machine, Step, TaskId, TaskRequest, Work};
use crate::query::{Dynamic, Template};
use crate::resource::{Pattern, Resource, ResourceKind};
use crate::value::Value;
use order::Order;

/// The fields of a Task state.
#[derive(Debug)]
pub struct Task {
    /// `Resource`
    pub resource: Arc<Resource>,
    /// `TimeoutSeconds` or `TimeoutSecondsPath`
    pub timeout_seconds: Option<Dynamic<u64>>,
    /// `HeartbeatSeconds` or `HeartbeatSecondsPath`
    pub heartbeat_seconds: Option<Dynamic<u64>>,
    /// `Credentials`: a template that gives `RoleArn`.
    pub credentials: Option<Template>,
    /// `Retry`
    pub retry: Vec<Retrier>,
    /// `Catch`
    pub catch: Vec<Catcher>,
    /// `Next` or `End`
    pub next: Next,
}

impl Machine {
    /// Has the task started: records it as scheduled, and asks for it.
    pub(crate) fn begin_task(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        task: &Task,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let token = task.token(&self.info().id, thread, step);
        let stage = Stage {
            token: token.as_ref(),
            ..self.stage(thread, state, step)
        };
        let order = task.order(&stage)?;
        stage.check_size(&order.parameters, &state.name)?;
        self.schedule(thread, task, &order, step);
        let number = self.number_task(thread);
        let request = TaskRequest {
            task: number,
            state: state.name.clone(),
            resource: task.resource.clone(),
            parameters: order.parameters,
            credentials: order.credentials,
            token,
            deadline: None,
        };
        let mut running = RunningTask {
            timeout_seconds: order.timeout_seconds,
            heartbeat_seconds: order.heartbeat_seconds,
            heartbeat_due: None,
            request,
            started: false,
            submitted: false,
        };
        // The time of an activity runs from when a worker took it.
        let by_worker = matches!(task.resource.kind, ResourceKind::Activity(_));
        if !by_worker {
            running.begin_time(step.now);
        }
        step.commands
            .push(Command::StartTask(running.request.clone()));
        self.adopt_task(id, thread, running, by_worker);
        Ok(Flow::Blocked)
    }

    /// Lets a thread wait for a task.
    fn adopt_task(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        running: RunningTask,
        by_worker: bool,
    ) {
        let timer = running.next_timer();
        self.expect_task(running.request.task, id);
        thread.phase = Phase::Task(Box::new(running));
        self.set_timer(id, thread, timer);
        if !by_worker {
            self.queue(Work::TaskStarted(id));
        }
    }

    fn schedule(&mut self, thread: &mut Thread, task: &Task, order: &Order, step: &Step<'_>) {
        let resource = task.resource.clone();
        let kind = match &resource.kind {
            ResourceKind::Service { .. } => EventKind::TaskScheduled {
                resource,
                region: self.info().region.clone(),
                parameters: order.parameters.clone(),
                timeout_seconds: order.timeout_seconds,
                heartbeat_seconds: order.heartbeat_seconds,
                credentials: order.credentials.clone(),
            },
            ResourceKind::Lambda(_) => EventKind::LambdaFunctionScheduled {
                resource,
                input: order.parameters.clone(),
                timeout_seconds: order.timeout_seconds,
                credentials: order.credentials.clone(),
            },
            ResourceKind::Activity(_) => EventKind::ActivityScheduled {
                resource,
                input: order.parameters.clone(),
                timeout_seconds: order.timeout_seconds,
                heartbeat_seconds: order.heartbeat_seconds,
            },
        };
        thread.previous = self.record(thread, step, kind);
    }

    /// Records that the task was handed over.
    pub(crate) fn task_started(&mut self, id: ThreadId, step: &mut Step<'_>) {
        let Some(mut thread) = self.take_thread(id) else {
            return;
        };
        if let Phase::Task(running) = &mut thread.phase
            && !running.started
        {
            running.started = true;
            let resource = running.request.resource.clone();
            let kind = match &resource.kind {
                ResourceKind::Service { .. } => EventKind::TaskStarted { resource },
                _ => EventKind::LambdaFunctionStarted,
            };
            thread.previous = self.record(&thread, step, kind);
        }
        self.settle(id, thread, Flow::Blocked, step);
    }

    /// A worker took the activity: its time runs from now on.
    ///
    /// Source: Step Functions developer guide, "Task workflow state", `TimeoutSeconds` and
    /// `HeartbeatSeconds`.
    pub(crate) fn activity_started(
        &mut self,
        task: TaskId,
        worker_name: Option<Arc<str>>,
        step: &mut Step<'_>,
    ) {
        let Some((id, mut thread)) = self.take_thread_of(task) else {
            return;
        };
        if let Phase::Task(running) = &mut thread.phase
            && !running.started
        {
            running.started = true;
            running.begin_time(step.now);
            let timer = running.next_timer();
            self.set_timer(id, &mut thread, timer);
            let kind = EventKind::ActivityStarted { worker_name };
            thread.previous = self.record(&thread, step, kind);
        }
        self.settle(id, thread, Flow::Blocked, step);
    }

    /// The request of a `.sync` or `.waitForTaskToken` task was accepted.
    pub(crate) fn task_submitted(&mut self, task: TaskId, output: Value, step: &mut Step<'_>) {
        let Some((id, mut thread)) = self.take_thread_of(task) else {
            return;
        };
        if let Phase::Task(running) = &mut thread.phase
            && !running.submitted
        {
            running.submitted = true;
            let resource = running.request.resource.clone();
            let kind = EventKind::TaskSubmitted { resource, output };
            thread.previous = self.record(&thread, step, kind);
        }
        self.settle(id, thread, Flow::Blocked, step);
    }

    /// The task is alive: its next heartbeat is due anew, where its time runs.
    pub(crate) fn task_heartbeat(&mut self, task: TaskId, step: &mut Step<'_>) {
        let Some((id, mut thread)) = self.take_thread_of(task) else {
            return;
        };
        if let Phase::Task(running) = &mut thread.phase
            && let Some(seconds) = running.heartbeat_seconds
            && running.heartbeat_due.is_some()
        {
            running.heartbeat_due = Some(after(step.now, seconds));
            let timer = running.next_timer();
            self.set_timer(id, &mut thread, timer);
        }
        self.settle(id, thread, Flow::Blocked, step);
    }

    /// The task answered.
    pub(crate) fn task_ended(
        &mut self,
        task: TaskId,
        result: Result<Value, Fault>,
        step: &mut Step<'_>,
    ) {
        let Some((id, mut thread)) = self.take_thread_of(task) else {
            return;
        };
        self.forget_task(task);
        self.set_timer(id, &mut thread, None);
        let flow = match step.definition.state(thread.state) {
            Some(state) => match &state.kind {
                StateKind::Task(task) => {
                    self.take_result(id, &mut thread, state, task, result, step)
                }
                StateKind::Map(map) => {
                    self.map_task_ended(id, &mut thread, state, map, result, step)
                }
                _ => Flow::Blocked,
            },
            None => Flow::Blocked,
        };
        self.settle(id, thread, flow, step);
    }

    fn take_result(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        task: &Task,
        result: Result<Value, Fault>,
        step: &mut Step<'_>,
    ) -> Flow {
        if let Err(fault) = &result
            && fault.name() == RUNTIME
        {
            // The task could not be used at all: AWS tells that as the state's failure alone.
            let cause = fault.cause.as_deref().unwrap_or_default();
            let fault = self.stage(thread, state, step).runtime(cause);
            return self.failed(id, thread, state, fault, step);
        }
        let arn = &task.resource.arn;
        let result = result.and_then(|output| {
            self.stage(thread, state, step).check_size(&output, arn)?;
            Ok(output)
        });
        let event = ended_event(&task.resource, &result, is_submitted(thread));
        thread.previous = self.record(thread, step, event);
        let handover = result.and_then(|output| {
            let stage = self.stage(thread, state, step);
            let input = state.data_flow.effective_input(&stage)?;
            state.data_flow.hand_over(&stage, &input, output)
        });
        self.complete(id, thread, handover, task.next, step)
    }

    /// The task's time, or its heartbeat's, is up.
    pub(crate) fn task_timed_out(&mut self, id: ThreadId, step: &mut Step<'_>) {
        let Some(mut thread) = self.take_thread(id) else {
            return;
        };
        let Phase::Task(running) = &thread.phase else {
            self.settle(id, thread, Flow::Blocked, step);
            return;
        };
        let task = running.request.task;
        let heartbeat = running.heartbeat_due.is_some_and(|due| due <= step.now);
        let fault = Fault::timeout(heartbeat.then_some(HEARTBEAT_TIMEOUT));
        let resource = running.request.resource.clone();
        self.forget_task(task);
        step.commands.push(Command::CancelTask { task });
        let kind = match &resource.kind {
            ResourceKind::Lambda(_) => EventKind::LambdaFunctionTimedOut(fault.clone()),
            ResourceKind::Activity(_) => EventKind::ActivityTimedOut(fault.clone()),
            ResourceKind::Service { .. } => EventKind::TaskTimedOut {
                resource,
                fault: fault.clone(),
            },
        };
        thread.previous = self.record(&thread, step, kind);
        // What follows waits for its turn: timers due at the same instant are all recorded first.
        thread.phase = Phase::Failed(fault);
        self.settle(id, thread, Flow::Blocked, step);
        self.queue(Work::Run(id));
    }
}

impl Task {
    /// The token with which the outside may answer, where the state waits for more than the
    /// answer to its request: AWS gives one to `.sync` tasks, too.
    fn token(&self, execution: &str, thread: &Thread, step: &Step<'_>) -> Option<Arc<str>> {
        let by_callback = self.resource.pattern() != Pattern::RequestResponse
            || matches!(self.resource.kind, ResourceKind::Activity(_));
        by_callback.then(|| {
            let text = format!(
                "{execution}#{}#{}",
                thread.entered.event,
                step.random.next_uuid()
            );
            base64::Engine::encode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, text).into()
        })
    }
}

/// Whether the request was accepted, of a task whose end is another answer than that to its
/// request.
fn is_submitted(thread: &Thread) -> bool {
    thread.running_task().is_some_and(|task| task.submitted)
}

fn ended_event(
    resource: &Arc<Resource>,
    result: &Result<Value, Fault>,
    submitted: bool,
) -> EventKind {
    let resource = resource.clone();
    let waits_on = resource.pattern() != Pattern::RequestResponse;
    match (&resource.kind, result) {
        (ResourceKind::Service { .. }, Ok(output)) => EventKind::TaskSucceeded {
            output: output.clone(),
            resource,
        },
        (ResourceKind::Service { .. }, Err(fault)) if waits_on && !submitted => {
            EventKind::TaskSubmitFailed {
                fault: fault.clone(),
                resource,
            }
        }
        (ResourceKind::Service { .. }, Err(fault)) => EventKind::TaskFailed {
            fault: fault.clone(),
            resource,
        },
        (ResourceKind::Lambda(_), Ok(output)) => EventKind::LambdaFunctionSucceeded {
            output: output.clone(),
        },
        (ResourceKind::Lambda(_), Err(fault)) => EventKind::LambdaFunctionFailed(fault.clone()),
        (ResourceKind::Activity(_), Ok(output)) => EventKind::ActivitySucceeded {
            output: output.clone(),
        },
        (ResourceKind::Activity(_), Err(fault)) => EventKind::ActivityFailed(fault.clone()),
    }
}
