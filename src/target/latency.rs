//! Durations, counted: podinfo's buckets since the start, and quantiles of the last minutes.
//!
//! One thread writes and any thread reads, so a count is a load and a store and never waits. A reader may see a
//! request in one number and not yet in another.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds in nanoseconds: those of client_golang's `DefBuckets`, which podinfo has.
pub(super) const BOUNDS_NS: [u64; 11] = [
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Each half of what quantiles are made of is this long: they cover one to two minutes.
const PERIOD_SECONDS: u64 = 60;

/// Cells for each doubling: the width of a cell is at most 1/32 of its value.
const STEPS: u32 = 32;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// Nanoseconds up to 2^37, which is 137 s; what takes longer counts as that.
const TOP_BITS: u32 = 37;
const CELLS: usize = ((TOP_BITS - STEP_BITS) * STEPS) as usize + STEPS as usize;

/// Adds to a counter that only the calling thread writes.
pub(super) fn add(counter: &AtomicU64, number: u64) {
    counter.store(counter.load(Ordering::Relaxed).wrapping_add(number), Ordering::Relaxed);
}

/// Every duration since the start.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// Not cumulated; the last is beyond all bounds.
    counts: [AtomicU64; BOUNDS_NS.len() + 1],
    sum_ns: AtomicU64,
}

impl Buckets {
    pub(super) fn record(&self, ns: u64) {
        let place = BOUNDS_NS.iter().position(|bound| ns <= *bound).unwrap_or(BOUNDS_NS.len());
        add(&self.counts[place], 1);
        add(&self.sum_ns, ns);
    }

    pub(super) fn add_to(&self, counts: &mut [u64], sum_ns: &mut u64) {
        for (sum, count) in counts.iter_mut().zip(&self.counts) {
            *sum += count.load(Ordering::Relaxed);
        }
        *sum_ns += self.sum_ns.load(Ordering::Relaxed);
    }
}

/// The durations of this period and of the one before.
#[derive(Debug, Default)]
pub(super) struct Recent {
    halves: [Half; 2],
}

#[derive(Debug)]
struct Half {
    /// Which period it holds, counted from 1.
    period: AtomicU64,
    cells: Box<[AtomicU64]>,
}

impl Default for Half {
    fn default() -> Self {
        Half { period: AtomicU64::new(0), cells: (0..CELLS).map(|_| AtomicU64::new(0)).collect() }
    }
}

fn period(since_start: Duration) -> u64 {
    since_start.as_secs() / PERIOD_SECONDS + 1
}

impl Recent {
    pub(super) fn record(&self, since_start: Duration, ns: u64) {
        let period = period(since_start);
        let half = &self.halves[(period & 1) as usize];
        if half.period.load(Ordering::Relaxed) != period {
            half.cells.iter().for_each(|cell| cell.store(0, Ordering::Relaxed));
            half.period.store(period, Ordering::Relaxed);
        }
        add(&half.cells[cell_of(ns)], 1);
    }

    pub(super) fn add_to(&self, since_start: Duration, sums: &mut Sums) {
        let now = period(since_start);
        for half in &self.halves {
            let held = half.period.load(Ordering::Relaxed);
            if held == now || held + 1 == now {
                for (sum, cell) in sums.0.iter_mut().zip(&half.cells) {
                    *sum += cell.load(Ordering::Relaxed);
                }
            }
        }
    }
}

/// The cells of all threads.
#[derive(Debug)]
pub(super) struct Sums(Vec<u64>);

impl Default for Sums {
    fn default() -> Self {
        Sums(vec![0; CELLS])
    }
}

impl Sums {
    /// In seconds; `None` where there was no request.
    pub(super) fn quantile(&self, quantile: f64) -> Option<f64> {
        let all: u64 = self.0.iter().sum();
        let rank = ((all as f64 * quantile).ceil() as u64).clamp(1, all.max(1));
        let mut seen = 0;
        let place = self.0.iter().position(|count| {
            seen += count;
            seen >= rank
        })?;
        Some(middle(place) / 1e9)
    }
}

fn cell_of(ns: u64) -> usize {
    let ns = ns.min((1 << TOP_BITS) - 1);
    let bits = u64::BITS - ns.leading_zeros();
    let shift = bits.saturating_sub(STEP_BITS + 1);
    // With no shift the values of 0 to 63 have a cell each.
    (shift * STEPS) as usize + (ns >> shift) as usize
}

/// The middle of a cell in nanoseconds.
fn middle(cell: usize) -> f64 {
    let steps = STEPS as usize;
    let shift = (cell / steps).saturating_sub(1);
    let low = ((cell - shift * steps) << shift) as f64;
    low + ((1_u64 << shift) - 1) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_follow_each_other_and_are_narrow() {
        assert_eq!((cell_of(0), cell_of(63), cell_of(64), cell_of(u64::MAX)), (0, 63, 64, CELLS - 1));
        let mut before = 0;
        for ns in (0..TOP_BITS).flat_map(|bit| [1_u64 << bit, (1 << bit) + (1 << bit) / 3, (2 << bit) - 1]) {
            let cell = cell_of(ns);
            assert!(cell >= before, "{ns}");
            before = cell;
            let error = (middle(cell) - ns as f64).abs();
            assert!(error <= ns as f64 / 64.0, "{ns} is shown as {}", middle(cell));
        }
    }

    #[test]
    fn a_quantile_is_of_this_period_and_the_last() {
        let recent = Recent::default();
        let quantile = |seconds, quantile| {
            let mut sums = Sums::default();
            recent.add_to(Duration::from_secs(seconds), &mut sums);
            sums.quantile(quantile)
        };
        assert_eq!(quantile(0, 0.99), None);
        for n in 1..=100 {
            recent.record(Duration::from_secs(10), n * 1_000_000);
        }
        for (asked, expected) in [(0.5, 0.05), (0.99, 0.099), (1.0, 0.1), (0.0, 0.001)] {
            let got = quantile(100, asked).unwrap();
            assert!((got - expected).abs() <= expected / 50.0, "{asked}: {got}");
        }
        assert_eq!(quantile(120, 0.5), None, "two periods later they are forgotten");
        recent.record(Duration::from_secs(125), 1_000);
        let got = quantile(125, 0.5).unwrap();
        assert!((0.9e-6..1.1e-6).contains(&got), "{got}");
    }

    #[test]
    fn buckets_hold_what_is_at_most_their_bound() {
        let buckets = Buckets::default();
        for ns in [0, 5_000_000, 5_000_001, 11_000_000_000] {
            buckets.record(ns);
        }
        let (mut counts, mut sum_ns) = ([0; BOUNDS_NS.len() + 1], 0);
        buckets.add_to(&mut counts, &mut sum_ns);
        assert_eq!((counts, sum_ns), ([2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 11_010_000_001));
    }
}
