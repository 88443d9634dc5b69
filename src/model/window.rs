//! Rates over windows that no reader can move: each window ends at the newest sample and is as long as
//! configured, whoever looks at it and how often.

/// How the steps of a ring lie in memory.
mod steps;

use steps::{Step, Steps};

/// A mean CPU use with the window it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rate {
    pub cores: f64,
    /// Time between the two counter readings, in nanoseconds.
    pub window_ns: u64,
    /// Half-width of the interval in which the true rate lies, from the read brackets alone, in cores.
    pub error_cores: f64,
}

/// CPU use inside one window, in cores; every sample is the mean between two neighbouring readings.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowUse {
    pub mean: f64,
    pub max: f64,
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    pub samples: u32,
}

/// Why a reading gave no sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSample {
    /// The first reading: a rate needs two.
    First,
    /// The counter went down: another cgroup, or a kernel that restarted it.
    Reset,
    /// The machine was suspended in between, or the time did not advance.
    Gap,
}

/// The last readings of one `usage_usec` counter. Its memory grows only when a counter that stood still moves for
/// the first time, and when one moves by more than the small form holds.
#[derive(Clone, Debug)]
pub struct UsageRing {
    steps: Steps,
    capacity: usize,
    next: usize,
    filled: usize,
    last: Option<Reading>,
}

#[derive(Clone, Copy, Debug)]
struct Reading {
    boot_ns: u64,
    usage_us: u64,
    width_ns: u32,
}

impl UsageRing {
    /// A ring that holds `samples` steps.
    pub fn new(samples: usize) -> UsageRing {
        UsageRing { steps: Steps::default(), capacity: samples.max(2), next: 0, filled: 0, last: None }
    }

    /// Takes one reading and returns the use in cores since the one before.
    pub fn push(&mut self, boot_ns: u64, width_ns: u32, usage_us: u64) -> Result<f64, NoSample> {
        let reading = Reading { boot_ns, usage_us, width_ns };
        let Some(last) = self.last.replace(reading) else { return Err(NoSample::First) };
        if usage_us < last.usage_us {
            self.forget();
            return Err(NoSample::Reset);
        }
        let boot_us = boot_ns / 1000;
        let time_us = boot_ns.saturating_sub(last.boot_ns) / 1000;
        let (Ok(exact_time), Ok(exact_usage)) =
            (u32::try_from(time_us), u32::try_from(usage_us - last.usage_us))
        else {
            self.forget();
            return Err(NoSample::Gap);
        };
        if exact_time == 0 {
            return Err(NoSample::Gap);
        }
        // Cut at absolute values, so that the cuts of neighbouring steps cancel out in every sum.
        let step = Step::between((last.boot_ns / 1000, last.usage_us), (boot_us, usage_us));
        self.steps.set(self.next, step, self.filled, self.capacity);
        self.next = (self.next + 1) % self.capacity;
        self.filled = (self.filled + 1).min(self.capacity);
        Ok(f64::from(exact_usage) / f64::from(exact_time))
    }

    /// Drops what happened before: the next reading is a first one that keeps the counter's last value.
    pub fn gap(&mut self) {
        self.last = None;
    }

    fn forget(&mut self) {
        self.filled = 0;
        self.next = 0;
        self.steps.forget();
    }

    /// Newest step first.
    fn newest(&self) -> impl Iterator<Item = Step> + '_ {
        let newest = self.next + self.capacity - 1;
        (0..self.filled).map(move |back| self.steps.get((newest - back) % self.capacity))
    }

    /// Mean use over the newest steps that together span at least `span_us`; absent while the ring is
    /// younger than half of that.
    pub fn mean(&self, span_us: u64) -> Option<Rate> {
        let (mut time, mut usage) = (0u64, 0u64);
        for step in self.newest() {
            time += step.time_us();
            usage += step.usage_us();
            // A tick may come a little early; a twentieth of the span is not worth another whole step.
            if time + span_us / 20 >= span_us {
                break;
            }
        }
        if time == 0 || time < span_us / 2 {
            return None;
        }
        let cores = usage as f64 / time as f64;
        let width_ns = self.last.map_or(0, |last| last.width_ns);
        // Each end of the window is known to half a bracket.
        let error_cores = cores * f64::from(width_ns) / 1000.0 / time as f64;
        Some(Rate { cores, window_ns: time * 1000, error_cores })
    }

    /// Statistics over the newest steps within `span_us`. `scratch` is overwritten and never shrunk.
    ///
    /// Quantiles are those of the sorted samples at rank `ceil(q * n)` (nearest rank): always a value that
    /// was measured.
    pub fn window(&self, span_us: u64, scratch: &mut Vec<f32>) -> Option<WindowUse> {
        scratch.clear();
        let (mut time, mut usage, mut max) = (0u64, 0u64, 0f64);
        for step in self.newest() {
            let cores = step.usage_us() as f64 / step.time_us() as f64;
            if time + step.time_us() > span_us + span_us / 20 && time > 0 {
                break;
            }
            time += step.time_us();
            usage += step.usage_us();
            max = max.max(cores);
            scratch.push(cores as f32);
        }
        if time == 0 {
            return None;
        }
        let samples = scratch.len();
        let mean = usage as f64 / time as f64;
        if usage == 0 {
            return Some(WindowUse { samples: samples as u32, ..WindowUse::default() });
        }
        let mut rank = |quantile: f64, from: usize| {
            let place = ((quantile * samples as f64).ceil() as usize).clamp(1, samples) - 1;
            let (_, value, _) = scratch[from..].select_nth_unstable_by(place - from, f32::total_cmp);
            (f64::from(*value), place)
        };
        // Each selection leaves what is above its place to the right, where the next one looks.
        let (p50, place) = rank(0.50, 0);
        let (p95, place) = rank(0.95, place);
        let (p99, _) = rank(0.99, place);
        Some(WindowUse { mean, max, p50, p95, p99, samples: samples as u32 })
    }
}

/// The largest value of a gauge in each of the last seconds.
#[derive(Clone, Debug)]
pub struct PeakRing {
    seconds: Box<[u64]>,
    newest: u64,
    filled: usize,
}

impl PeakRing {
    pub fn new(seconds: usize) -> PeakRing {
        PeakRing { seconds: vec![0; seconds.max(1) + 1].into(), newest: 0, filled: 0 }
    }

    /// Takes a value at `boot_ns`.
    pub fn push(&mut self, boot_ns: u64, value: u64) {
        let second = boot_ns / 1_000_000_000;
        let len = self.seconds.len() as u64;
        if self.filled == 0 || second >= self.newest + len {
            self.seconds.fill(0);
            self.filled = 1;
            self.newest = second;
        }
        while self.newest < second {
            self.newest += 1;
            self.filled = (self.filled + 1).min(self.seconds.len());
            self.seconds[(self.newest % len) as usize] = 0;
        }
        let slot = &mut self.seconds[(second % len) as usize];
        *slot = (*slot).max(value);
    }

    /// The largest value of the last `seconds` seconds and the one running.
    pub fn max(&self, seconds: u64) -> Option<u64> {
        if self.filled == 0 {
            return None;
        }
        let len = self.seconds.len() as u64;
        let span = (seconds + 1).min(self.filled as u64);
        (0..span).map(|back| self.seconds[((self.newest - back) % len) as usize]).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK: u64 = 100_000_000;

    fn ring_of(uses: &[f64]) -> UsageRing {
        let mut ring = UsageRing::new(600);
        let (mut now, mut usage) = (TICK, 0u64);
        ring.push(now, 1000, usage).unwrap_err();
        for &cores in uses {
            now += TICK;
            usage += (cores * 100_000.0) as u64;
            ring.push(now, 1000, usage).unwrap();
        }
        ring
    }

    #[test]
    fn a_200_ms_burst_shows_at_full_height_in_its_window() {
        let mut uses = vec![0.01; 150];
        uses[60] = 1.0;
        uses[61] = 1.0;
        let window = ring_of(&uses).window(15_000_000, &mut Vec::new()).unwrap();
        assert!((window.max - 1.0).abs() < 1e-9);
        assert!((window.p50 - 0.01).abs() < 1e-6);
        assert!((window.p99 - 1.0).abs() < 1e-6, "two samples of 150 are above the 99th percentile's rank");
        assert!((window.mean - (148.0 * 0.01 + 2.0) / 150.0).abs() < 1e-9);
    }

    #[test]
    fn live_is_the_last_second_only() {
        let mut uses = vec![2.0; 100];
        uses.extend([0.5; 10]);
        let live = ring_of(&uses).mean(1_000_000).unwrap();
        assert!((live.cores - 0.5).abs() < 1e-9);
        assert_eq!(live.window_ns, 1_000_000_000);
        assert!(live.error_cores > 0.0 && live.error_cores < 1e-5);
    }

    #[test]
    fn a_counter_that_fell_gives_no_negative_rate_and_no_old_window() {
        let mut ring = ring_of(&[1.0; 20]);
        assert_eq!(ring.push(30 * TICK, 0, 5), Err(NoSample::Reset));
        assert_eq!(ring.mean(1_000_000), None);
        assert_eq!(ring.push(31 * TICK, 0, 5 + 50_000), Ok(0.5));
    }

    #[test]
    fn a_gap_is_not_a_sample() {
        let mut ring = ring_of(&[1.0; 20]);
        ring.gap();
        assert_eq!(ring.push(9000 * TICK, 0, 9_000_000), Err(NoSample::First));
        assert_eq!(ring.push(9000 * TICK, 0, 9_000_000), Err(NoSample::Gap), "time must advance");
    }

    #[test]
    fn peaks_leave_the_window_after_its_length() {
        let mut ring = PeakRing::new(60);
        assert_eq!(ring.max(15), None);
        ring.push(1_000_000_000, 100);
        ring.push(2_000_000_000, 7);
        assert_eq!(ring.max(15), Some(100));
        ring.push(17_900_000_000, 9);
        assert_eq!(ring.max(15), Some(9));
        assert_eq!(ring.max(60), Some(100));
        ring.push(500_000_000_000, 3);
        assert_eq!(ring.max(60), Some(3));
    }
}
