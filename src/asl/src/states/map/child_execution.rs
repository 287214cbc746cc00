//! The child executions of a distributed Map, as a result writer tells of them.
//!
//! Source: Step Functions developer guide, "ResultWriter (Map)": `Transformation` `NONE`.

use jiff::Timestamp;

use super::MapRunArn;
use crate::errors::Fault;
use crate::machine::context::instant;
use crate::query::Random;
use crate::value::{Object, ObjectBuilder, Value};

/// What is known of a child execution from its start.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChildExecution {
    /// When it started.
    pub started: Timestamp,
    /// Its input.
    pub input: Value,
}

/// A child execution that ended.
pub(super) struct EndedChild<'a> {
    pub execution: &'a ChildExecution,
    pub map_run: &'a MapRunArn,
    pub stopped: Timestamp,
}

impl EndedChild<'_> {
    /// It succeeded.
    pub(super) fn succeeded(&self, output: &Value, random: &Random) -> Value {
        let record = self
            .begin(ObjectBuilder::default(), random)
            .with("Output", output.to_string())
            .with("OutputDetails", included());
        self.end(record, "SUCCEEDED")
    }

    /// It failed.
    pub(super) fn failed(&self, fault: &Fault, random: &Random) -> Value {
        let mut record = ObjectBuilder::default();
        for (name, text) in [("Cause", &fault.cause), ("Error", &fault.error)] {
            if let Some(text) = text {
                record = record.with(name, text.clone());
            }
        }
        self.end(self.begin(record, random), "FAILED")
    }

    fn begin(&self, record: ObjectBuilder, random: &Random) -> ObjectBuilder {
        let name = random.next_uuid();
        record
            .with("ExecutionArn", self.map_run.child(&name))
            .with("Input", self.execution.input.to_string())
            .with("InputDetails", included())
            .with("Name", name)
    }

    fn end(&self, record: ObjectBuilder, status: &str) -> Value {
        let record = record
            .with("StartDate", instant(self.execution.started))
            .with("StateMachineArn", self.map_run.state_machine())
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
    use super::{ChildExecution, EndedChild};
    use crate::errors::Fault;
    use crate::query::Random;
    use crate::states::map::MapRunArn;
    use crate::value::{Value, parse};

    fn record(of: impl FnOnce(&EndedChild<'_>, &Random) -> Value) -> String {
        let execution = ChildExecution {
            started: "2024-01-31T12:00:00Z".parse().unwrap(),
            input: parse(r#"{"a": 1}"#).unwrap(),
        };
        let map_run = MapRunArn("arn:aws:states:us-east-1:1:mapRun:M/L:u-u".into());
        let ended = EndedChild {
            execution: &execution,
            map_run: &map_run,
            stopped: "2024-01-31T12:00:01.5Z".parse().unwrap(),
        };
        let name = Random::new(1).next_uuid();
        of(&ended, &Random::new(1))
            .to_string()
            .replace(&name, "NAME")
    }

    #[test]
    fn a_child_execution_is_told_of_as_on_aws() {
        assert_eq!(
            record(|ended, random| ended.succeeded(&Value::from("b"), random)),
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
            record(|ended, random| ended.failed(&Fault::new("E", "C"), random)),
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
