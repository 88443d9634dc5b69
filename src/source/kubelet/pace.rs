//! When the next poll is due. One poll ends before the next begins, so that none ever waits in a line.

use std::time::Duration;

use crate::model::backoff::Jitter;

/// First bound of the pauses after failures.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The rhythm of one document.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    max_pause: Duration,
    failures: u32,
    jitter: Jitter,
}

impl Pace {
    pub fn new(interval: Duration, max_pause: Duration, seed: u64) -> Pace {
        Pace { interval, max_pause, failures: 0, jitter: Jitter::new(seed) }
    }

    /// The pause after an answer that took this long. A late answer delays the next poll, and who was slow is left
    /// in peace for as long as it took.
    pub fn after_answer(&mut self, took: Duration) -> Duration {
        self.failures = 0;
        self.interval.saturating_sub(took).max(took.min(self.interval))
    }

    /// The pause after a failure: between half of a bound and the whole, which doubles up to its maximum, so that
    /// what failed together does not come back together. A failure that was slow to come gets no quick second try.
    pub fn after_failure(&mut self, took: Duration) -> Duration {
        let first = FIRST_PAUSE.min(self.interval);
        let bound = first.saturating_mul(1 << self.failures.min(20)).min(self.max_pause);
        self.failures = self.failures.saturating_add(1);
        (bound / 2 + bound.mul_f64(self.jitter.fraction() / 2.0))
            .max(took.min(self.interval).min(self.max_pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(seed: u64) -> Pace {
        Pace::new(Duration::from_secs(15), Duration::from_mins(1), seed)
    }

    #[test]
    fn quick_answers_keep_the_rhythm_and_slow_ones_delay_it() {
        for (took, pause) in
            [(0, 15_000), (2_000, 13_000), (8_000, 8_000), (15_000, 15_000), (26_000, 15_000)]
        {
            let expected = Duration::from_millis(pause);
            assert_eq!(pace(1).after_answer(Duration::from_millis(took)), expected, "{took} ms");
        }
    }

    #[test]
    fn pauses_double_spread_and_end_with_the_first_answer() {
        let mut sums = [0.0; 9];
        for seed in 0..400 {
            let mut pace = pace(seed);
            for (at, sum) in sums.iter_mut().enumerate() {
                let bound = Duration::from_secs(60.min(1 << at));
                let pause = pace.after_failure(Duration::ZERO);
                assert!(pause >= bound / 2 && pause <= bound, "{at}: {pause:?}");
                *sum += pause.as_secs_f64() / bound.as_secs_f64() / 400.0;
            }
            pace.after_answer(Duration::ZERO);
            assert!(pace.after_failure(Duration::ZERO) <= FIRST_PAUSE);
        }
        assert!(sums.iter().all(|mean| (0.72..0.78).contains(mean)), "{sums:?}");
    }

    #[test]
    fn a_slow_failure_is_not_repeated_at_once() {
        let took = Duration::from_secs(30);
        assert_eq!(pace(1).after_failure(took), Duration::from_secs(15));
    }
}
