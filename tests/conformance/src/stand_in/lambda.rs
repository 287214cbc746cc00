//! Lambda functions, by the behaviours that the corpus names.

use asl::Value;
use asl::errors::Fault;
use asl::machine::TaskRequest;
use asl::resource::ResourceKind;
use asl::value::ObjectBuilder;
use jiff::SignedDuration;

use super::{http, python};
use crate::Case;
use crate::drive::{Answer, Ending};
use crate::json;

/// One byte more than a payload may have, and then some.
const LARGE_OUTPUT_BYTES: usize = 257 * 1024;

#[derive(Debug)]
struct Function {
    name: String,
    arn: String,
    behaviour: Behaviour,
}

#[derive(Debug)]
enum Behaviour {
    Echo,
    Constant(Value),
    Raise { error: String, message: String },
    SleepThenEcho(SignedDuration),
    LargeOutput,
    Decorate,
}

/// The functions of one case.
#[derive(Debug)]
pub(super) struct Functions {
    functions: Vec<Function>,
    invocations: u64,
}

impl Functions {
    pub(super) fn of(case: &Case) -> Self {
        let functions = json::items(&case.data, "lambdas");
        Self {
            functions: functions.iter().filter_map(Function::read).collect(),
            invocations: 0,
        }
    }

    /// What the called function answers; `None` when the task calls none of them. `recorded` is
    /// what was recorded for this task: the source of what wraps the function's own answer.
    pub(super) fn answer(
        &mut self,
        request: &TaskRequest,
        recorded: Option<&Answer>,
    ) -> Option<Answer> {
        let by_service = request.resource.is("lambda", "invoke");
        let (called, event) = if by_service {
            let called = json::text(&request.parameters, "FunctionName")?;
            (called, service_payload(&request.parameters))
        } else if matches!(request.resource.kind, ResourceKind::Lambda(_)) {
            (&*request.resource.arn, request.parameters.clone())
        } else {
            return None;
        };
        let function = self
            .functions
            .iter()
            .find(|function| function.is_called(called))?;
        self.invocations += 1;
        let mut answer = function.behaviour.run(&event, by_service, self.invocations);
        if by_service && let Ending::Succeeded(payload) = answer.ending {
            answer.ending = Ending::Succeeded(envelope(payload, recorded));
        }
        answer.submitted = recorded.and_then(|answer| answer.submitted.clone());
        Some(answer)
    }
}

impl Function {
    fn read(data: &Value) -> Option<Self> {
        Some(Self {
            name: json::text(data, "name")?.to_owned(),
            arn: json::text(data, "arn").unwrap_or_default().to_owned(),
            behaviour: Behaviour::read(data)?,
        })
    }

    /// By name, by ARN, or by ARN with a version behind it.
    fn is_called(&self, called: &str) -> bool {
        let versioned = called
            .strip_prefix(&self.arn)
            .is_some_and(|rest| rest.starts_with(':'));
        called == self.name || called == self.arn || !self.arn.is_empty() && versioned
    }
}

impl Behaviour {
    fn read(data: &Value) -> Option<Self> {
        let own = |name| json::text(data, name).unwrap_or_default().to_owned();
        Some(match json::text(data, "behaviour")? {
            "echo" => Self::Echo,
            "const" => Self::Constant(data.get("result").cloned().unwrap_or_default()),
            "raise" => Self::Raise {
                error: own("errorType"),
                message: own("errorMessage"),
            },
            "sleep60" => Self::SleepThenEcho(SignedDuration::from_secs(60)),
            "large_output" => Self::LargeOutput,
            "decorate" => Self::Decorate,
            _ => return None,
        })
    }

    fn run(&self, event: &Value, by_service: bool, invocation: u64) -> Answer {
        let result = match self {
            Self::Echo => event.clone(),
            Self::Constant(result) => result.clone(),
            Self::Raise { error, message } => {
                let fault = raised(error, message, by_service, invocation);
                return Answer::at_once(Ending::Failed(fault));
            }
            Self::SleepThenEcho(duration) => {
                return Answer {
                    after: *duration,
                    ..Answer::at_once(Ending::Succeeded(event.clone()))
                };
            }
            Self::LargeOutput => Value::from("a".repeat(LARGE_OUTPUT_BYTES)),
            Self::Decorate => Value::from(format!("input-event-{}", python::text(event))),
        };
        Answer::at_once(Ending::Succeeded(result))
    }
}

/// Absent and null payloads reach the function as an empty object, a string as the JSON text
/// that it is.
fn service_payload(parameters: &Value) -> Value {
    match parameters.get("Payload") {
        None | Some(Value::Null) => Value::empty_object(),
        Some(Value::String(text)) => {
            asl::value::parse(text).unwrap_or_else(|_| Value::from(text.clone()))
        }
        Some(payload) => payload.clone(),
    }
}

fn envelope(payload: Value, recorded: Option<&Answer>) -> Value {
    let recorded = match recorded.map(|answer| &answer.ending) {
        Some(Ending::Succeeded(Value::Object(envelope))) => Some(envelope.clone()),
        _ => None,
    };
    let envelope = recorded.unwrap_or_else(|| http::lambda_answer(&payload));
    Value::Object(envelope.with("Payload", payload))
}

/// What the Python runtime reports of an exception. A task by function ARN gets the runtime's own
/// text, which has spaces; the service integration writes it anew, without.
fn raised(error: &str, message: &str, by_service: bool, invocation: u64) -> Fault {
    let trace = format!(
        "  File \"/var/task/handler.py\", line 2, in handler\n    raise {error}(\"{message}\")\n"
    );
    let report = ObjectBuilder::default()
        .with("errorMessage", message)
        .with("errorType", error)
        .with(
            "requestId",
            format!("00000000-0000-4000-8000-{invocation:012x}"),
        )
        .with("stackTrace", vec![Value::from(trace)])
        .build();
    let report = Value::Object(report);
    let cause = if by_service {
        report.to_string()
    } else {
        python::json(&report)
    };
    Fault::new(error, cause)
}
