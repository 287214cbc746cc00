//! The events and their details.
//!
//! Source: Step Functions API reference, `HistoryEvent`. Events of what cannot happen here are
//! left out: a request is handed to a runner of this process, so that `TaskStartFailed`,
//! `LambdaFunctionStartFailed`, `LambdaFunctionScheduleFailed` and `ActivityScheduleFailed`, which
//! tell that AWS could not hand it on, have nothing to tell.

use std::sync::Arc;

use jiff::Timestamp;

use super::EventId;
use crate::errors::Fault;
use crate::resource::Resource;
use crate::value::{Object, Value};

/// One event.
#[derive(Debug, Clone)]
pub struct HistoryEvent {
    /// Counted from 1 without gaps.
    pub id: EventId,
    /// The event that led to this one; 0 for the first events.
    pub previous: EventId,
    /// When it happened.
    pub timestamp: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

/// The `Type` of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateType {
    /// Passes its input on, or a fixed result.
    Pass,
    /// Does work outside.
    Task,
    /// Branches by rules.
    Choice,
    /// Delays.
    Wait,
    /// Ends its scope with success.
    Succeed,
    /// Ends its scope with an error.
    Fail,
    /// Runs branches side by side.
    Parallel,
    /// Runs one processor per item.
    Map,
}

impl StateType {
    /// The word used in definitions and event names.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "Pass",
            Self::Task => "Task",
            Self::Choice => "Choice",
            Self::Wait => "Wait",
            Self::Succeed => "Succeed",
            Self::Fail => "Fail",
            Self::Parallel => "Parallel",
            Self::Map => "Map",
        }
    }
}

/// What happened, with its details.
#[derive(Debug, Clone)]
pub enum EventKind {
    /// The execution began.
    ExecutionStarted {
        /// Its input.
        input: Value,
        /// The role it runs as; empty when none was given.
        role_arn: Arc<str>,
    },
    /// The execution ended well.
    ExecutionSucceeded {
        /// Its output.
        output: Value,
    },
    /// The execution ended with an error.
    ExecutionFailed(Fault),
    /// The execution was stopped from outside.
    ExecutionAborted(Fault),
    /// The execution exceeded the state machine's TimeoutSeconds.
    ExecutionTimedOut(Fault),
    /// A failed, aborted or timed-out execution was started again where it ended.
    ExecutionRedriven {
        /// How often it was redriven, this time included.
        redrive_count: u64,
    },
    /// A state was entered.
    StateEntered {
        /// Its type, part of the event's name.
        state_type: StateType,
        /// Its name.
        name: Arc<str>,
        /// Its raw input.
        input: Value,
    },
    /// A state was left.
    StateExited {
        /// Its type, part of the event's name.
        state_type: StateType,
        /// Its name.
        name: Arc<str>,
        /// Its output.
        output: Value,
        /// What `Assign` set, by variable.
        assigned: Option<Object>,
    },
    /// The request of a service integration was handed over.
    TaskScheduled {
        /// What is called.
        resource: Arc<Resource>,
        /// The region in the request.
        region: Arc<str>,
        /// The effective parameters.
        parameters: Value,
        /// Seconds until the task times out, where set.
        timeout_seconds: Option<u64>,
        /// Seconds within which a heartbeat is due, where set.
        heartbeat_seconds: Option<u64>,
        /// The `RoleArn` of `Credentials`, where set.
        credentials: Option<Arc<str>>,
    },
    /// A service integration began its request.
    TaskStarted {
        /// What is called.
        resource: Arc<Resource>,
    },
    /// A job was submitted; its end is waited for.
    TaskSubmitted {
        /// What is called.
        resource: Arc<Resource>,
        /// The answer to the request.
        output: Value,
    },
    /// The request to submit a job was refused.
    TaskSubmitFailed {
        /// What is called.
        resource: Arc<Resource>,
        /// How.
        fault: Fault,
    },
    /// A service integration succeeded.
    TaskSucceeded {
        /// What is called.
        resource: Arc<Resource>,
        /// The result.
        output: Value,
    },
    /// A service integration failed.
    TaskFailed {
        /// What is called.
        resource: Arc<Resource>,
        /// How.
        fault: Fault,
    },
    /// A service integration took too long.
    TaskTimedOut {
        /// What is called.
        resource: Arc<Resource>,
        /// How.
        fault: Fault,
    },
    /// A function was scheduled by its ARN.
    LambdaFunctionScheduled {
        /// The function.
        resource: Arc<Resource>,
        /// The effective parameters.
        input: Value,
        /// Seconds until the task times out, where set.
        timeout_seconds: Option<u64>,
        /// The `RoleArn` of `Credentials`, where set.
        credentials: Option<Arc<str>>,
    },
    /// A function was started.
    LambdaFunctionStarted,
    /// A function returned.
    LambdaFunctionSucceeded {
        /// What it returned.
        output: Value,
    },
    /// A function raised an error.
    LambdaFunctionFailed(Fault),
    /// A function took too long.
    LambdaFunctionTimedOut(Fault),
    /// An activity waits for a worker.
    ActivityScheduled {
        /// The activity.
        resource: Arc<Resource>,
        /// The effective parameters.
        input: Value,
        /// Seconds until the task times out, where set.
        timeout_seconds: Option<u64>,
        /// Seconds within which a heartbeat is due, where set.
        heartbeat_seconds: Option<u64>,
    },
    /// A worker took the activity.
    ActivityStarted {
        /// Who.
        worker_name: Option<Arc<str>>,
    },
    /// The worker succeeded.
    ActivitySucceeded {
        /// Its result.
        output: Value,
    },
    /// The worker failed.
    ActivityFailed(Fault),
    /// The worker took too long.
    ActivityTimedOut(Fault),
    /// A state was cut off because its Parallel or Map state failed, or the execution stopped.
    StateAborted(StateType),
    /// A Parallel state started its branches.
    ParallelStateStarted,
    /// All branches succeeded.
    ParallelStateSucceeded,
    /// A branch failed.
    ParallelStateFailed,
    /// A Map state knows its items.
    MapStateStarted {
        /// How many.
        length: u64,
    },
    /// All items were processed.
    MapStateSucceeded,
    /// An item failed, or the items could not be read.
    MapStateFailed,
    /// An item is being processed.
    MapIterationStarted {
        /// The Map state.
        name: Arc<str>,
        /// The item, from 0.
        index: u64,
    },
    /// An item was processed.
    MapIterationSucceeded {
        /// The Map state.
        name: Arc<str>,
        /// The item, from 0.
        index: u64,
    },
    /// An item failed.
    MapIterationFailed {
        /// The Map state.
        name: Arc<str>,
        /// The item, from 0.
        index: u64,
    },
    /// An item was cut off.
    MapIterationAborted {
        /// The Map state.
        name: Arc<str>,
        /// The item, from 0.
        index: u64,
    },
    /// A distributed Map state started its child executions.
    MapRunStarted {
        /// The Map Run.
        map_run_arn: Arc<str>,
    },
    /// A Map Run that did not succeed was started again where it ended.
    MapRunRedriven {
        /// The Map Run.
        map_run_arn: Arc<str>,
        /// How often it was redriven, this time included.
        redrive_count: u64,
    },
    /// The child executions of a distributed Map state succeeded.
    MapRunSucceeded,
    /// More of them failed than the state tolerates.
    MapRunFailed(Fault),
    /// They were stopped.
    MapRunAborted,
    /// A JSONata expression failed.
    EvaluationFailed {
        /// The error, its cause and the field it stands in.
        fault: Fault,
        /// The state.
        state: Arc<str>,
    },
}
