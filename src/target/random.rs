//! Random numbers that begin where they are told to: the same seed, the same delays.

use std::cell::Cell;
use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
#[derive(Debug)]
pub(super) struct Random {
    state: Cell<u64>,
}

impl Random {
    /// Each thread draws a row of its own.
    pub(super) fn new(seed: u64, thread: usize) -> Random {
        Random { state: Cell::new(seed ^ (thread as u64).wrapping_mul(0xd134_2543_de82_ef95)) }
    }

    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// At least 0 and below 1.
    pub(super) fn share(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn between(&self, low: Duration, high: Duration) -> Duration {
        low + high.saturating_sub(low).mul_f64(self.share())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_is_known_and_even() {
        let row = |seed, thread| {
            let random = Random::new(seed, thread);
            (0..10_000).map(|_| random.share()).collect::<Vec<_>>()
        };
        assert_eq!(row(7, 0), row(7, 0));
        assert!(row(7, 0) != row(8, 0) && row(7, 0) != row(7, 1));
        let mean = row(1, 0).iter().sum::<f64>() / 10_000.0;
        assert!((0.48..0.52).contains(&mean), "{mean}");
        assert!(row(1, 0).iter().all(|share| (0.0..1.0).contains(share)));
        assert_eq!(Random::new(0, 0).next(), 0xe220_a839_7b1d_cdaf, "the first number of the published row");
    }
}
