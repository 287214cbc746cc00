//! Any definition runs with any input: to an end, or on and on.
#![no_main]

use std::sync::Arc;

use asl::definition::StateMachine;
use asl::machine::{Event, Machine};
use fuzz::{Drive, execution, limits, text_and_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((text, value)) = text_and_value(input) else {
        return;
    };
    let Ok(compiled) = StateMachine::compile(text, &|_| true) else {
        return;
    };
    let definition = Arc::new(compiled.state_machine);
    let machine = Machine::new(definition.clone(), execution(value), limits());
    Drive::of(definition, machine).run(Event::Started);
});
