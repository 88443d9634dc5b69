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
        let time_us = u32::try_from(step).unwrap_or(0);
        if time_us == 0 {
            // More than an hour: nothing reaches over it.
            self.filled = 0;
        }
        self.store(Step { time_us, amount })
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
        self.look_up(boot_ns).map(|(usage, _)| usage)
    }

    /// The counter at an instant, and whether that lies in a gap.
    fn look_up(&self, boot_ns: u64) -> Option<(UsageAt, bool)> {
        let exactly = |usage: u64| Some((UsageAt { usage_usec: usage as f64, error_usec: 0.0 }, false));
        let wanted = boot_ns as f64 / 1000.0;
        let (mut end, mut usage) = (self.cpu.newest_us?, self.newest_usage_us);
        if boot_ns / 1000 == end {
            return exactly(usage);
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
                    return exactly(before);
                }
                let bracket = rise / f64::from(step.time_us) * f64::from(self.width_us) / 2.0;
                let usage_usec = before as f64 + rise * share;
                let error_usec = rise * share.max(1.0 - share) + bracket;
                return Some((UsageAt { usage_usec, error_usec }, time_us(step) > GAP_US));
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
        let ((from, from_open), (to, to_open)) = (self.look_up(from_boot_ns)?, self.look_up(to_boot_ns)?);
        let nanocores = (to.usage_usec - from.usage_usec) / span_us * 1e9;
        let error_nanocores = (from.error_usec + to.error_usec) / span_us * 1e9;
        let is_open = from_open || to_open;
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
#[path = "history_tests.rs"]
mod tests;
