//! Random numbers that begin where they are told to: the same seed, the same delays.

use std::cell::RefCell;
use std::time::Duration;

use crate::model::backoff::Jitter;

/// Of one thread.
#[derive(Debug)]
pub(super) struct Random(RefCell<Jitter>);

impl Random {
    /// Each thread draws a row of its own.
    pub(super) fn new(seed: u64, thread: usize) -> Random {
        Random(RefCell::new(Jitter::new(seed ^ (thread as u64).wrapping_mul(0xd134_2543_de82_ef95))))
    }

    /// At least 0 and below 1.
    pub(super) fn share(&self) -> f64 {
        self.0.borrow_mut().fraction()
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
    }
}
