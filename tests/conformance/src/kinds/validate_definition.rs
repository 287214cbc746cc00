//! `ValidateStateMachineDefinition`.

use asl::Value;
use asl::definition::{Diagnostic, MachineType, Rules, Severity, StateMachine};
use asl::value::ObjectBuilder;

use super::{Settings, Verdict};
use crate::Case;
use crate::matching::{self, Matcher};

pub(super) fn run(case: &Case, _settings: Settings) -> Result<Verdict, String> {
    let expected = case.expected();
    let got = validate(&diagnostics(case));
    let rules = matching::Rules::of(case);
    let differences = Matcher::new(&rules).compare("", &expected, &got);
    Ok(Verdict {
        expected,
        got,
        differences,
    })
}

/// All that is said about the case's definition.
pub(super) fn diagnostics(case: &Case) -> Vec<Diagnostic> {
    let rules = Rules {
        machine_type: match case.is_express() {
            true => MachineType::Express,
            false => MachineType::Standard,
        },
        serves: &|_| true,
    };
    match StateMachine::compile_with(&case.definition_text(), rules) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    }
}

fn validate(diagnostics: &[Diagnostic]) -> Value {
    let failed = diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    let diagnostics: Vec<Value> = diagnostics.iter().map(as_json).collect();
    let answer = ObjectBuilder::default()
        .with("result", if failed { "FAIL" } else { "OK" })
        .with("diagnostics", diagnostics)
        .with("truncated", false);
    Value::Object(answer.build())
}

fn as_json(diagnostic: &Diagnostic) -> Value {
    let severity = match diagnostic.severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
    };
    let fields = ObjectBuilder::default()
        .with("severity", severity)
        .with("code", diagnostic.code.to_string())
        .with("message", diagnostic.message.clone())
        .with("location", diagnostic.location.clone());
    Value::Object(fields.build())
}
