//! A bounded history of one cgroup's CPU counter and working set, so that the same span of time can be looked at
//! that somebody else looked at.
//!
//! A reading takes 8 bytes: steps since the reading before in microseconds, and pages of 4 KiB. What came before a
//! reset is forgotten, because no span may reach over it.

/// The time that a history reaches back, at one reading a second.
pub const DEFAULT_READINGS: usize = 180;

/// The kernel charges memory in pages; the smallest is this large.
const PAGE_BYTES: u64 = 4096;

/// Two readings further apart than this leave the time between them unknown: the machine slept, or the source
/// was lost.
const GAP_US: u64 = 5_000_000;

/// A first reading speaks for this long before it.
const EDGE_US: u64 = 500_000;

/// What the counter stood at, at an instant between two readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UsageAt {
    pub usage_usec: f64,
    /// The truth lies at most this far off: between the two readings, each known to half its bracket.
    pub error_usec: f64,
}

/// Mean use of a span, with what interpolation leaves open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpanRate {
    pub nanocores: f64,
    pub error_nanocores: f64,
}

/// When the counter stood at a value: the middle and the half-width of the time in which it may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeAt {
    pub boot_ns: u64,
    pub error_ns: u64,
}

/// A working set at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryAt {
    /// The nearest reading's.
    pub bytes: u64,
    /// Smallest and largest reading around it: equal where it did not move.
    pub low: u64,
    pub high: u64,
}

/// What a reading of the counter did to the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Kept,
    /// The counter fell: what was before is forgotten.
    Reset,
    /// No newer than the last: ignored.
    Old,
}

/// Since the reading before.
#[derive(Clone, Copy, Debug, Default)]
struct Step {
    time_us: u32,
    /// Microseconds of CPU time, or pages held (not a step).
    amount: u32,
}

/// A ring of steps that ends at one absolute instant.
#[derive(Clone, Debug)]
struct Ring {
    steps: Box<[Step]>,
    next: usize,
    filled: usize,
    newest_us: Option<u64>,
}

impl Ring {
    fn new(steps: usize) -> Ring {
        Ring { steps: vec![Step::default(); steps.max(2)].into(), next: 0, filled: 0, newest_us: None }
    }

    /// True when taken; the first reading makes no step.
    fn push(&mut self, at_us: u64, amount: u32) -> bool {
        let Some(last) = self.newest_us else {
            self.newest_us = Some(at_us);
            return self.store(Step { time_us: 0, amount });
        };
        let Some(step) = at_us.checked_sub(last).filter(|&step| step > 0) else { return false };
        self.newest_us = Some(at_us);
        match u32::try_from(step) {
            Ok(time_us) => self.store(Step { time_us, amount }),
            Err(_) => {
                self.filled = 0;
                self.store(Step { time_us: 0, amount })
            }
        }
    }

    fn store(&mut self, step: Step) -> bool {
        self.steps[self.next] = step;
        self.next = (self.next + 1) % self.steps.len();
        self.filled = (self.filled + 1).min(self.steps.len());
        true
    }

    fn clear(&mut self) {
        (self.filled, self.newest_us) = (0, None);
    }

    /// Newest first.
    fn newest(&self) -> impl Iterator<Item = Step> + '_ {
        let (older, newer) = self.steps.split_at(self.next);
        older.iter().rev().chain(newer.iter().rev()).take(self.filled).copied()
    }
}

/// The last readings of one cgroup. Memory is fixed at creation: [`History::bytes`].
#[derive(Clone, Debug)]
pub struct History {
    cpu: Ring,
    memory: Ring,
    newest_usage_us: u64,
    /// The widest bracket among the readings, in microseconds.
    width_us: u32,
    reset_boot_ns: Option<u64>,
}

impl History {
    pub fn new(readings: usize) -> History {
        History {
            cpu: Ring::new(readings),
            memory: Ring::new(readings),
            newest_usage_us: 0,
            width_us: 0,
            reset_boot_ns: None,
        }
    }

    /// The memory that a history of so many readings takes.
    pub const fn bytes(readings: usize) -> usize {
        size_of::<History>() + 2 * readings * size_of::<Step>()
    }

    /// Takes a reading of `usage_usec`.
    pub fn usage(&mut self, boot_ns: u64, width_ns: u32, usage_usec: u64) -> Taken {
        let at_us = boot_ns / 1000;
        if self.cpu.newest_us.is_some_and(|last| at_us <= last) {
            return Taken::Old;
        }
        let has_fallen = self.cpu.newest_us.is_some() && usage_usec < self.newest_usage_us;
        let step = match u32::try_from(usage_usec.saturating_sub(self.newest_usage_us)) {
            Ok(step) if !has_fallen && self.cpu.newest_us.is_some() => step,
            _ => {
                self.cpu.clear();
                0
            }
        };
        if has_fallen {
            self.reset_boot_ns = Some(boot_ns);
        }
        self.cpu.push(at_us, step);
        self.newest_usage_us = usage_usec;
        self.width_us = self.width_us.max(width_ns / 1000);
        if has_fallen { Taken::Reset } else { Taken::Kept }
    }

    /// Takes a reading of the working set.
    pub fn working_set(&mut self, boot_ns: u64, bytes: u64) -> bool {
        self.memory.push(boot_ns / 1000, u32::try_from(bytes / PAGE_BYTES).unwrap_or(u32::MAX))
    }

    /// When the counter last fell.
    pub fn reset_boot_ns(&self) -> Option<u64> {
        self.reset_boot_ns
    }

    pub fn newest_boot_ns(&self) -> Option<u64> {
        self.cpu.newest_us.map(|us| us * 1000)
    }

    pub fn newest_usage_usec(&self) -> Option<u64> {
        self.cpu.newest_us.map(|_| self.newest_usage_us)
    }

    pub fn oldest_boot_ns(&self) -> Option<u64> {
        let newest = self.cpu.newest_us?;
        let span: u64 = self.cpu.newest().take(self.cpu.filled.saturating_sub(1)).map(time_us).sum();
        Some((newest - span) * 1000)
    }

    /// The counter at an instant, linear between the readings around it. `None` outside of the history.
    pub fn usage_at(&self, boot_ns: u64) -> Option<UsageAt> {
        let wanted = boot_ns as f64 / 1000.0;
        let (mut end, mut usage) = (self.cpu.newest_us?, self.newest_usage_us);
        if boot_ns / 1000 == end {
            return Some(UsageAt { usage_usec: usage as f64, error_usec: 0.0 });
        }
        if wanted > end as f64 {
            return None;
        }
        for step in self.cpu.newest().take(self.cpu.filled.saturating_sub(1)) {
            let start = end - time_us(step);
            let before = usage - u64::from(step.amount);
            if wanted >= start as f64 {
                let share = (wanted - start as f64) / f64::from(step.time_us);
                let rise = f64::from(step.amount);
                if boot_ns / 1000 == start {
                    return Some(UsageAt { usage_usec: before as f64, error_usec: 0.0 });
                }
                let bracket = rise / f64::from(step.time_us) * f64::from(self.width_us) / 2.0;
                return Some(UsageAt {
                    usage_usec: before as f64 + rise * share,
                    error_usec: rise * share.max(1.0 - share) + bracket,
                });
            }
            (end, usage) = (start, before);
        }
        None
    }

    /// What the counter stood at at the last reading before a span of time and at the first after it.
    pub fn around(&self, from_boot_ns: u64, to_boot_ns: u64) -> Option<(u64, u64)> {
        let (mut end, mut usage) = (self.cpu.newest_us?, self.newest_usage_us);
        let (from, to) = (from_boot_ns / 1000, to_boot_ns / 1000);
        if to > end {
            return None;
        }
        let mut high = usage;
        for step in self.cpu.newest().take(self.cpu.filled.saturating_sub(1)) {
            if end >= to {
                high = usage;
            }
            if end <= from {
                return Some((usage, high));
            }
            (end, usage) = (end - time_us(step), usage - u64::from(step.amount));
        }
        if end >= to {
            high = usage;
        }
        (end <= from).then_some((usage, high))
    }

    /// Mean use between two instants. `None` where the history does not reach, or where an end lies in a gap
    /// that leaves the mean open.
    pub fn rate(&self, from_boot_ns: u64, to_boot_ns: u64) -> Option<SpanRate> {
        let span_us = to_boot_ns.checked_sub(from_boot_ns).filter(|&span| span > 0)? as f64 / 1000.0;
        let (from, to) = (self.usage_at(from_boot_ns)?, self.usage_at(to_boot_ns)?);
        let nanocores = (to.usage_usec - from.usage_usec) / span_us * 1e9;
        let error_nanocores = (from.error_usec + to.error_usec) / span_us * 1e9;
        let is_open = self.is_in_gap(from_boot_ns) || self.is_in_gap(to_boot_ns);
        // An end in a gap is good enough while the counter hardly moved over it.
        (!is_open || error_nanocores <= nanocores * 0.01 + 1e6)
            .then_some(SpanRate { nanocores, error_nanocores })
    }

    /// True where nothing was read for a while within a span of time.
    pub fn has_gap(&self, from_boot_ns: u64, to_boot_ns: u64) -> bool {
        let Some(mut end) = self.cpu.newest_us else { return false };
        for step in self.cpu.newest().take(self.cpu.filled.saturating_sub(1)) {
            let start = end - time_us(step);
            if time_us(step) > GAP_US && start < to_boot_ns / 1000 && end > from_boot_ns / 1000 {
                return true;
            }
            if start <= from_boot_ns / 1000 {
                return false;
            }
            end = start;
        }
        false
    }

    fn is_in_gap(&self, boot_ns: u64) -> bool {
        let Some(mut end) = self.cpu.newest_us else { return false };
        for step in self.cpu.newest().take(self.cpu.filled.saturating_sub(1)) {
            let start = end - time_us(step);
            if boot_ns / 1000 >= start {
                return time_us(step) > GAP_US && boot_ns / 1000 < end && boot_ns / 1000 > start;
            }
            end = start;
        }
        false
    }

    /// When the counter stood at `usage_usec`. `None` outside of the history.
    pub fn time_at(&self, usage_usec: u64) -> Option<TimeAt> {
        let (mut end, mut usage) = (self.cpu.newest_us?, self.newest_usage_us);
        if usage_usec > usage {
            return None;
        }
        for step in self.cpu.newest().take(self.cpu.filled.saturating_sub(1)) {
            let start = end - time_us(step);
            let before = usage - u64::from(step.amount);
            if usage_usec >= before {
                // Where it stood still, any instant of the step is as good.
                let share = match step.amount {
                    0 => 0.5,
                    amount => (usage_usec - before) as f64 / f64::from(amount),
                };
                let into = f64::from(step.time_us) * share;
                let boot_ns = ((start as f64 + into) * 1000.0) as u64;
                return Some(TimeAt { boot_ns, error_ns: time_us(step) * 500 });
            }
            (end, usage) = (start, before);
        }
        None
    }

    /// The working set around an instant that is known to `slack_ns` on both sides.
    pub fn working_set_at(&self, boot_ns: u64, slack_ns: u64) -> Option<MemoryAt> {
        let (from, to) = (boot_ns.saturating_sub(slack_ns) / 1000, (boot_ns + slack_ns) / 1000);
        let wanted = boot_ns / 1000;
        let mut at = self.memory.newest_us?;
        let mut found: Option<(u64, MemoryAt)> = None;
        for step in self.memory.newest() {
            let bytes = u64::from(step.amount) * PAGE_BYTES;
            let distance = at.abs_diff(wanted);
            let (best, mut memory) = found.unwrap_or((u64::MAX, MemoryAt { bytes, low: bytes, high: bytes }));
            // Readings within the slack count, and the last one on either side of it.
            if at >= to {
                (memory.low, memory.high) = (bytes, bytes);
            } else {
                (memory.low, memory.high) = (memory.low.min(bytes), memory.high.max(bytes));
            }
            if distance < best {
                memory.bytes = bytes;
            }
            found = Some((best.min(distance), memory));
            if at <= from || step.time_us == 0 {
                break;
            }
            at = at.saturating_sub(time_us(step));
        }
        // Before the first reading there may have been nothing; further off than a gap, no reading speaks for the
        // instant.
        let is_before = at > wanted + EDGE_US;
        found.filter(|(distance, _)| *distance <= GAP_US && !is_before).map(|(_, memory)| memory)
    }
}

fn time_us(step: Step) -> u64 {
    u64::from(step.time_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: u64 = 1_000_000_000;

    fn history(steps: &[(u64, u64)]) -> History {
        let mut history = History::new(DEFAULT_READINGS);
        for &(boot_ns, usage) in steps {
            history.usage(boot_ns, 0, usage);
        }
        history
    }

    #[test]
    fn between_two_readings_the_counter_is_a_line_within_its_bound() {
        let history = history(&[(10 * S, 1000), (11 * S, 3000), (13 * S, 3000)]);
        for (at, usage, error) in [
            (10 * S, 1000.0, 0.0),
            (10 * S + S / 4, 1500.0, 1500.0),
            (11 * S, 3000.0, 0.0),
            (12 * S, 3000.0, 0.0),
            (13 * S, 3000.0, 0.0),
        ] {
            assert_eq!(history.usage_at(at), Some(UsageAt { usage_usec: usage, error_usec: error }), "{at}");
        }
        assert_eq!((history.usage_at(9 * S), history.usage_at(14 * S)), (None, None));
        assert_eq!(history.around(10 * S + 1000, 10 * S + 2000), Some((1000, 3000)));
        assert_eq!(history.around(11 * S, 12 * S), Some((3000, 3000)));
        assert_eq!(history.around(10 * S, 10 * S), Some((1000, 1000)));
        assert_eq!((history.around(9 * S, 10 * S), history.around(12 * S, 14 * S)), (None, None));
        let rate = history.rate(10 * S, 12 * S).unwrap();
        assert!((rate.nanocores - 1e6).abs() < 1e-6, "2 ms of CPU in 2 s is 1m");
    }

    #[test]
    fn a_counter_that_fell_ends_the_history() {
        let mut history = history(&[(S, 5000), (2 * S, 6000)]);
        assert_eq!(history.usage(3 * S, 0, 10), Taken::Reset);
        assert_eq!((history.usage_at(2 * S), history.reset_boot_ns()), (None, Some(3 * S)));
        assert_eq!(history.usage(4 * S, 0, 20), Taken::Kept);
        assert_eq!(history.usage(4 * S, 0, 20), Taken::Old);
        assert!(history.rate(3 * S, 4 * S).is_some());
    }

    #[test]
    fn a_span_that_ends_in_a_gap_has_no_rate_unless_nothing_moved() {
        let busy = history(&[(S, 0), (2 * S, 500_000), (62 * S, 1_000_000), (63 * S, 1_500_000)]);
        assert_eq!(busy.rate(2 * S + S / 2, 63 * S), None);
        assert!(busy.rate(2 * S, 63 * S).is_some(), "both ends were read");
        assert!(busy.has_gap(2 * S, 63 * S) && busy.has_gap(30 * S, 31 * S) && !busy.has_gap(62 * S, 63 * S));
        let idle = history(&[(S, 0), (2 * S, 0), (62 * S, 0), (63 * S, 0)]);
        assert_eq!(idle.rate(30 * S, 63 * S).unwrap().nanocores, 0.0);
    }

    #[test]
    fn a_value_is_found_at_its_time() {
        let history = history(&[(10 * S, 0), (11 * S, 1000), (12 * S, 1000), (13 * S, 5000)]);
        assert_eq!(history.time_at(500).unwrap().boot_ns, 10 * S + S / 2);
        assert_eq!(history.time_at(3000).unwrap().boot_ns, 12 * S + S / 2);
        assert_eq!(history.time_at(5001), None);
    }

    #[test]
    fn a_working_set_shows_whether_it_moved() {
        let mut history = History::new(4);
        for (second, pages) in [(1u64, 10u64), (2, 10), (3, 30), (4, 30), (5, 30)] {
            assert!(history.working_set(second * S, pages * PAGE_BYTES));
        }
        let at = |ns, slack| {
            let memory = history.working_set_at(ns, slack).unwrap();
            (memory.bytes / PAGE_BYTES, memory.low / PAGE_BYTES, memory.high / PAGE_BYTES)
        };
        assert_eq!(at(2 * S, 0), (10, 10, 10));
        assert_eq!(at(2 * S + S / 4, 0), (10, 10, 30));
        assert_eq!(at(4 * S + S / 2, S / 4), (30, 30, 30));
        assert_eq!(at(3 * S, 2 * S), (30, 10, 30));
        assert_eq!(history.working_set_at(100 * S, 0), None);
    }

    proptest! {
        /// Any span's rate is off by no more than it says, whatever the counter did between readings.
        #[test]
        fn the_bound_holds(uses in prop::collection::vec(0u64..1_000_000, 40..400), from in 0usize..100, len in 1usize..100) {
            // Uses of tenths of seconds; the history sees every tenth of them.
            let mut history = History::new(64);
            let (mut usage, mut truth) = (0u64, vec![]);
            for (tenth, used) in uses.iter().enumerate() {
                if tenth % 10 == 0 {
                    history.usage(S + tenth as u64 * S / 10, 0, usage);
                }
                truth.push(usage);
                usage += used;
            }
            let (from, to) = (from.min(truth.len() - 2), (from + len).min(truth.len() - 1));
            if let Some(rate) = history.rate(S + from as u64 * S / 10, S + to as u64 * S / 10) {
                let true_rate = (truth[to] - truth[from]) as f64 * 1e9 / ((to - from) as f64 * 1e5);
                prop_assert!((rate.nanocores - true_rate).abs() <= rate.error_nanocores + 1.0);
            }
        }
    }
}
