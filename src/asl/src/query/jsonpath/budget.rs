//! How much one evaluation of a path may do.

use std::time::{Duration, Instant};

/// How many values one evaluation may look at. A payload of 256 KiB has about 130,000 at most;
/// only paths such as `$..*..*..*` come near the limit.
const MAX_STEPS: usize = 5_000_000;

/// How long it may take, the last resort: as long as a JSONata expression.
const MAX_TIME: Duration = Duration::from_secs(1);

/// After so many steps it looks at the clock.
const CLOCK_EVERY: usize = 1_000;

/// The evaluation looked at more values than [`MAX_STEPS`], or took too long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exhausted;

/// What is left of an evaluation's allowance.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    /// The steps since it looked at the clock.
    unseen: usize,
    began: Instant,
    time: Duration,
}

impl Budget {
    /// Of an evaluation that has at most so much time.
    pub(super) fn new(time_left: Duration) -> Self {
        Self {
            steps: MAX_STEPS,
            unseen: 0,
            began: Instant::now(),
            time: time_left.min(MAX_TIME),
        }
    }

    /// Spends steps that are taken, or are about to be.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Exhausted> {
        self.steps = self.steps.checked_sub(steps).ok_or(Exhausted)?;
        self.unseen += steps;
        if self.unseen < CLOCK_EVERY {
            return Ok(());
        }
        self.unseen = 0;
        self.has_time_for(Duration::ZERO)
    }

    /// Whether there is time for what cannot be interrupted and takes so long at worst.
    pub(super) fn has_time_for(&self, worst: Duration) -> Result<(), Exhausted> {
        if self.began.elapsed().saturating_add(worst) < self.time {
            return Ok(());
        }
        Err(Exhausted)
    }
}
