//! The fields of a Task state.
//!
//! Source: States Language, "Task State".

use crate::definition::assign::ASSIGN;
use crate::definition::compiler::Compiler;
use crate::definition::data_flow::{INPUT_AND_OUTPUT, PARAMETERS_AND_RESULT, object_template};
use crate::definition::fields::{Fields, MAX_INTEGER, Supported};
use crate::definition::state::{EVERY_STATE, TRANSITION, next};
use crate::definition::{catch, resource, retry};
use crate::query::{Dynamic, QueryLanguage, Template};
use crate::states::{StateKind, Task};
use crate::value::Value;

const FIELDS: Supported = Supported {
    always: &[
        "Resource",
        "TimeoutSeconds",
        "HeartbeatSeconds",
        "Credentials",
        "Retry",
        "Catch",
    ],
    jsonpath: &["TimeoutSecondsPath", "HeartbeatSecondsPath"],
    jsonata: &[],
};

pub(in crate::definition) fn compile(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
) -> Option<StateKind> {
    let supported = [
        &EVERY_STATE,
        &TRANSITION,
        &INPUT_AND_OUTPUT,
        &PARAMETERS_AND_RESULT,
        &ASSIGN,
        &FIELDS,
    ];
    fields.check(compiler, &supported);
    fields.require(compiler, &["Resource"]);
    let resource = resource::compile(compiler, fields);
    let timeout_seconds = fields.dynamic_integer(compiler, "TimeoutSeconds", 1..=MAX_INTEGER);
    let heartbeat_seconds = fields.dynamic_integer(compiler, "HeartbeatSeconds", 1..=MAX_INTEGER);
    check_heartbeat(compiler, fields, &timeout_seconds, &heartbeat_seconds);
    let credentials = credentials(compiler, fields);
    let retry = retry::compile(compiler, fields);
    let catch = catch::compile(compiler, fields);
    let next = next(compiler, fields)?;
    // Without a resource the state still leads on, so that only the resource is reported.
    let resource = resource.unwrap_or_else(resource::unknown);
    Some(StateKind::Task(Box::new(Task {
        resource,
        timeout_seconds,
        heartbeat_seconds,
        credentials,
        retry,
        catch,
        next,
    })))
}

fn check_heartbeat(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    timeout: &Option<Dynamic<u64>>,
    heartbeat: &Option<Dynamic<u64>>,
) {
    if let (Some(Dynamic::Fixed(timeout)), Some(Dynamic::Fixed(heartbeat))) = (timeout, heartbeat)
        && heartbeat >= timeout
    {
        compiler.error(
            &fields.place.member("HeartbeatSeconds"),
            format!(
                "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds', but {heartbeat} is not \
                 smaller than {timeout}"
            ),
        );
    }
}

/// `Credentials`: an object with `RoleArn`, or an expression that gives one.
fn credentials(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<Template> {
    let place = fields.place.member("Credentials");
    if let Some(Value::Object(credentials)) = fields.get("Credentials")
        && credentials.get("RoleArn").is_none()
        && (fields.language == QueryLanguage::Jsonata || credentials.get("RoleArn.$").is_none())
    {
        compiler.error(&place, "These fields are required: [RoleArn]");
    }
    object_template(compiler, fields, "Credentials")
}
