//! The context object.
//!
//! Source: Step Functions developer guide, "Accessing execution data from the Context object".

use std::sync::Arc;

use jiff::Timestamp;

use super::interface::ExecutionInfo;
use super::redrive::Redrives;
use super::thread::{Entered, MapItem};
use crate::value::{ObjectBuilder, Value};

/// What the context object is made of, for one state.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ContextSource<'a> {
    /// The execution.
    pub info: &'a ExecutionInfo,
    /// How often it was redriven.
    pub redrives: Redrives,
    /// The state's name.
    pub state: &'a str,
    /// When it was entered.
    pub entered: Entered,
    /// How often it was tried again, for states that can be.
    pub retry_count: Option<u64>,
    /// The token of the task, where it has one.
    pub token: Option<&'a Arc<str>>,
    /// The item of the innermost Map.
    pub item: Option<&'a MapItem>,
}

impl ContextSource<'_> {
    /// The object.
    pub fn build(&self) -> Value {
        let role_arn = match self.info.role_arn.is_empty() {
            true => Value::Null,
            false => Value::from(self.info.role_arn.clone()),
        };
        let mut execution = ObjectBuilder::with_capacity(7)
            .with("Id", self.info.id.clone())
            .with("Input", self.info.input.clone())
            .with("StartTime", instant(self.info.start_time))
            .with("Name", self.info.name.clone())
            .with("RoleArn", role_arn);
        if !self.info.is_express() {
            execution.set("RedriveCount".into(), count(self.redrives.count));
        }
        if let Some(redriven) = self.redrives.last {
            execution.set("RedriveTime".into(), instant(redriven));
        }
        let state_machine = ObjectBuilder::with_capacity(2)
            .with("Id", self.info.state_machine_id.clone())
            .with("Name", self.info.state_machine_name.clone());
        let mut state = ObjectBuilder::with_capacity(3)
            .with("Name", self.state)
            .with("EnteredTime", instant(self.entered.at));
        if let Some(retry_count) = self.retry_count {
            state.set("RetryCount".into(), count(retry_count));
        }
        let mut context = ObjectBuilder::with_capacity(5)
            .with("Execution", execution.build())
            .with("StateMachine", state_machine.build())
            .with("State", state.build());
        if let Some(token) = self.token {
            let task = ObjectBuilder::default().with("Token", token.clone());
            context.set("Task".into(), Value::Object(task.build()));
        }
        if let Some(item) = self.item {
            context.set("Map".into(), map(item));
        }
        Value::Object(context.build())
    }
}

/// `$$.Map`
pub(crate) fn map(item: &MapItem) -> Value {
    let mut object = ObjectBuilder::with_capacity(4).with("Index", count(item.index));
    if let Some(key) = &item.key {
        object.set("Key".into(), Value::String(key.clone()));
    }
    object.set("Value".into(), item.value.clone());
    if let Some(source) = &item.source {
        object.set("Source".into(), Value::String(source.clone()));
    }
    let map = ObjectBuilder::default().with("Item", object.build());
    Value::Object(map.build())
}

#[allow(clippy::cast_possible_wrap)]
fn count(value: u64) -> Value {
    Value::from(value as i64)
}

/// Times have milliseconds, always.
pub(crate) fn instant(at: Timestamp) -> Value {
    Value::from(format!("{at:.3}"))
}
