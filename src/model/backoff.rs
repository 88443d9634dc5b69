//! How long to wait after a failure: exponential with full jitter.

use std::time::Duration;

/// The pauses between attempts. Each is drawn evenly from zero to a bound that doubles up to a maximum, so that
/// many agents that lost the same server do not come back together.
#[derive(Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    jitter: Jitter,
}

impl Backoff {
    pub fn new(min: Duration, max: Duration, seed: u64) -> Backoff {
        Backoff { min, max, failures: 0, jitter: Jitter::new(seed) }
    }

    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause; never shorter than what the server asked for, up to ten times the maximum.
    pub fn next(&mut self, retry_after: Option<Duration>) -> Duration {
        let bound = self.min.saturating_mul(1 << self.failures.min(20)).min(self.max);
        self.failures = self.failures.saturating_add(1);
        let jittered = bound.mul_f64(self.jitter.fraction());
        match retry_after {
            Some(asked) => asked.min(self.max.saturating_mul(10)) + jittered.min(self.min),
            None => jittered,
        }
    }
}

/// Random numbers that keep agents from asking in step; a seed gives the same ones each time.
#[derive(Debug)]
pub struct Jitter(u64);

impl Jitter {
    pub fn new(seed: u64) -> Jitter {
        // Neighbouring seeds must not begin alike, and zero is the one state that xorshift never leaves.
        Jitter(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Even over `[0, 1)`. Marsaglia's xorshift64*.
    pub fn fraction(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: Duration = Duration::from_millis(100);
    const MAX: Duration = Duration::from_secs(5);

    #[test]
    fn the_bound_doubles_and_pauses_spread_below_it() {
        let mut sums = [Duration::ZERO; 10];
        for seed in 0..500 {
            let mut backoff = Backoff::new(MIN, MAX, seed);
            for (at, sum) in sums.iter_mut().enumerate() {
                let pause = backoff.next(None);
                assert!(pause <= MAX.min(MIN * (1 << at)));
                *sum += pause;
            }
        }
        for (at, sum) in sums.into_iter().enumerate() {
            let ratio = sum.as_secs_f64() / 500.0 / MAX.min(MIN * (1 << at)).as_secs_f64();
            assert!((0.4..0.6).contains(&ratio), "mean of attempt {at} is {ratio} of its bound");
        }
    }

    #[test]
    fn what_the_server_asks_is_a_lower_bound_up_to_a_cap() {
        let mut backoff = Backoff::new(MIN, MAX, 7);
        let pause = backoff.next(Some(Duration::from_secs(3)));
        assert!(pause >= Duration::from_secs(3) && pause <= Duration::from_secs(3) + MIN);
        assert!(backoff.next(Some(Duration::from_secs(1 << 40))) <= MAX * 10 + MIN);
        backoff.reset();
        assert!(backoff.next(None) <= MIN);
    }
}
