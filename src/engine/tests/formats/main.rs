//! What is stored of an execution stays readable, and is not written otherwise by accident.
//!
//! `recorded/<format>/` has what each format wrote of some executions, at a moment at which they
//! wait for something. Each is continued to its end, by this version and all that follow. What
//! this version writes is compared with what is recorded for its format.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test ends by panicking"
)]

mod content;
mod fixture;
mod moments;

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use asl::machine::Outcome;
use faults::{World, go_on_to_the_end};

use content::content;
use fixture::Fixture;
use moments::{Moment, moments};

/// Set to write what is recorded for the format that this version writes.
const RECORD: &str = "RECORD_FORMAT";

fn folder() -> &'static Path {
    Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/formats/recorded"
    ))
}

/// What is recorded, by format.
fn recorded() -> BTreeMap<String, BTreeMap<String, Fixture>> {
    let mut formats = BTreeMap::new();
    for format in fs::read_dir(folder()).unwrap() {
        let format = format.unwrap();
        let fixtures = Fixture::read_all(&format.path());
        formats.insert(format.file_name().into_string().unwrap(), fixtures);
    }
    formats
}

#[test]
fn what_every_format_wrote_is_continued_to_its_end() {
    let moments: BTreeMap<_, _> = moments().into_iter().map(|m| (m.name, m)).collect();
    let (mut expected, mut got) = (BTreeMap::new(), BTreeMap::new());
    for (format, fixtures) in recorded() {
        for (name, fixture) in fixtures {
            let moment = &moments[&*name];
            let name = format!("{name} of format {format}");
            got.insert(name.clone(), go_on(moment, &fixture, &name));
            expected.insert(name, moment.output.clone());
        }
    }
    assert!(!got.is_empty());
    assert_eq!(got, expected);
}

/// The output of an execution that is continued from a fixture.
fn go_on(moment: &Moment, fixture: &Fixture, name: &str) -> String {
    let world = World::new(&[]);
    fixture.store_in(&world);
    world.set_now(moment.at());
    let ended = go_on_to_the_end(&moment.workflow, &world).unwrap();
    ended.check_history(name);
    match ended.outcome {
        Outcome::Succeeded(output) => output.to_string(),
        outcome => format!("{outcome:?}"),
    }
}

#[test]
fn what_this_version_writes_is_what_its_format_says() {
    let recorded = recorded();
    for moment in moments() {
        let now = moment.record();
        let format = now.format();
        let before = recorded.get(&format).and_then(|all| all.get(moment.name));
        if before.is_some_and(|before| content(before) == content(&now)) {
            continue;
        }
        if env::var_os(RECORD).is_some() {
            now.write(&folder().join(&format), moment.name);
            continue;
        }
        match before {
            Some(before) => report_drift(&moment, &format, before, &now),
            None => panic!(
                "nothing is recorded of '{}' in format {format}: run `{RECORD}=1 cargo test -p \
                 engine --test formats` once and commit what it writes",
                moment.name
            ),
        }
    }
}

fn report_drift(moment: &Moment, format: &str, before: &Fixture, now: &Fixture) -> ! {
    let parts = content(before).into_iter().zip(content(now));
    let first = parts.into_iter().find(|(before, now)| before != now);
    let (before, now) = first.unwrap_or_default();
    panic!(
        "'{name}' is stored otherwise than format {format} says. A released version reads what \
         this one writes, and would continue it wrongly or not at all. Either write it as before, \
         or raise FORMAT (in engine's record.rs, or in asl's machine/checkpoint/mod.rs), let the \
         older format still be read, and run `{RECORD}=1 cargo test -p engine --test formats` to \
         record the new one beside the old.\n\nrecorded: {before}\n\nnow:      {now}",
        name = moment.name
    )
}
