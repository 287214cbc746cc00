//! The child executions of a distributed Map: what their context objects tell of them, and what a
//! result writer does.
//!
//! Source: Step Functions developer guide, "ResultWriter (Map)": `Transformation` `NONE`.

use std::sync::Arc;

use jiff::Timestamp;

use super::MapRunArn;
use crate::errors::Fault;
use crate::machine::ExecutionInfo;
use crate::machine::context::instant;
use crate::query::Random;
use crate::value::{Object, ObjectBuilder, Value};

impl MapRunArn {
    /// A child execution that starts.
    pub(super) fn child(
        &self,
        parent: &ExecutionInfo,
        express: bool,
        input: Value,
        started: Timestamp,
        random: &Random,
    ) -> ExecutionInfo {
        let machine = self.0.rsplit_once(':').map_or("", |(machine, _)| machine);
        let name = random.next_uuid();
        let id = match express {
            true => {
                let machine = machine.replacen(":mapRun:", ":express:", 1);
                format!("{machine}:{name}:{}", random.next_uuid())
            }
            false => format!("{}:{name}", machine.replacen(":mapRun:", ":execution:", 1)),
        };
        parent.child(id.into(), input, started)
    }
}

impl ExecutionInfo {
    /// A child execution by its ARN, which has its name and that of its state machine:
    /// `arn:…:execution:<state machine>/<label>:<name>`.
    pub(crate) fn child(&self, id: Arc<str>, input: Value, start_time: Timestamp) -> Self {
        let parts: Vec<&str> = id.split(':').collect();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let account = parts.get(..5).unwrap_or_default().join(":");
        Self {
            name: part(7).into(),
            state_machine_id: format!("{account}:stateMachine:{}", part(6)).into(),
            state_machine_name: part(6).into(),
            input,
            start_time,
            role_arn: self.role_arn.clone(),
            region: self.region.clone(),
            id,
        }
    }
}

/// A child execution that ended.
pub(super) struct EndedChild<'a> {
    pub execution: &'a ExecutionInfo,
    pub stopped: Timestamp,
}

impl EndedChild<'_> {
    /// It succeeded.
    pub(super) fn succeeded(&self, output: &Value) -> Value {
        let record = self
            .begin(ObjectBuilder::default())
            .with("Output", output.to_string())
            .with("OutputDetails", included());
        self.end(record, "SUCCEEDED")
    }

    /// It failed.
    pub(super) fn failed(&self, fault: &Fault) -> Value {
        let mut record = ObjectBuilder::default();
        for (name, text) in [("Cause", &fault.cause), ("Error", &fault.error)] {
            if let Some(text) = text {
                record = record.with(name, text.clone());
            }
        }
        self.end(self.begin(record), "FAILED")
    }

    fn begin(&self, record: ObjectBuilder) -> ObjectBuilder {
        record
            .with("ExecutionArn", self.execution.id.clone())
            .with("Input", self.execution.input.to_string())
            .with("InputDetails", included())
            .with("Name", self.execution.name.clone())
    }

    fn end(&self, record: ObjectBuilder, status: &str) -> Value {
        let record = record
            .with("StartDate", instant(self.execution.start_time))
            .with("StateMachineArn", self.execution.state_machine_id.clone())
            .with("Status", status)
            .with("StopDate", instant(self.stopped));
        Value::Object(record.build())
    }
}

fn included() -> Object {
    ObjectBuilder::default()
        .with("Included", Value::from(true))
        .build()
}

#[cfg(test)]
mod tests {
    use super::EndedChild;
    use crate::errors::Fault;
    use crate::machine::ExecutionInfo;
    use crate::query::Random;
    use crate::states::map::MapRunArn;
    use crate::value::{Value, parse};

    fn child(express: bool) -> ExecutionInfo {
        let started = "2024-01-31T12:00:00Z".parse().unwrap();
        let parent = ExecutionInfo {
            id: "arn:aws:states:us-east-1:1:execution:M:e".into(),
            name: "e".into(),
            role_arn: "".into(),
            start_time: started,
            input: Value::Null,
            state_machine_id: "arn:aws:states:us-east-1:1:stateMachine:M".into(),
            state_machine_name: "M".into(),
            region: "us-east-1".into(),
        };
        let map_run = MapRunArn("arn:aws:states:us-east-1:1:mapRun:M/L:u-u".into());
        let input = parse(r#"{"a": 1}"#).unwrap();
        map_run.child(&parent, express, input, started, &Random::new(1))
    }

    fn record(of: impl FnOnce(&EndedChild<'_>) -> Value) -> String {
        let execution = child(false);
        let ended = EndedChild {
            execution: &execution,
            stopped: "2024-01-31T12:00:01.5Z".parse().unwrap(),
        };
        of(&ended).to_string().replace(&*execution.name, "NAME")
    }

    #[test]
    fn an_express_child_has_an_arn_of_its_kind() {
        let child = child(true);
        assert!(child.is_express());
        let begin = format!("arn:aws:states:us-east-1:1:express:M/L:{}:", child.name);
        assert!(child.id.starts_with(&begin), "{}", child.id);
        assert_eq!(
            (&*child.state_machine_id, &*child.state_machine_name),
            ("arn:aws:states:us-east-1:1:stateMachine:M/L", "M/L")
        );
    }

    #[test]
    fn a_child_execution_is_told_of_as_on_aws() {
        assert_eq!(
            record(|ended| ended.succeeded(&Value::from("b"))),
            concat!(
                r#"{"ExecutionArn":"arn:aws:states:us-east-1:1:execution:M/L:NAME","#,
                r#""Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"NAME","#,
                r#""Output":"\"b\"","OutputDetails":{"Included":true},"#,
                r#""StartDate":"2024-01-31T12:00:00.000Z","#,
                r#""StateMachineArn":"arn:aws:states:us-east-1:1:stateMachine:M/L","#,
                r#""Status":"SUCCEEDED","StopDate":"2024-01-31T12:00:01.500Z"}"#,
            )
        );
        assert_eq!(
            record(|ended| ended.failed(&Fault::new("E", "C"))),
            concat!(
                r#"{"Cause":"C","Error":"E","#,
                r#""ExecutionArn":"arn:aws:states:us-east-1:1:execution:M/L:NAME","#,
                r#""Input":"{\"a\":1}","InputDetails":{"Included":true},"Name":"NAME","#,
                r#""StartDate":"2024-01-31T12:00:00.000Z","#,
                r#""StateMachineArn":"arn:aws:states:us-east-1:1:stateMachine:M/L","#,
                r#""Status":"FAILED","StopDate":"2024-01-31T12:00:01.500Z"}"#,
            )
        );
    }
}
