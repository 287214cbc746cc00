//! How fast each workload is to be.

use std::time::Duration;

/// What is promised of a workload.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// The workload's name.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The longest that one run may take.
    pub at_most: Duration,
}

/// The goals. Where a rate was asked for (W2 and W3: a million transitions a second) the time is
/// the workload's number of transitions at that rate.
pub const GOALS: [Goal; 8] = [
    goal("W1", "one Pass", Duration::from_micros(5)),
    goal("W2", "100 Pass with paths", Duration::from_micros(100)),
    goal(
        "W3",
        "loop of 500, 1,002 transitions",
        Duration::from_micros(1_002),
    ),
    goal("W4", "Map of 1,000 items", Duration::from_millis(5)),
    goal(
        "W4_iterator",
        "the same by Iterator",
        Duration::from_millis(5),
    ),
    goal("W5", "Parallel branches", Duration::from_micros(300)),
    goal("W6", "loop of 500 in JSONata", Duration::from_millis(20)),
    goal(
        COMPILE,
        "definition of 1,000 states",
        Duration::from_millis(10),
    ),
];

/// The name of the measurement that compiles and validates a definition.
pub const COMPILE: &str = "compile";

const fn goal(name: &'static str, what: &'static str, at_most: Duration) -> Goal {
    Goal {
        name,
        what,
        at_most,
    }
}
