//! Any text is a path that finds something in any value or fails, or is no path.
#![no_main]

use asl::Value;
use asl::query::{Path, ReferencePath};
use fuzz::{World, text_and_value};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &str| {
    let Some((text, value)) = text_and_value(input) else {
        return;
    };
    match Path::parse(text) {
        Ok(path) => {
            World::of(value.clone()).ask(|scope| path.evaluate(scope));
        }
        Err(error) => assert!(text.is_char_boundary(error.offset), "{error:?}"),
    }
    if let Ok(path) = ReferencePath::parse(text) {
        let _ = path.set(&value, Value::Null);
    }
});
