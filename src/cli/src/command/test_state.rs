//! `sfn test-state`: runs one state by itself.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use asl::Value;
use asl::definition::StateMachine;
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Moment, TaskRequest};
use asl::test_state::{
    FieldValidationMode, InspectionLevel, Mock, MockErrorOutput, PayloadForm, StateConfiguration,
    TestStateRequest, TestStatus, test_state,
};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::INVALID;
use crate::definition_file;
use crate::printable;
use crate::text_file;

/// How many states are named where another is asked for.
const NAMED_STATES: usize = 20;

/// Run one state by itself, as the API's TestState does.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sfn test-state workflow.asl.json --state-name Ship --input input.json
      One state of a state machine
  sfn test-state state.json --mock-result answer.json --inspection-level debug
      A state that stands alone, with what its task answers; its data on the way
  sfn test-state state.json --mock-error EKS.409 --retrier-retry-count 2
      What becomes of an error: RETRIABLE, CAUGHT_ERROR or FAILED

Exit status: 0 the state succeeded, 1 it did not, 2 it was not tested.")]
pub struct TestState {
    /// A state, a definition (JSON or YAML), or a manifest with a StateMachine in it; - is standard
    /// input
    #[arg(value_name = "FILE")]
    file: String,
    /// The StateMachine, where the manifest has several
    #[arg(long, value_name = "NAME")]
    state_machine: Option<String>,
    /// Which state of the definition
    #[arg(long, value_name = "NAME")]
    state_name: Option<String>,
    /// The input: a file with JSON or YAML; - is standard input [default: {}]
    #[arg(long, short, value_name = "FILE")]
    input: Option<String>,
    /// Variables: a file with an object
    #[arg(long, value_name = "FILE")]
    variables: Option<String>,
    /// The context object, in place of a made one: a file
    #[arg(long, value_name = "FILE")]
    context: Option<String>,
    /// The role of the execution
    #[arg(long, value_name = "ARN")]
    role_arn: Option<String>,
    /// How much is told
    #[arg(long, value_enum, default_value_t, value_name = "LEVEL")]
    inspection_level: Level,

    /// What the task, the branches or the items give: a file with JSON or YAML
    #[arg(long, value_name = "FILE", help_heading = "Mock")]
    mock_result: Option<String>,
    /// An error in place of a result
    #[arg(
        long,
        value_name = "NAME",
        conflicts_with = "mock_result",
        help_heading = "Mock"
    )]
    mock_error: Option<String>,
    /// The error's cause
    #[arg(
        long,
        value_name = "TEXT",
        requires = "mock_error",
        help_heading = "Mock"
    )]
    mock_cause: Option<String>,
    /// How the result is checked against what the service answers
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "MODE",
        help_heading = "Mock"
    )]
    field_validation_mode: Validation,

    /// How often the Retrier was used before
    #[arg(long, value_name = "NUMBER", help_heading = "Where in a run")]
    retrier_retry_count: Option<u64>,
    /// How many iterations of the Map state failed
    #[arg(long, value_name = "NUMBER", help_heading = "Where in a run")]
    map_iteration_failure_count: Option<u64>,
    /// What the ItemReader reads: a file, as it would be in the bucket
    #[arg(long, value_name = "FILE", help_heading = "Where in a run")]
    map_item_reader_data: Option<String>,
}

/// How much is told.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Level {
    /// Status, output or error, and the next state
    #[default]
    Info,
    /// The data on its way through the state, too
    Debug,
    /// The same as debug: the requests and responses that AWS adds are of HTTP tasks
    Trace,
}

/// How a mocked result is checked.
#[derive(Clone, Copy, Default, ValueEnum)]
enum Validation {
    /// Required fields have to be there, all have to have the right type
    #[default]
    Strict,
    /// Fields that are there have to have the right type
    Present,
    /// Not at all
    None,
}

impl TestState {
    /// Tests the state and prints what came out.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let request = self.request()?;
        let mut unanswered = None;
        let mut call = |task: &TaskRequest| {
            unanswered = Some(task.resource.to_string());
            Err(Fault::default())
        };
        let moment = Moment {
            now: Timestamp::now(),
            entropy: 0,
        };
        let answer = test_state(&request, execution(), moment, &mut call)?;
        if let Some(resource) = unanswered {
            bail!(
                "nothing is called: say what {resource} answers with --mock-result or --mock-error"
            );
        }
        let json = serde_json::to_string_pretty(&answer.to_json(PayloadForm::Value))?;
        writeln!(std::io::stdout(), "{}", printable::json(&json))?;
        Ok(match answer.status {
            TestStatus::Succeeded => ExitCode::SUCCESS,
            _ => ExitCode::from(INVALID),
        })
    }

    fn request(&self) -> anyhow::Result<TestStateRequest> {
        Ok(TestStateRequest {
            definition: self.definition()?,
            state_name: self.state_name.clone(),
            input: json_text(self.input.as_deref())?,
            role_arn: self.role_arn.clone(),
            inspection_level: match self.inspection_level {
                Level::Info => InspectionLevel::Info,
                Level::Debug => InspectionLevel::Debug,
                Level::Trace => InspectionLevel::Trace,
            },
            reveal_secrets: false,
            mock: self.mock()?,
            context: json_text(self.context.as_deref())?,
            variables: json_text(self.variables.as_deref())?,
            state_configuration: StateConfiguration {
                retrier_retry_count: self.retrier_retry_count,
                error_caused_by_state: None,
                map_iteration_failure_count: self.map_iteration_failure_count,
                map_item_reader_data: self.map_item_reader_data()?,
            },
        })
    }

    /// The definition's text; a state that stands alone as JSON.
    fn definition(&self) -> anyhow::Result<String> {
        let text = text_file::read(&self.file)?;
        let definition = definition_file::choose(&text, self.state_machine.as_deref(), &self.file)?;
        let alone = text_file::parse_value::<Value>(&definition.text)
            .ok()
            .filter(|value| value.get("States").is_none());
        match (alone, &self.state_name) {
            (Some(state), _) => Ok(state.to_string()),
            (None, Some(name)) => {
                check_state_name(&definition.text, name)?;
                Ok(definition.text)
            }
            (None, None) => bail!(
                "{} is a state machine: choose a state of it with --state-name",
                text_file::name(&self.file)
            ),
        }
    }

    fn map_item_reader_data(&self) -> anyhow::Result<Option<String>> {
        let path = self.map_item_reader_data.as_deref();
        path.map(text_file::read).transpose()
    }

    fn mock(&self) -> anyhow::Result<Option<Mock>> {
        let result = json_text(self.mock_result.as_deref())?;
        let error_output = self.mock_error.as_ref().map(|error| MockErrorOutput {
            error: Some(error.clone()),
            cause: self.mock_cause.clone(),
        });
        let is_given = result.is_some() || error_output.is_some();
        Ok(is_given.then_some(Mock {
            result,
            error_output,
            field_validation_mode: match self.field_validation_mode {
                Validation::Strict => FieldValidationMode::Strict,
                Validation::Present => FieldValidationMode::Present,
                Validation::None => FieldValidationMode::None,
            },
        }))
    }
}

/// Refuses the name of a state that is not there, if the definition is one.
fn check_state_name(definition: &str, name: &str) -> anyhow::Result<()> {
    let Ok(compiled) = StateMachine::compile(definition, &|_| true) else {
        return Ok(());
    };
    let states = &compiled.state_machine.states;
    if states.iter().any(|state| *state.name == *name) {
        return Ok(());
    }
    let shown = states.iter().take(NAMED_STATES);
    let names: Vec<&str> = shown.map(|state| &*state.name).collect();
    let more = match states.len().saturating_sub(NAMED_STATES) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let names = names.join(", ");
    bail!("State not found in definition: there is no '{name}', only: {names}{more}")
}

fn json_text(path: Option<&str>) -> anyhow::Result<Option<String>> {
    let Some(path) = path else {
        return Ok(None);
    };
    let value: Value =
        text_file::read_value(path).with_context(|| text_file::name(path).to_owned())?;
    Ok(Some(value.to_string()))
}

/// The Express execution that the context object tells of.
fn execution() -> ExecutionInfo {
    let arn = |rest: &str| format!("arn:aws:states:us-east-1:000000000000:{rest}").into();
    ExecutionInfo {
        id: arn("express:TestState:test:00000000-0000-4000-8000-000000000000"),
        name: "test".into(),
        role_arn: "".into(),
        start_time: Timestamp::UNIX_EPOCH,
        input: Value::Null,
        state_machine_id: arn("stateMachine:TestState"),
        state_machine_name: "TestState".into(),
        region: "us-east-1".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::check_state_name;

    #[test]
    fn of_many_states_some_are_named() {
        let pass = |index| json!({"Type": "Pass", "Next": format!("S{}", index + 1)});
        let mut states: Map<String, Value> = (10..34)
            .map(|index| (format!("S{index}"), pass(index)))
            .collect();
        states.insert("S34".to_owned(), json!({"Type": "Succeed"}));
        let definition = json!({"StartAt": "S10", "States": states}).to_string();
        assert!(check_state_name(&definition, "S34").is_ok());
        let error = check_state_name(&definition, "S1").unwrap_err().to_string();
        let begins = "State not found in definition: there is no 'S1', only: S10, S11, S12, ";
        assert!(error.starts_with(begins), "{error}");
        assert!(error.ends_with(", S29 and 5 more"), "{error}");
    }

    #[test]
    fn what_is_no_definition_is_left_to_test_state() {
        assert!(check_state_name("{}", "A").is_ok());
    }
}
