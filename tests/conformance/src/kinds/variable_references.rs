//! `variableReferences` of `DescribeStateMachine`.

use asl::Value;
use asl::definition::{Diagnostic, StateMachine};
use asl::value::ObjectBuilder;

use super::validate_definition::rules;
use super::{Settings, Verdict};
use crate::Case;
use crate::matching::{Matcher, Rules};

pub(super) fn run(case: &Case, _settings: Settings) -> Result<Verdict, String> {
    let expected = case.expected();
    let compiled = StateMachine::compile_with(&case.definition_text(), rules(case))
        .map_err(|problems| in_words(&problems))?;
    let references = compiled.state_machine.variable_references();
    let references = Value::from_serialize(&references).map_err(|error| error.to_string())?;
    let got = ObjectBuilder::default().with("variableReferences", references);
    let got = Value::Object(got.build());
    let rules = Rules::of(case);
    let differences = Matcher::new(&rules).compare("", &expected, &got);
    Ok(Verdict {
        expected,
        got,
        differences,
    })
}

fn in_words(problems: &[Diagnostic]) -> String {
    let problems: Vec<String> = problems.iter().map(Diagnostic::to_string).collect();
    problems.join("; ")
}
