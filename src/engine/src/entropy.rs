//! Where randomness comes from.

use std::sync::Mutex;
use std::sync::PoisonError;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::ports::Entropy;

/// The operating system's randomness, by way of a generator per thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomEntropy;

impl Entropy for RandomEntropy {
    fn next(&self) -> u64 {
        rand::random()
    }
}

/// The same numbers for the same seed: for tests and reproducible runs.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// Starts the sequence of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn next(&self) -> u64 {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_again() {
        let numbers = |seed| {
            let entropy = SeededEntropy::new(seed);
            [entropy.next(), entropy.next()]
        };
        assert_eq!(numbers(7), numbers(7));
        assert_ne!(numbers(7), numbers(8));
    }
}
