//! Any text is a call of an intrinsic function that gives a value or fails, or is none.
#![no_main]

use asl::query::jsonpath::Intrinsic;
use fuzz::{World, text_and_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((text, value)) = text_and_value(input) else {
        return;
    };
    match Intrinsic::parse(text) {
        Ok(call) => {
            World::of(value).ask(|scope| call.evaluate(scope));
        }
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error:?}"),
    }
});
