//! The functions that Step Functions adds to JSONata, and the one it takes away.
//!
//! Source: Step Functions developer guide, "JSONata functions provided by Step Functions".

use std::collections::HashSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use jlens_core::{Bindings, Error, HostFunction, Result};
use serde_json::Value as Json;

use crate::query::Random;
use crate::query::intrinsics::hash;
use crate::value;

/// The code under which these functions report what is wrong with their arguments.
const REFUSED: &str = "D3137";

/// The most items that `$range` makes, as for JSONata's own `[a..b]` here.
const MAX_RANGE: f64 = 850_000.0;

/// Whether a name is that of a function, or `$states`, and so none of a variable.
pub(super) fn is_known(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        let built_in = jlens_core::function_catalog()
            .into_iter()
            .map(|function| function.name);
        built_in
            .chain([
                "partition",
                "range",
                "hash",
                "random",
                "uuid",
                "parse",
                "states",
            ])
            .collect()
    });
    NAMES.contains(name)
}

/// Whether a program that reads this name needs random numbers.
pub(super) fn is_random(name: &str) -> bool {
    matches!(name, "random" | "uuid" | "shuffle")
}

/// The functions without random ones, made once.
pub(super) fn stateless() -> &'static Bindings {
    static FUNCTIONS: LazyLock<Bindings> = LazyLock::new(|| {
        with_random(
            // Never called: programs that read `random` or `uuid` get their own.
            &Random::new(0),
        )
    });
    &FUNCTIONS
}

/// The functions, drawing random numbers from a generator seeded by `random`.
pub(super) fn with_random(random: &Random) -> Bindings {
    let numbers = Arc::new(Mutex::new(Random::new(random.next_u64())));
    let uuids = Arc::clone(&numbers);
    // `$eval` is no function in Step Functions: calling it fails as for any other value.
    let mut functions = Bindings::new().var("eval", Json::Null);
    let added: [(&str, Result<HostFunction>); 6] = [
        (
            "partition",
            HostFunction::with_signature("<an:a>", |args, _| partition(args)),
        ),
        (
            "range",
            HostFunction::with_signature("<nnn:a>", |args, _| range(args)),
        ),
        (
            "hash",
            HostFunction::with_signature("<ss?:s>", |args, _| digest(args)),
        ),
        (
            "parse",
            HostFunction::with_signature("<s:x>", |args, _| parse(args)),
        ),
        (
            "random",
            HostFunction::with_signature("<n?:n>", move |args, _| {
                let number = match args.first().and_then(number) {
                    Some(seed) => Random::new(seed.to_bits()).next_f64(),
                    None => lock(&numbers).next_f64(),
                };
                Ok(Some(number.into()))
            }),
        ),
        (
            "uuid",
            HostFunction::with_signature("<:s>", move |_, _| {
                Ok(Some(lock(&uuids).next_uuid().into()))
            }),
        ),
    ];
    for (name, function) in added {
        if let Ok(function) = function {
            functions = functions.function(name, function.without_input());
        }
    }
    functions
}

fn lock(random: &Mutex<Random>) -> std::sync::MutexGuard<'_, Random> {
    random.lock().unwrap_or_else(PoisonError::into_inner)
}

type Arguments = [Option<Json>];

fn refused(message: impl Into<String>) -> Error {
    Error::new(REFUSED).with("message", message.into())
}

fn number(argument: &Option<Json>) -> Option<f64> {
    argument.as_ref()?.as_f64()
}

fn text(arguments: &Arguments, position: usize) -> Option<&str> {
    arguments.get(position)?.as_ref()?.as_str()
}

/// `$partition(array, size)`: the array cut into arrays of `size` items.
fn partition(arguments: &Arguments) -> Result<Option<Json>> {
    let Some(Json::Array(items)) = arguments.first().cloned().flatten() else {
        return Ok(None);
    };
    let size = arguments.get(1).and_then(number).unwrap_or_default();
    if size < 1.0 {
        return Err(refused(format!(
            "the second argument of partition must be a positive number, but was {size}"
        )));
    }
    // Saturates: a size above all lengths gives one partition.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let size = size as usize;
    let parts = items.chunks(size).map(|part| Json::from(part.to_vec()));
    Ok(Some(parts.collect()))
}

/// `$range(first, last, step)`: the numbers from first to last, both included.
fn range(arguments: &Arguments) -> Result<Option<Json>> {
    let [first, last, step] = [0, 1, 2].map(|position| arguments.get(position).and_then(number));
    let (Some(first), Some(last), Some(step)) = (first, last, step) else {
        return Ok(None);
    };
    if step == 0.0 {
        return Err(refused("the third argument of range must not be zero"));
    }
    let count = ((last - first) / step).floor() + 1.0;
    if count > MAX_RANGE {
        return Err(Error::new("U1001").with("message", format!("the range has {count} items")));
    }
    // Not negative and below MAX_RANGE.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let count = count.max(0.0) as u32;
    Ok(Some(
        (0..count)
            .map(|position| Json::from(first + f64::from(position) * step))
            .collect(),
    ))
}

/// `$hash(text, algorithm)`: a digest in hexadecimal digits.
fn digest(arguments: &Arguments) -> Result<Option<Json>> {
    let Some(content) = text(arguments, 0) else {
        return Ok(None);
    };
    let algorithm = text(arguments, 1).unwrap_or_default();
    hash(content, algorithm)
        .map(|digest| Some(digest.into()))
        .map_err(refused)
}

/// `$parse(text)`: the value of a JSON text.
fn parse(arguments: &Arguments) -> Result<Option<Json>> {
    let Some(content) = text(arguments, 0) else {
        return Ok(None);
    };
    match value::parse(content) {
        Ok(value) => Ok(Some(Json::from(&value))),
        Err(error) => Err(refused(format!(
            "the argument of parse is not JSON: {error}"
        ))),
    }
}
