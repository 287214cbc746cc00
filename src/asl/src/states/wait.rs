//! The Wait state: delays its scope.
//!
//! Source: States Language, "Wait State".

use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;

use super::data_flow::Handover;
use super::{Next, State, StateKind};
use crate::errors::Fault;
use crate::machine::stage::{Stage, unexpected_type};
use crate::machine::thread::{Phase, Thread, ThreadId};
use crate::machine::timers::after;
use crate::machine::{Flow, Machine, Step};
use crate::query::Dynamic;
use crate::value::Value;

/// The fields of a Wait state.
#[derive(Debug)]
pub struct Wait {
    /// For how long, or until when.
    pub until: WaitUntil,
    /// `Next` or `End`
    pub next: Next,
}

/// For how long, or until when.
#[derive(Debug)]
pub enum WaitUntil {
    /// `Seconds` or `SecondsPath`
    Seconds(Dynamic<u64>),
    /// `Timestamp` or `TimestampPath`
    Timestamp(Dynamic<Timestamp>),
}

/// The longest delay: what fits a signed 32-bit number of seconds.
const MAX_DELAY_SECONDS: u64 = 2_147_483_647;

impl Machine {
    /// Begins to wait.
    pub(crate) fn begin_wait(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        wait: &Wait,
        step: &mut Step<'_>,
    ) -> Result<Flow, Fault> {
        let until = wait.until.instant(&self.stage(thread, state, step))?;
        self.wait_until(id, thread, Phase::Wait, until, step.now);
        Ok(Flow::Blocked)
    }

    /// Goes on after the delay.
    pub(crate) fn wait_is_over(
        &mut self,
        id: ThreadId,
        thread: &mut Thread,
        state: &State,
        step: &mut Step<'_>,
    ) -> Flow {
        let StateKind::Wait(wait) = &state.kind else {
            return Flow::Blocked;
        };
        let handover = wait.output(&self.stage(thread, state, step));
        self.complete(id, thread, handover, wait.next, step)
    }
}

impl Wait {
    /// The output without the delay, once the delay's length is found to be valid.
    pub(crate) fn run_at_once(&self, stage: &Stage<'_>) -> Result<Handover, Fault> {
        self.until.instant(stage)?;
        self.output(stage)
    }

    fn output(&self, stage: &Stage<'_>) -> Result<Handover, Fault> {
        let data_flow = &stage.state.data_flow;
        let input = data_flow.effective_input(stage)?;
        data_flow.hand_over(stage, &input, input.clone())
    }
}

impl WaitUntil {
    fn instant(&self, stage: &Stage<'_>) -> Result<Timestamp, Fault> {
        let input = stage.state.data_flow.effective_input(stage)?;
        let instant = match self {
            Self::Seconds(field) => {
                let seconds = seconds(stage, field, &input)?;
                if seconds > MAX_DELAY_SECONDS {
                    return Err(stage.runtime("Wait state delay is too long."));
                }
                after(stage.now, seconds)
            }
            Self::Timestamp(field) => timestamp(stage, field, &input)?,
        };
        let delay = instant.duration_since(stage.now).as_secs();
        if u64::try_from(delay).is_ok_and(|delay| delay > MAX_DELAY_SECONDS) {
            return Err(stage.runtime("Wait state delay is too long."));
        }
        Ok(instant)
    }
}

fn seconds(stage: &Stage<'_>, field: &Dynamic<u64>, input: &Value) -> Result<u64, Fault> {
    let name = match field {
        Dynamic::Expression(_) | Dynamic::Fixed(_) => "Seconds",
        _ => "SecondsPath",
    };
    let read = |value: &Value| value.as_u64().ok_or(());
    stage.dynamic(field, name, input, read, |(), value, text| match field {
        Dynamic::Expression(_) => unexpected_type(text, name, "integer", value),
        _ => {
            let problem = match value.as_i64() {
                Some(_) => "references a negative value",
                None => "cannot be parsed as a long value",
            };
            let found = value
                .as_str()
                .map_or_else(|| value.to_string(), ToOwned::to_owned);
            format!("The SecondsPath parameter {problem}: {text} == {found}")
        }
    })
}

fn timestamp(
    stage: &Stage<'_>,
    field: &Dynamic<Timestamp>,
    input: &Value,
) -> Result<Timestamp, Fault> {
    let name = match field {
        Dynamic::Expression(_) | Dynamic::Fixed(_) => "Timestamp",
        _ => "TimestampPath",
    };
    let read = |value: &Value| value.as_str().and_then(parse_timestamp).ok_or(());
    stage.dynamic(field, name, input, read, |(), value, text| {
        let found = value
            .as_str()
            .map_or_else(|| value.to_string(), ToOwned::to_owned);
        format!(
            "The {name} parameter does not reference a valid ISO-8601 extended offset date-time \
             format string: {text} == {found}"
        )
    })
}

/// Reads an RFC 3339 instant as the States Language wants it: with a capital `T`, and a zone.
/// Instants are exact to the nanosecond; what a fraction says beyond that is cut off. Those after
/// [`Timestamp::MAX`], from the evening of 30 December 9999 on, are taken for it, and so count as
/// equal to each other: `9999-12-31T23:59:59Z` is the usual "never".
///
/// Source: States Language, "Timestamps"; RFC 3339, section 5.6.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = text.split_at_checked("2016-03-14T01:59:00".len())?;
    let (fraction, zone) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(rest.find(|c: char| !c.is_ascii_digit())?),
        None => ("0", rest),
    };
    let is_zone = zone == "Z" || has_shape(zone, "+00:00") || has_shape(zone, "-00:00");
    if fraction.is_empty() || !is_zone || !has_shape(seconds, "0000-00-00T00:00:00") {
        return None;
    }
    let exact = format!("{seconds}.{fraction:.9}{zone}");
    let pieces = Pieces::parse(&exact).ok()?;
    let date_time = pieces.date().to_datetime(pieces.time()?);
    let instant = pieces.to_numeric_offset()?.to_timestamp(date_time);
    Some(instant.unwrap_or(Timestamp::MAX))
}

/// Whether a text is `shape`, with any digit for each `0` in it.
fn has_shape(text: &str, shape: &str) -> bool {
    let fits = |(found, wanted): (u8, u8)| match wanted {
        b'0' => found.is_ascii_digit(),
        _ => found == wanted,
    };
    text.len() == shape.len() && text.bytes().zip(shape.bytes()).all(fits)
}

#[cfg(test)]
mod tests {
    use super::parse_timestamp;
    use jiff::Timestamp;
    use rstest::rstest;

    #[rstest]
    #[case("2016-12-05T21:29:29Z", true)]
    #[case("2016-12-05T21:29:29.123456Z", true)]
    #[case("2016-12-05T21:29:29+02:00", true)]
    #[case("2016-12-05 21:29:29Z", false)]
    #[case("2016-12-05T21:29:29", false)]
    #[case("2016-13-05T21:29:29Z", false)]
    #[case("2016-12-05T25:29:29Z", false)]
    #[case("05-12-2016T21:29:29Z", false)]
    #[case("2016-12-05T21:29:29-02:30", true)]
    #[case::a_fraction_of_many_digits("2016-12-05T21:29:29.123456789Z", true)]
    #[case::a_fraction_beyond_nanoseconds("2016-12-05T21:29:29.1234567890123Z", true)]
    #[case::the_last_day("9999-12-31T23:59:59Z", true)]
    #[case::the_last_second_of_the_last_zone("9999-12-31T23:59:59.999999999999-23:59", true)]
    #[case::no_day("9999-12-32T23:59:59Z", false)]
    #[case::no_day("9999-02-29T00:00:00Z", false)]
    #[case::no_zone("9999-12-31T23:59:59+99:00", false)]
    #[case::a_fraction_without_a_zone("2016-12-05T21:29:29.5", false)]
    #[case::a_fraction_after_a_comma("2016-12-05T21:29:29,5Z", false)]
    #[case::a_fraction_without_digits("2016-12-05T21:29:29.Z", false)]
    #[case::an_offset_of_hours("2016-12-05T21:29:29+02", false)]
    #[case::an_offset_without_a_colon("2016-12-05T21:29:29+0200", false)]
    #[case::an_offset_with_seconds("2016-12-05T21:29:29+02:00:00", false)]
    #[case::an_annotation("2016-12-05T21:29:29+01:00[Europe/Paris]", false)]
    #[case::an_annotation("2016-12-05T21:29:29Z[u-ca=hebrew]", false)]
    #[case::no_seconds("2016-12-05T21:29Z", false)]
    #[case::a_small_z("2016-12-05T21:29:29z", false)]
    #[case::letters_of_more_bytes("2016-12-05T21:29:2äZ", false)]
    #[case("", false)]
    fn timestamps_are_rfc_3339_with_t_and_zone(#[case] text: &str, #[case] valid: bool) {
        assert_eq!(parse_timestamp(text).is_some(), valid);
    }

    #[rstest]
    #[case("2016-12-05T21:29:29.1234567899Z", "2016-12-05T21:29:29.123456789Z")]
    #[case("2016-12-05T21:29:29.5+02:00", "2016-12-05T19:29:29.5Z")]
    #[case("2016-12-05T21:29:29Z", "2016-12-05T21:29:29Z")]
    #[case("2016-12-05T21:29:29-00:00", "2016-12-05T21:29:29Z")]
    #[case("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z")]
    #[case("9999-12-31T23:59:59+14:00", "9999-12-31T09:59:59Z")]
    fn timestamps_are_exact_to_the_nanosecond(#[case] text: &str, #[case] same: &str) {
        assert_eq!(parse_timestamp(text), parse_timestamp(same));
    }

    #[rstest]
    #[case("9999-12-31T00:00:00Z")]
    #[case("9999-12-31T23:59:59Z")]
    #[case("9999-12-31T23:59:59-12:00")]
    fn timestamps_after_the_last_instant_are_taken_for_it(#[case] text: &str) {
        assert_eq!(parse_timestamp(text), Some(Timestamp::MAX));
    }
}
