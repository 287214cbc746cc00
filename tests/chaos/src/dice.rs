//! Randomness that follows from the seed alone.

use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};

/// Dice for one matter of one round. They fall the same each time, and independently of all others.
pub fn dice(seed: u64, round: u32, matter: &str) -> StdRng {
    let hash = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(round.to_be_bytes())
        .chain_update(matter);
    StdRng::from_seed(hash.finalize().into())
}
