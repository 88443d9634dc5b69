//! Absolute deadlines: a late tick is counted and never drifts the next one.

use std::time::Duration;

/// The ticks of one interval, on the monotonic clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    next_ns: u64,
    interval_ns: u64,
}

impl Deadline {
    /// The first tick is due at the next whole multiple of the interval, so that agents that start at different
    /// times still sample at the same instants of their clocks.
    pub(super) fn new(now_ns: u64, interval: Duration) -> Deadline {
        let interval_ns = (interval.as_nanos() as u64).max(1);
        Deadline { next_ns: (now_ns / interval_ns + 1) * interval_ns, interval_ns }
    }

    pub(super) fn next_ns(&self) -> u64 {
        self.next_ns
    }

    /// Changes the interval; the next tick is due at a multiple of the new one.
    pub(super) fn set_interval(&mut self, now_ns: u64, interval: Duration) {
        if interval.as_nanos() as u64 != self.interval_ns {
            *self = Deadline::new(now_ns, interval);
        }
    }

    /// When a tick is due, moves on to the next deadline after `now_ns` and returns how many were missed in
    /// between.
    pub(super) fn take(&mut self, now_ns: u64) -> Option<u64> {
        if now_ns < self.next_ns {
            return None;
        }
        let missed = (now_ns - self.next_ns) / self.interval_ns;
        self.next_ns += (missed + 1) * self.interval_ns;
        Some(missed)
    }
}

/// Spreads one reading of every unit evenly over an interval, a slice at each tick.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slices {
    cursor: usize,
    /// Units owed, times the interval.
    owed: u128,
}

impl Slices {
    /// How many units to read now, of `units` that are read once per `interval_ns`, after `elapsed_ns`; and from
    /// which place in the order.
    pub(super) fn take(&mut self, units: usize, elapsed_ns: u64, interval_ns: u64) -> (usize, usize) {
        if units == 0 || interval_ns == 0 {
            return (0, 0);
        }
        let (units_wide, interval) = (units as u128, u128::from(interval_ns));
        self.owed = (self.owed + u128::from(elapsed_ns) * units_wide).min(interval * units_wide);
        let count = (self.owed / interval) as usize;
        self.owed -= count as u128 * interval;
        let start = self.cursor % units;
        self.cursor = (start + count) % units;
        (start, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_ticks_are_counted_and_do_not_drift() {
        let mut deadline = Deadline::new(1_050, Duration::from_nanos(100));
        assert_eq!(deadline.take(1_099), None);
        assert_eq!(deadline.take(1_100), Some(0));
        assert_eq!(deadline.take(1_290), Some(0), "late, but the next one is not yet due");
        assert_eq!(deadline.take(1_299), None);
        assert_eq!(deadline.take(1_730), Some(4));
        assert_eq!(deadline.next_ns(), 1_800);
    }

    #[test]
    fn every_unit_has_its_turn_once_an_interval() {
        for units in [1usize, 7, 441, 1500] {
            let mut slices = Slices::default();
            let mut seen = vec![0; units];
            for _ in 0..100 {
                let (start, count) = slices.take(units, 100, 1_000);
                assert!(count <= units.div_ceil(10) + 1);
                for place in start..start + count {
                    seen[place % units] += 1;
                }
            }
            assert!(seen.iter().all(|&turns| (9..=10).contains(&turns)), "{units}: {seen:?}");
        }
    }
}
