//! Retriers: trying a state again after an error.
//!
//! Source: States Language, "Retrying after error".

use std::sync::Arc;

use jiff::SignedDuration;

use super::State;
use crate::errors::Fault;
use crate::machine::thread::Retries;
use crate::query::Random;

/// One of a state's `Retry` entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrier {
    /// `ErrorEquals`
    pub error_equals: Vec<Arc<str>>,
    /// `IntervalSeconds`, 1 unless given.
    pub interval_seconds: u64,
    /// `MaxAttempts`, 3 unless given.
    pub max_attempts: u64,
    /// `BackoffRate`, 2.0 unless given.
    pub backoff_rate: f64,
    /// `MaxDelaySeconds`
    pub max_delay_seconds: Option<u64>,
    /// `JitterStrategy: FULL`
    pub full_jitter: bool,
}

/// Whether a state that failed is tried again, and after what delay. Counts the attempt.
pub(crate) fn decide(
    state: &State,
    retries: &mut Retries,
    fault: &Fault,
    random: &Random,
) -> Option<SignedDuration> {
    let retriers = state.retry();
    let (at, retrier) = retriers
        .iter()
        .enumerate()
        .find(|(_, retrier)| fault.matches(&retrier.error_equals))?;
    retries.by_retrier.resize(retriers.len(), 0);
    let attempts = retries.by_retrier.get_mut(at)?;
    if *attempts >= retrier.max_attempts {
        return None;
    }
    let delay = retrier.delay(*attempts, random);
    *attempts += 1;
    retries.total += 1;
    Some(delay)
}

impl Retrier {
    /// The delay before the next attempt, after so many.
    pub(crate) fn delay(&self, attempts: u64, random: &Random) -> SignedDuration {
        #[allow(clippy::cast_precision_loss)]
        let exponent = attempts.min(10_000) as f64;
        #[allow(clippy::cast_precision_loss)]
        let mut seconds = self.interval_seconds as f64 * self.backoff_rate.powf(exponent);
        if let Some(most) = self.max_delay_seconds {
            #[allow(clippy::cast_precision_loss)]
            let most = most as f64;
            seconds = seconds.min(most);
        }
        if self.full_jitter {
            seconds *= random.next_f64();
        }
        SignedDuration::try_from_secs_f64(seconds).unwrap_or(SignedDuration::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::Retrier;
    use crate::query::Random;
    use rstest::rstest;

    fn retrier() -> Retrier {
        Retrier {
            error_equals: vec!["States.ALL".into()],
            interval_seconds: 2,
            max_attempts: 3,
            backoff_rate: 3.0,
            max_delay_seconds: None,
            full_jitter: false,
        }
    }

    #[rstest]
    #[case(0, 2.0)]
    #[case(1, 6.0)]
    #[case(2, 18.0)]
    fn the_delay_grows_by_the_backoff_rate(#[case] attempts: u64, #[case] seconds: f64) {
        let delay = retrier().delay(attempts, &Random::new(1));
        assert_eq!(delay.as_secs_f64(), seconds);
    }

    #[test]
    fn max_delay_seconds_caps_the_delay() {
        let capped = Retrier {
            max_delay_seconds: Some(10),
            ..retrier()
        };
        assert_eq!(capped.delay(5, &Random::new(1)).as_secs_f64(), 10.0);
        assert_eq!(capped.delay(u64::MAX, &Random::new(1)).as_secs_f64(), 10.0);
    }

    #[test]
    fn full_jitter_stays_below_the_delay() {
        let jittered = Retrier {
            full_jitter: true,
            ..retrier()
        };
        let random = Random::new(3);
        let delays: Vec<f64> = (0..20)
            .map(|_| jittered.delay(1, &random).as_secs_f64())
            .collect();
        assert!(delays.iter().all(|delay| (0.0..6.0).contains(delay)));
        assert!(delays.iter().any(|delay| *delay > 1.0));
    }
}
