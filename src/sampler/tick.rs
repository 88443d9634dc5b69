//! One tick: events, the fast files of every cgroup, and a slice of the slower ones. No thread, no waiting:
//! [`super::thread`] calls this at its deadlines, tests call it with a clock of their own.

use std::sync::Arc;
use std::time::Duration;

use super::clock::Clock;
use super::config::Config;
use super::feeds::Feeds;
use super::governor::Governor;
use super::pending::Pending;
use super::pool::Publisher;
use super::schedule::Slices;
use super::state::State;
use crate::model::field::{Field, File};
use crate::model::snapshot::SamplerStats;
use crate::model::stamp::Stamp;
use crate::model::unit::{Pace, PeakMethod, working_set_bytes};
use crate::source::cgroup::Tree;
use crate::source::cgroup::files::Outcome;
use crate::source::cgroup::read::Read;
use crate::source::cgroup::tree::Change;

/// Files of the slow pace that change by themselves.
const SLOW: [File; 14] = [
    File::MemoryStat,
    File::MemoryEvents,
    File::MemoryEventsLocal,
    File::MemorySwapCurrent,
    File::MemorySwapPeak,
    File::MemorySwapEvents,
    File::MemoryPeak,
    File::CpuPressure,
    File::MemoryPressure,
    File::IoPressure,
    File::PidsCurrent,
    File::PidsPeak,
    File::PidsEvents,
    File::CgroupStat,
];

/// Files that change when someone changes them: read at every [`LIMITS_EVERY`]th slow turn.
const LIMITS: [File; 12] = [
    File::CgroupEvents,
    File::CpuMax,
    File::CpuMaxBurst,
    File::CpuWeight,
    File::MemoryMax,
    File::MemoryHigh,
    File::MemoryMin,
    File::MemoryLow,
    File::MemoryOomGroup,
    File::MemorySwapMax,
    File::MemorySwapHigh,
    File::PidsMax,
];
const LIMITS_EVERY: u32 = 6;

/// A step between boot time and monotonic time that means the machine slept.
const SUSPEND_NS: u64 = 20_000_000;
/// A step of the wall clock that is worth counting.
const CLOCK_STEP_NS: u64 = 1_000_000_000;

/// Reads a tree at its rates and publishes snapshots.
#[derive(Debug)]
pub struct Sampler<C> {
    pub(super) tree: Tree,
    pub(super) clock: C,
    pub(super) config: Config,
    pub(super) feeds: Feeds,
    /// By slot of the tree.
    pub(super) states: Vec<Option<State>>,
    /// Last truth of cgroups that went since the last publication.
    pub(super) departed: Vec<State>,
    pub(super) stats: SamplerStats,
    pub(super) publisher: Publisher,
    pub(super) scratch: Vec<f32>,
    pub(super) pending: Pending,
    governor: Governor,
    changes: Vec<Change>,
    memory_slices: Slices,
    slow_slices: Slices,
    /// End of the read before: the start of the next one's bracket.
    pub(super) mark_ns: u64,
    /// Wall clock minus boot clock, refreshed each tick.
    pub(super) wall_minus_boot: i64,
    slept_ns: u64,
    last_tick_ns: u64,
    max_read_ns: u64,
    /// CPU time when the governor last looked, process and wall.
    governed: (u64, u64, [f64; Pace::COUNT]),
}

impl<C: Clock> Sampler<C> {
    pub fn new(tree: Tree, clock: C, config: Config, feeds: Feeds, node_name: Arc<str>) -> Sampler<C> {
        let configured = [config.fast_interval, config.memory_interval, config.slow_interval];
        let governor = Governor::new(config.cpu_budget_percent / 100.0, configured);
        let publisher = Publisher::new(&config.windows, node_name);
        let now = clock.boot_ns();
        let mut sampler = Sampler {
            wall_minus_boot: clock.wall_ns() - now as i64,
            slept_ns: now.saturating_sub(clock.monotonic_ns()),
            governed: (clock.process_cpu_ns(), now, [0.0; Pace::COUNT]),
            tree,
            clock,
            config,
            feeds,
            states: Vec::new(),
            departed: Vec::new(),
            stats: SamplerStats::default(),
            publisher,
            scratch: Vec::with_capacity(8192),
            pending: Pending::default(),
            governor,
            changes: Vec::new(),
            memory_slices: Slices::default(),
            slow_slices: Slices::default(),
            mark_ns: now,
            last_tick_ns: now,
            max_read_ns: 0,
        };
        for slot in sampler.tree.order().to_vec() {
            sampler.welcome(slot);
        }
        sampler
    }

    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    pub fn stats(&self) -> &SamplerStats {
        &self.stats
    }

    /// The interval in force for cpu.stat.
    pub fn fast_interval(&self) -> Duration {
        self.governor.interval(Pace::Fast)
    }

    /// Counts deadlines that passed unused.
    pub fn missed(&mut self, ticks: u64) {
        self.stats.missed_ticks += ticks;
    }

    /// Reads cpu.stat of every cgroup and the slices of the slower files that are due.
    pub fn tick(&mut self) {
        self.look_at_clocks();
        let now = self.mark_ns;
        let elapsed = now.saturating_sub(self.last_tick_ns);
        self.last_tick_ns = now;
        self.stats.ticks += 1;

        let started = self.clock.thread_cpu_ns();
        self.fast_pass();
        let fast_done = self.clock.thread_cpu_ns();
        let units = self.tree.order().len();
        let interval = |pace| self.governor.interval(pace).as_nanos() as u64;
        let (memory_interval, slow_interval) = (interval(Pace::Memory), interval(Pace::Slow));
        let (start, count) = self.memory_slices.take(units, elapsed, memory_interval);
        for place in start..start + count {
            self.read_memory(self.tree.order()[place % units]);
        }
        let memory_done = self.clock.thread_cpu_ns();
        let (start, count) = self.slow_slices.take(units, elapsed, slow_interval);
        for place in start..start + count {
            self.read_slow(self.tree.order()[place % units], false);
        }
        let slow_done = self.clock.thread_cpu_ns();
        let spent = [(started, fast_done), (fast_done, memory_done), (memory_done, slow_done)];
        for (place, (from, to)) in spent.into_iter().enumerate() {
            self.stats.passes[place] += 1;
            self.stats.pass_cpu_seconds[place] += to.saturating_sub(from) as f64 / 1e9;
        }
    }

    /// Follows what happened to the tree since the last call. Cheap when nothing did.
    pub fn process_events(&mut self) {
        self.take_in_passes();
        let mut changes = std::mem::take(&mut self.changes);
        self.tree.process_events(&mut changes);
        self.apply(changes);
    }

    /// Walks the whole tree, to find what no event told.
    pub fn rescan(&mut self) {
        self.take_in_passes();
        let mut changes = std::mem::take(&mut self.changes);
        self.tree.rescan(&mut changes);
        self.apply(changes);
    }

    fn apply(&mut self, mut changes: Vec<Change>) {
        self.mark_ns = self.clock.boot_ns();
        for change in changes.drain(..) {
            match change {
                Change::Added(slot) => self.welcome(slot),
                Change::Emptied(slot) => self.read_all(slot),
                Change::MemoryEvent(slot) => {
                    self.read_file(slot, File::MemoryEvents);
                    self.count_oom(slot);
                }
                Change::Removed(slot) => {
                    let state = self.states.get_mut(slot as usize).and_then(Option::take);
                    if let Some(mut state) = state {
                        state.unit.gone = true;
                        self.departed.push(state);
                    }
                }
            }
        }
        self.changes = changes;
    }

    fn welcome(&mut self, slot: u32) {
        let Some(entry) = self.tree.entry(slot) else { return };
        let state = State::new(entry, &self.config);
        let place = slot as usize;
        if self.states.len() <= place {
            self.states.resize_with(place + 1, || None);
        }
        self.states[place] = Some(state);
        self.read_all(slot);
    }

    /// Every file of one cgroup: its first reading, and its last.
    fn read_all(&mut self, slot: u32) {
        self.read_fast(slot);
        self.read_memory(slot);
        self.read_slow(slot, true);
    }

    fn read_memory(&mut self, slot: u32) {
        // Throttling stands behind the CPU times in cpu.stat; the fast pass leaves it out.
        self.read_file(slot, File::CpuStat);
        let before = self.mark_ns;
        let current = self.read_file(slot, File::MemoryCurrent);
        // All that the working set needs; the slow pace reads the rest of the file.
        let stat = self.read_memory_stat(slot);
        if !current && !stat {
            return;
        }
        let bracket = self.bracket(before);
        let peak = self.tree.take_peak(slot);
        let Some(state) = self.states[slot as usize].as_mut() else { return };
        let unit = &mut state.unit;
        unit.read_at[Pace::Memory as usize] = Some(bracket);
        unit.memory.working_set_bytes = working_set_bytes(&unit.values);
        let usage = unit.values.get(Field::MemoryCurrent);
        if let Some(usage) = usage {
            // The watermark was reset at the last reading: it covers the time since then, and so this second.
            let highest = peak.map_or(usage, |peak| peak.max(usage));
            state.peaks.push(bracket.boot_ns(), highest);
            // A reading without the kernel's watermark is a sample, whatever other cgroups have.
            let method = if peak.is_some() { PeakMethod::Kernel } else { PeakMethod::Sampled };
            unit.memory.peak_method = Some(method);
        }
    }

    fn read_slow(&mut self, slot: u32, with_limits: bool) {
        let before = self.mark_ns;
        let Some(state) = self.states[slot as usize].as_mut() else { return };
        state.slow_turns = state.slow_turns.wrapping_add(1);
        let with_limits = with_limits || state.slow_turns % LIMITS_EVERY == 0;
        for file in SLOW {
            self.read_file(slot, file);
        }
        if with_limits {
            for file in LIMITS {
                self.read_file(slot, file);
            }
        }
        self.count_oom(slot);
        let Some(state) = self.states[slot as usize].as_mut() else { return };
        let has_io = self.tree.has(slot, File::IoStat);
        if has_io {
            let read = self.tree.read_io(slot, &mut state.unit.io);
            self.stats.parse_faults += u64::from(read.faults);
        }
        if with_limits {
            self.tree.read_hugetlb(slot, &mut state.unit.hugetlb);
        }
        self.mark_ns = self.clock.boot_ns();
        let bracket = self.bracket(before);
        if let Some(state) = self.states[slot as usize].as_mut() {
            state.unit.read_at[Pace::Slow as usize] = Some(bracket);
        }
    }

    fn count_oom(&mut self, slot: u32) {
        let Some(state) = self.states[slot as usize].as_mut() else { return };
        let values = &state.unit.values;
        if let Some(kills) = values.get(Field::EventsOomKill) {
            state.unit.oom_kills = Some(state.oom.update(kills, values.get(Field::EventsOomGroupKill)));
        }
    }

    /// Reads one file into the unit's values and moves the mark. True when there is a fresh value.
    fn read_file(&mut self, slot: u32, file: File) -> bool {
        let Some(Some(state)) = self.states.get_mut(slot as usize) else { return false };
        let read = self.tree.read(slot, file, &mut state.unit.values);
        self.settle(read)
    }

    fn read_memory_stat(&mut self, slot: u32) -> bool {
        let Some(Some(state)) = self.states.get_mut(slot as usize) else { return false };
        let read = self.tree.read_until(slot, Field::InactiveFile, &mut state.unit.values);
        self.settle(read)
    }

    /// Moves the mark past a read and counts it. True when it brought a fresh value.
    fn settle(&mut self, read: Read) -> bool {
        // A file that is not there took no system call.
        if read.outcome == Outcome::Unsupported {
            return false;
        }
        let before = self.mark_ns;
        self.mark_ns = self.clock.boot_ns();
        self.count_read(before, read);
        matches!(read.outcome, Outcome::Read(_))
    }

    /// Counts how a read that began at `before` and ended at the mark came out.
    pub(super) fn count_read(&mut self, before: u64, read: Read) {
        self.max_read_ns = self.max_read_ns.max(self.mark_ns.saturating_sub(before));
        self.stats.parse_faults += u64::from(read.faults);
        match read.outcome {
            Outcome::Read(_) | Outcome::Unsupported => {}
            Outcome::Vanished => self.stats.vanished += 1,
            Outcome::Refused(_) | Outcome::TooLarge => self.stats.read_faults += 1,
        }
    }

    /// Notices suspends, after which no rate over the gap is true, and steps of the wall clock.
    fn look_at_clocks(&mut self) {
        let boot = self.clock.boot_ns();
        let slept = boot.saturating_sub(self.clock.monotonic_ns());
        if slept.saturating_sub(self.slept_ns) > SUSPEND_NS {
            self.stats.clock_gaps += 1;
            self.take_in_passes();
            for state in self.states.iter_mut().flatten() {
                state.ring.gap();
            }
        }
        self.slept_ns = slept;
        let offset = self.clock.wall_ns() - boot as i64;
        if offset.abs_diff(self.wall_minus_boot) > CLOCK_STEP_NS {
            self.stats.clock_gaps += 1;
        }
        self.wall_minus_boot = offset;
        self.mark_ns = boot;
    }

    /// Compares what the process cost since the last call with its budget and moves the rates.
    pub fn govern(&mut self) {
        let (cpu, now) = (self.clock.process_cpu_ns(), self.clock.boot_ns());
        let (cpu_before, then, paces_before) = self.governed;
        let elapsed = now.saturating_sub(then) as f64 / 1e9;
        if elapsed <= 0.0 {
            return;
        }
        let paces = self.stats.pass_cpu_seconds;
        let mut pace_cores = [0.0; Pace::COUNT];
        for place in 0..Pace::COUNT {
            pace_cores[place] = (paces[place] - paces_before[place]) / elapsed;
        }
        self.stats.process_cores = cpu.saturating_sub(cpu_before) as f64 / 1e9 / elapsed;
        self.governed = (cpu, now, paces);
        self.governor.step(self.stats.process_cores, pace_cores);
    }

    /// Makes the newest state visible to every reader and returns how many units it holds.
    pub fn publish(&mut self) -> usize {
        self.take_in_passes();
        let tree = self.tree.stats();
        let stats = &mut self.stats;
        stats.max_read_seconds = self.max_read_ns as f64 / 1e9;
        stats.intervals = self.governor.intervals();
        stats.budget_cores = self.governor.budget_cores();
        stats.held_files = self.tree.budget().held as u64;
        stats.held_files_limit = self.tree.budget().limit as u64;
        stats.held_kernel_bytes = self.tree.held_kernel_bytes();
        stats.reopened_files = tree.reopened_files;
        stats.watches = self.tree.watches() as u64;
        stats.events = tree.events;
        stats.event_overflows = tree.overflows;
        stats.rescans = tree.rescans;
        stats.created = tree.created;
        stats.removed = tree.removed;
        stats.refused_units = tree.refused_units;
        stats.denied_siblings = tree.denied_siblings;
        let taken_boot = self.clock.boot_ns();
        let taken = Stamp { boot_ns: taken_boot, wall_ns: taken_boot as i64 + self.wall_minus_boot };
        self.publish_at(taken)
    }
}

#[cfg(test)]
#[path = "tick_tests.rs"]
mod tests;
