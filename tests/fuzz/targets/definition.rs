//! Any text is a definition or has problems, whether it is taken for JSON or for YAML.
#![no_main]

use asl::definition::{Rules, Serves, StateMachine, validate_state_machine_definition};
use asl::resource::Resource;
use fuzz::text;
use libfuzzer_sys::fuzz_target;

fn everything(_: &Resource) -> bool {
    true
}

fuzz_target!(|input: &str| {
    let text = text(input);
    let serves: Serves<'_> = &everything;
    if let Err(problems) = StateMachine::compile(text, serves) {
        assert!(!problems.is_empty());
    }
    let _ = validate_state_machine_definition(text, Rules::from(serves));
});
