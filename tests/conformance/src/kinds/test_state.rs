//! `TestState`.

use asl::Value;
use asl::errors::Fault;
use asl::machine::{ExecutionInfo, Moment, TaskRequest};
use asl::test_state::{
    FieldValidationMode, InspectionLevel, Mock, MockErrorOutput, PayloadForm, StateConfiguration,
    TestStateRequest, test_state,
};
use asl::value::ObjectBuilder;

use super::{Settings, Verdict};
use crate::drive::{Ending, StandIn};
use crate::matching::{Matcher, Rules};
use crate::stand_in::Services;
use crate::{Case, clock, json};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "us-east-1";

pub(super) fn run(case: &Case, _settings: Settings) -> Result<Verdict, String> {
    let mut services = Services::of(case);
    let mut call = |request: &TaskRequest| match services.answer(request).ending {
        Ending::Succeeded(output) => Ok(output),
        Ending::Failed(fault) => Err(fault),
        Ending::Never => Err(Fault::timeout(None)),
    };
    let moment = Moment {
        now: clock::epoch(),
        entropy: 1,
    };
    let got = match test_state(&read(case), execution_info(), moment, &mut call) {
        Ok(answer) => answer.to_json(PayloadForm::Text),
        Err(error) => {
            let error = ObjectBuilder::default()
                .with("code", error.code)
                .with("message", error.message);
            Value::Object(
                ObjectBuilder::default()
                    .with("api_error", error.build())
                    .build(),
            )
        }
    };
    let mut expected =
        ObjectBuilder::from(case.expected().as_object().cloned().unwrap_or_default());
    expected.remove("snapshot");
    let expected = Value::Object(expected.build());
    let rules = Rules::of(case);
    let differences = Matcher::new(&rules).compare("", &expected, &got);
    Ok(Verdict {
        expected,
        got,
        differences,
    })
}

fn execution_info() -> ExecutionInfo {
    let arn = |rest: &str| format!("arn:aws:states:{REGION}:{ACCOUNT}:{rest}").into();
    ExecutionInfo {
        id: arn("express:tested:execution"),
        name: "execution".into(),
        role_arn: "".into(),
        start_time: clock::epoch(),
        input: Value::Null,
        state_machine_id: arn("stateMachine:tested"),
        state_machine_name: "tested".into(),
        region: REGION.into(),
    }
}

fn read(case: &Case) -> TestStateRequest {
    let request = case.data.get("request").cloned().unwrap_or_default();
    let own = |name| json::text(&request, name).map(str::to_owned);
    let configuration = request
        .get("stateConfiguration")
        .cloned()
        .unwrap_or_default();
    let count = |name| {
        let count = configuration.get(name).and_then(Value::as_i64);
        count.and_then(|count| u64::try_from(count).ok())
    };
    TestStateRequest {
        definition: case.definition_text(),
        state_name: own("stateName"),
        input: own("input"),
        role_arn: own("roleArn"),
        inspection_level: match json::text(&request, "inspectionLevel") {
            Some("DEBUG") => InspectionLevel::Debug,
            Some("TRACE") => InspectionLevel::Trace,
            _ => InspectionLevel::Info,
        },
        reveal_secrets: request.get("revealSecrets").and_then(Value::as_bool) == Some(true),
        mock: request.get("mock").map(read_mock),
        context: own("context"),
        variables: own("variables"),
        state_configuration: StateConfiguration {
            retrier_retry_count: count("retrierRetryCount"),
            error_caused_by_state: json::text(&configuration, "errorCausedByState")
                .map(str::to_owned),
            map_iteration_failure_count: count("mapIterationFailureCount"),
            map_item_reader_data: json::text(&configuration, "mapItemReaderData")
                .map(str::to_owned),
        },
    }
}

fn read_mock(mock: &Value) -> Mock {
    Mock {
        result: json::text(mock, "result").map(str::to_owned),
        error_output: mock.get("errorOutput").map(|error| MockErrorOutput {
            error: json::text(error, "error").map(str::to_owned),
            cause: json::text(error, "cause").map(str::to_owned),
        }),
        field_validation_mode: match json::text(mock, "fieldValidationMode") {
            Some("NONE") => FieldValidationMode::None,
            Some("PRESENT") => FieldValidationMode::Present,
            _ => FieldValidationMode::Strict,
        },
    }
}
