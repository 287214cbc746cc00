//! `variableReferences` of `DescribeStateMachine`.

use asl::Value;
use asl::value::ObjectBuilder;

use super::execution::compile;
use super::{Settings, Verdict};
use crate::Case;
use crate::matching::{Matcher, Rules};

pub(super) fn run(case: &Case, _settings: Settings) -> Result<Verdict, String> {
    let references = compile(&case.definition_text())?.variable_references();
    let mut states = ObjectBuilder::default();
    for (state, names) in references {
        let names: Vec<Value> = names.into_iter().map(Value::from).collect();
        states.set(state, Value::from(names));
    }
    let got = ObjectBuilder::default().with("variableReferences", states.build());
    let (expected, got) = (case.expected(), Value::Object(got.build()));
    let rules = Rules::of(case);
    let differences = Matcher::new(&rules).compare("", &expected, &got);
    Ok(Verdict {
        expected,
        got,
        differences,
    })
}
