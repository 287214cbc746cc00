//! Any bytes are a checkpoint from which a machine goes on, or are refused.
#![no_main]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use asl::definition::StateMachine;
use asl::machine::{Event, Machine};
use fuzz::{Drive, limits};
use libfuzzer_sys::fuzz_target;

static DEFINITION: LazyLock<Arc<StateMachine>> = LazyLock::new(|| {
    let compiled = StateMachine::compile(include_str!("checkpoint.asl.json"), &|_| true);
    Arc::new(compiled.expect("the definition is valid").state_machine)
});

fuzz_target!(|checkpoint: &[u8]| {
    let definition = DEFINITION.clone();
    let sealed = HashMap::new();
    if let Ok(machine) = Machine::restore(definition.clone(), checkpoint, &sealed, limits()) {
        Drive::of(definition, machine).run(Event::TimePassed);
    }
});
