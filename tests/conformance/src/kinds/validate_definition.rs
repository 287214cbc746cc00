//! `ValidateStateMachineDefinition`.

use asl::Value;
use asl::definition::{MachineType, Rules as DefinitionRules, validate_state_machine_definition};

use super::{Settings, Verdict};
use crate::Case;
use crate::matching::{Matcher, Rules};

pub(super) fn run(case: &Case, _settings: Settings) -> Result<Verdict, String> {
    let expected = case.expected();
    let answer = validate_state_machine_definition(&case.definition_text(), rules(case));
    let got = Value::from_serialize(&answer).map_err(|error| error.to_string())?;
    let rules = Rules::of(case);
    let differences = Matcher::new(&rules).compare("", &expected, &got);
    Ok(Verdict {
        expected,
        got,
        differences,
    })
}

/// What the case's definition is held against: every resource is served here.
pub(super) fn rules(case: &Case) -> DefinitionRules<'static> {
    DefinitionRules {
        machine_type: if case.is_express() {
            MachineType::Express
        } else {
            MachineType::Standard
        },
        serves: &|_| true,
    }
}
