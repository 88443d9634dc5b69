//! The fast pass: cpu.stat of every cgroup, and nothing but the reading.
//!
//! A pass parses the three CPU times alone (throttling follows at the memory pace) and writes one compact row per cgroup, one after the other; rings and histograms, which lie scattered in
//! memory, take in several passes at a time, cgroup by cgroup. That keeps a pass close to the bare system calls.

use super::clock::Clock;
use super::pending::Row;
use super::tick::Sampler;
use crate::model::field::Field;
use crate::model::stamp::{Bracket, Stamp};
use crate::model::unit::Pace;
use crate::model::window::NoSample;
use crate::source::cgroup::files::Outcome;

/// Passes that are taken in together.
const BATCH: usize = 8;

impl<C: Clock> Sampler<C> {
    /// Reads cpu.stat of every cgroup.
    pub(super) fn fast_pass(&mut self) {
        let units = self.tree.order().len();
        if self.pending.rows.len() >= BATCH * units {
            self.take_in_passes();
        }
        for place in 0..units {
            let row = self.fast_row(self.tree.order()[place]);
            self.pending.rows.push(row);
        }
    }

    /// Reads cpu.stat of one cgroup and takes it in at once.
    pub(super) fn read_fast(&mut self, slot: u32) {
        let row = self.fast_row(slot);
        self.take_in(slot, &row);
    }

    fn fast_row(&mut self, slot: u32) -> Row {
        let before = self.mark_ns;
        let read = self.tree.read_until(slot, Field::SystemUsec, &mut self.pending.scratch);
        self.mark_ns = self.clock.boot_ns();
        self.count_read(before, read);
        Row {
            after_ns: self.mark_ns,
            width_ns: width_ns(before, self.mark_ns),
            is_read: matches!(read.outcome, Outcome::Read(_)),
            times: self.pending.scratch.cpu_times(),
        }
    }

    /// Takes all pending passes into rings and histograms. Must come before the order of units changes.
    pub(super) fn take_in_passes(&mut self) {
        let mut rows = std::mem::take(&mut self.pending.rows);
        let units = self.tree.order().len();
        for place in 0..units {
            let slot = self.tree.order()[place];
            for row in rows.iter().skip(place).step_by(units) {
                self.take_in(slot, row);
            }
        }
        rows.clear();
        self.pending.rows = rows;
    }

    fn take_in(&mut self, slot: u32, row: &Row) {
        let Some(Some(state)) = self.states.get_mut(slot as usize) else { return };
        if !row.is_read {
            return;
        }
        let after = Stamp { boot_ns: row.after_ns, wall_ns: row.after_ns as i64 + self.wall_minus_boot };
        let bracket = Bracket { after, width_ns: row.width_ns };
        state.unit.values.set_cpu_times(&row.times);
        state.unit.read_at[Pace::Fast as usize] = Some(bracket);
        let Some(usage) = state.unit.values.get(Field::UsageUsec) else { return };
        match state.ring.push(bracket.boot_ns(), bracket.width_ns, usage) {
            Ok(cores) => {
                if let Some(histogram) = &mut state.unit.cpu.histogram {
                    histogram.observe(cores);
                }
            }
            Err(NoSample::Reset) => self.stats.counter_resets += 1,
            Err(NoSample::First | NoSample::Gap) => {}
        }
    }

    pub(super) fn bracket(&self, before_ns: u64) -> Bracket {
        let wall_ns = self.mark_ns as i64 + self.wall_minus_boot;
        let after = Stamp { boot_ns: self.mark_ns, wall_ns };
        Bracket { after, width_ns: width_ns(before_ns, self.mark_ns) }
    }
}

fn width_ns(before_ns: u64, after_ns: u64) -> u32 {
    u32::try_from(after_ns.saturating_sub(before_ns)).unwrap_or(u32::MAX)
}
