//! Any text is an expression that gives a value or fails, or is none.
#![no_main]

use asl::query::Expression;
use fuzz::{World, text_and_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((text, value)) = text_and_value(input) else {
        return;
    };
    match Expression::parse(text) {
        Ok(expression) => {
            let _ = (expression.variables(), expression.top_level_names());
            World::of(value).ask(|scope| expression.evaluate(scope, "Output"));
        }
        Err(error) => assert!(error.offset <= text.len(), "{error:?}"),
    }
});
