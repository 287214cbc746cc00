//! `Retry` of Task, Parallel and Map states.
//!
//! Source: States Language, "Retrying after error".

use std::sync::Arc;

use super::compiler::Compiler;
use super::diagnostic::code;
use super::fields::{Fields, MAX_INTEGER, Supported};
use super::place::Place;
use super::values::wrong_type;
use crate::errors::ALL;
use crate::states::Retrier;

const FIELDS: Supported = Supported {
    always: &[
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
        "Comment",
    ],
    jsonpath: &[],
    jsonata: &[],
};

/// The longest `MaxDelaySeconds`: a year of 366 days, exclusive.
const MAX_DELAY_SECONDS: u64 = 31_622_399;

/// Compiles `Retry`.
pub(super) fn compile(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Vec<Retrier> {
    let place = fields.place.member("Retry");
    let retriers = fields.array_or_empty(compiler, "Retry");
    let mut compiled = Vec::new();
    for (index, value) in retriers.iter().enumerate() {
        let place = place.item(index);
        if let Some(fields) = Fields::of(compiler, value, &place, fields.language)
            && let Some(retrier) = retrier(compiler, &fields, index + 1 == retriers.len())
        {
            compiled.push(retrier);
        }
    }
    compiled
}

fn retrier(compiler: &mut Compiler<'_>, fields: &Fields<'_>, last: bool) -> Option<Retrier> {
    fields.check(compiler, &[&FIELDS]);
    fields.comment(compiler);
    let error_equals = error_equals(compiler, fields, last)?;
    let interval_seconds = fields.integer(compiler, "IntervalSeconds", 1..=MAX_INTEGER);
    let max_delay_seconds = fields.integer(compiler, "MaxDelaySeconds", 1..=MAX_DELAY_SECONDS);
    let interval = interval_seconds.unwrap_or(1);
    if let Some(max_delay) = max_delay_seconds
        && max_delay < interval
    {
        compiler.warn(
            code::INTERVAL_ABOVE_MAX_DELAY,
            &fields.place.member("MaxDelaySeconds"),
            format!(
                "'MaxDelaySeconds' is {max_delay}, below the {interval} of 'IntervalSeconds': no \
                 delay is longer than {max_delay} seconds, not even the first"
            ),
        );
    }
    let jitter = fields.word(compiler, "JitterStrategy", &["FULL", "NONE"]);
    Some(Retrier {
        error_equals,
        interval_seconds: interval,
        max_attempts: fields
            .integer(compiler, "MaxAttempts", 0..=MAX_INTEGER)
            .unwrap_or(3),
        backoff_rate: backoff_rate(compiler, fields).unwrap_or(2.0),
        max_delay_seconds,
        full_jitter: jitter.is_some_and(|word| &**word == "FULL"),
    })
}

fn backoff_rate(compiler: &mut Compiler<'_>, fields: &Fields<'_>) -> Option<f64> {
    let value = fields.get("BackoffRate")?;
    let place = fields.place.member("BackoffRate");
    let Some(rate) = value.as_number() else {
        wrong_type(compiler, &place, "Number", value);
        return None;
    };
    if rate.as_f64() < 1.0 {
        compiler.error(
            &place,
            format!("'BackoffRate' must be at least 1.0, but is {rate}"),
        );
    }
    Some(rate.as_f64())
}

/// `ErrorEquals` of a Retrier or Catcher. `States.ALL` stands alone, and in the last of them.
pub(super) fn error_equals(
    compiler: &mut Compiler<'_>,
    fields: &Fields<'_>,
    last: bool,
) -> Option<Vec<Arc<str>>> {
    if !fields.require(compiler, &["ErrorEquals"]) {
        return None;
    }
    let errors = fields.strings(compiler, "ErrorEquals");
    let place = fields.place.member("ErrorEquals");
    check_all(compiler, &errors, last, &place);
    Some(errors)
}

fn check_all(compiler: &mut Compiler<'_>, errors: &[Arc<str>], last: bool, place: &Place<'_>) {
    if !errors.iter().any(|error| &**error == ALL) {
        return;
    }
    if errors.len() > 1 {
        compiler.error(place, format!("'{ALL}' must appear alone in 'ErrorEquals'"));
    }
    if !last {
        compiler.error(
            place,
            format!("'{ALL}' must appear in the last element: those after it are never reached"),
        );
    }
}
