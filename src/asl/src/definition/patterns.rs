//! How many regular expressions the paths of a definition may have (`@.name =~ /x/`). Each is
//! compiled with the definition and takes memory as long as that is kept, far more than its text.

use super::compiler::Compiler;
use super::place::Place;
use crate::value::Value;

/// Together they take some 50 MiB at most.
const MAX_PATTERNS: usize = 200;

/// Whether there are too many, which is said. To be asked before any of them is compiled.
pub(super) fn are_too_many(compiler: &mut Compiler<'_>, definition: &Value) -> bool {
    let found = count(definition);
    if found <= MAX_PATTERNS {
        return false;
    }
    compiler.error(
        &Place::ROOT,
        format!(
            "The paths of a definition may have {MAX_PATTERNS} regular expressions (=~) together, \
             but have {found}"
        ),
    );
    true
}

fn count(definition: &Value) -> usize {
    let mut found = 0;
    let mut open = vec![definition];
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.starts_with('$') || text.starts_with("States.") => {
                found += text.matches("=~").count();
            }
            Value::Array(items) => open.extend(items.items()),
            Value::Object(object) => open.extend(object.members().iter().map(|(_, value)| value)),
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value as Json, json};

    use crate::definition::StateMachine;

    #[rstest]
    #[case::paths(json!({"x.$": "$.a[?(@.b =~ /c/)]"}), true)]
    #[case::in_functions(json!({"x.$": "States.ArrayLength($.a[?(@.b =~ /c/)])"}), true)]
    #[case::texts(json!({"x": "[[ a =~ b ]]"}), false)]
    fn only_so_many_regular_expressions_are_compiled(#[case] part: Json, #[case] counts: bool) {
        let compile = |parts: usize| {
            let state =
                json!({"Type": "Pass", "End": true, "Parameters": {"all": vec![&part; parts]}});
            let definition = json!({"StartAt": "S", "States": {"S": state}});
            StateMachine::compile(&definition.to_string(), &|_| true)
        };
        assert!(compile(200).is_ok());
        let refused = compile(201).err().map(|said| said[0].to_string());
        let expected = "SCHEMA_VALIDATION_FAILED: The paths of a definition may have 200 regular \
                        expressions (=~) together, but have 201 at /";
        assert_eq!(refused.as_deref(), counts.then_some(expected));
    }
}
