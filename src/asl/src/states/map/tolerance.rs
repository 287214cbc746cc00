//! How many children of a distributed Map may fail.
//!
//! Source: Step Functions developer guide, "Setting failure thresholds for Distributed Map states".

/// `ToleratedFailureCount` and `ToleratedFailurePercentage`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Tolerance {
    /// How many may fail.
    pub count: Option<u64>,
    /// How many of a hundred may fail.
    pub percentage: Option<f64>,
}

impl Tolerance {
    /// Whether so many items of all may fail: neither value may be exceeded, and where neither is
    /// given, none.
    #[allow(clippy::cast_precision_loss)]
    pub fn allows(&self, failed: u64, of: u64) -> bool {
        let within_count = self.count.map(|most| failed <= most);
        let within_percentage = self
            .percentage
            .map(|most| failed as f64 * 100.0 <= most * of as f64);
        match (within_count, within_percentage) {
            (None, None) => failed == 0,
            (count, percentage) => count.unwrap_or(true) && percentage.unwrap_or(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tolerance;
    use rstest::rstest;

    #[rstest]
    #[case::nothing_given(None, None, 0, true)]
    #[case::nothing_given(None, None, 1, false)]
    #[case::as_many_as_the_count(Some(2), None, 2, true)]
    #[case::more_than_the_count(Some(2), None, 3, false)]
    #[case::as_many_as_the_percentage(None, Some(30.0), 3, true)]
    #[case::more_than_the_percentage(None, Some(30.0), 4, false)]
    #[case::more_than_the_count_alone(Some(2), Some(100.0), 3, false)]
    #[case::more_than_the_percentage_alone(Some(9), Some(30.0), 4, false)]
    #[case::within_both(Some(9), Some(50.0), 5, true)]
    fn a_run_of_ten_items_fails_when_it_exceeds_either_value(
        #[case] count: Option<u64>,
        #[case] percentage: Option<f64>,
        #[case] failed: u64,
        #[case] allowed: bool,
    ) {
        let tolerance = Tolerance { count, percentage };
        assert_eq!(tolerance.allows(failed, 10), allowed);
    }
}
